/**
 * AppSync's errors: flat objects, `errorType` and `errorInfo` beside `message`, not under `extensions`.
 * Fact (docs/services.md, AppSync): the types of refused writes and failed conditions, and that they come with HTTP 200.
 * Belief: HTTP 200 for documents that do not validate; the wording of graphql-java, on which AppSync is built.
 */
import { randomUUID } from 'node:crypto';
import type { GraphQLError } from 'graphql';

export class AppSyncError extends Error {
  readonly errorType: string;

  constructor(errorType: string, message: string) {
    super(message);
    this.errorType = errorType;
  }
}

/** What DynamoDB says when an item with the id exists (create) or does not (update, delete). */
export const conditionFailed = () =>
  dynamoRefusal('The conditional request failed', 'ConditionalCheckFailedException');

/** What DynamoDB says of a request that breaks its rules. */
export function dynamoRefusal(message: string, type = 'DynamoDbException'): AppSyncError {
  const source = `Service: DynamoDb, Status Code: 400, Request ID: ${randomUUID()}`;
  return new AppSyncError(`DynamoDB:${type}`, `${message} (${source})`);
}

export function unauthorized(field: string, type: string): AppSyncError {
  return new AppSyncError('Unauthorized', `Not Authorized to access ${field} on type ${type}`);
}

/** An error of the execution. @throws the original error when it is a fault of the local cloud itself */
export function fieldError({ originalError, path, locations, message }: GraphQLError): object {
  if (originalError instanceof AppSyncError) {
    const { errorType } = originalError;
    return { path, locations, data: null, errorType, errorInfo: null, message };
  }
  const missing = /^Cannot return null for non-nullable field (\w+)\.(\w+)\.$/.exec(message);
  if (!missing && originalError) throw originalError;
  const inWords = missing
    ? `Cannot return null for non-nullable type: '${missing[2]}' within parent '${missing[1]}' (/${path?.join('/')})`
    : message;
  return { path, locations, message: inWords };
}

/** What graphql-js says, in the words of graphql-java where clients go by them. */
const WORDS: readonly [RegExp, string][] = [
  // A document that does not validate.
  [/^Cannot query field "(\w+)" on type "(\w+)".*/s, "FieldUndefined: Field '$1' in type '$2' is undefined"],
  [/^Unknown type "(\w+)".*/s, 'UnknownType: Unknown type $1'],
  // A variable that does not coerce.
  [
    /^Variable .* Field "(\w+)" is not defined by type "(\w+)".*/s,
    "The variables input contains a field name '$1' that is not defined for input object type '$2'",
  ],
  [
    /^Variable "\$(\w+)" .* Field "(\w+)" of required type "([^"]+)" was not provided.*/s,
    "Field '$2' of variable '$1' has coerced Null value for NonNull type '$3'",
  ],
  [
    /^Variable "\$(\w+)" .*of (?:required|non-null) type "([^"]+)".*/s,
    "Variable '$1' has coerced Null value for NonNull type '$2'",
  ],
  [/^Variable .* at "\w+\.([^"]+)".*/s, "Variable '$1' has an invalid value."],
  [/^Variable "\$(\w+)".*/s, "Variable '$1' has an invalid value."],
];

/** The whole document is refused, before anything runs. */
export function refusal(error: Pick<GraphQLError, 'message'>, kind = ''): object {
  const [pattern, words] = WORDS.find(([each]) => each.test(error.message)) ?? [/^/, kind && 'WrongType: '];
  return { path: null, locations: null, message: kind + error.message.replace(pattern, words) };
}
