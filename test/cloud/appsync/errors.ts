/**
 * AppSync's errors: flat objects, `errorType` and `errorInfo` beside `message`, not under `extensions`.
 * Fact (docs/services.md, AppSync): the types of refused writes and failed conditions, and that they come with HTTP 200.
 * Belief: HTTP 200 for documents that do not validate; the wording of graphql-java, on which AppSync is built.
 */
import { randomBytes } from 'node:crypto';
import { type ASTNode, type DocumentNode, type GraphQLError, Kind, visit } from 'graphql';

/** An error of one field. */
export class AppSyncError extends Error {
  readonly errorType: string;

  constructor(errorType: string, message: string) {
    super(message);
    this.errorType = errorType;
  }
}

/** What DynamoDB says when an item with the id exists (create) or does not (update, delete). */
export function conditionFailed(): AppSyncError {
  return new AppSyncError(
    'DynamoDB:ConditionalCheckFailedException',
    `The conditional request failed (Service: DynamoDb, Status Code: 400, Request ID: ${requestId()})`,
  );
}

/** What DynamoDB says of a request that breaks its rules. */
export function dynamoRefusal(message: string): AppSyncError {
  const source = `Service: DynamoDb, Status Code: 400, Request ID: ${requestId()}`;
  return new AppSyncError('DynamoDB:DynamoDbException', `${message} (${source})`);
}

export function unauthorized(field: string, type: string): AppSyncError {
  return new AppSyncError('Unauthorized', `Not Authorized to access ${field} on type ${type}`);
}

interface Location {
  line: number;
  column: number;
  sourceName: null;
}

const locationsOf = (error: GraphQLError): Location[] =>
  (error.locations ?? []).map(({ line, column }) => ({ line, column, sourceName: null }));

/** An error of the execution. @throws the original error when it is a fault of the local cloud itself */
export function fieldError(error: GraphQLError): Record<string, unknown> {
  const { originalError, path } = error;
  const common = { path, locations: locationsOf(error) };
  if (originalError instanceof AppSyncError) {
    const { errorType, message } = originalError;
    return { ...common, data: null, errorType, errorInfo: null, message };
  }
  const missing = /^Cannot return null for non-nullable field (\w+)\.(\w+)\.$/.exec(error.message);
  if (!missing && originalError) throw originalError;
  const message = missing
    ? `Cannot return null for non-nullable type: '${missing[2]}' within parent '${missing[1]}' (/${path?.join('/')})`
    : error.message;
  return { ...common, message };
}

/** A variable that does not coerce: the whole document is refused before anything runs. */
export function variableError(error: GraphQLError): Record<string, unknown> {
  return { path: null, locations: locationsOf(error), message: variableMessage(error.message) };
}

function variableMessage(message: string): string {
  const [, variable, found] = /^Variable "\$(\w+)"(.*)$/s.exec(message) ?? [];
  if (!variable || found === undefined) return message;
  const unknownField = /Field "(\w+)" is not defined by type "(\w+)"/.exec(found);
  if (unknownField) {
    return (
      `The variables input contains a field name '${unknownField[1]}' that is not defined ` +
      `for input object type '${unknownField[2]}' `
    );
  }
  const absent = /Field "(\w+)" of required type "([^"]+)" was not provided/.exec(found);
  if (absent) {
    return `Field '${absent[1]}' of variable '${variable}' has coerced Null value for NonNull type '${absent[2]}'`;
  }
  const whole = /of (?:required|non-null) type "([^"]+)"/.exec(found);
  if (whole) return `Variable '${variable}' has coerced Null value for NonNull type '${whole[1]}'`;
  const field = / at "\w+\.([^"]+)"/.exec(found)?.[1];
  return `Variable '${field ?? variable}' has an invalid value.${found.includes('URL') ? ' Unable to parse it as a valid URL.' : ''}`;
}

/** A document that does not validate. */
export function validationError(error: GraphQLError, document: DocumentNode): Record<string, unknown> {
  const place = fieldPath(document, error.nodes?.[0]);
  const message = `Validation error of type ${validationMessage(error.message)}${place ? ` @ '${place}'` : ''}`;
  return { path: null, locations: locationsOf(error), message };
}

/** What graphql-js says, in the words of graphql-java where clients go by them. */
function validationMessage(message: string): string {
  const field = /^Cannot query field "(\w+)" on type "(\w+)"/.exec(message);
  if (field) return `FieldUndefined: Field '${field[1]}' in type '${field[2]}' is undefined`;
  const type = /^Unknown type "(\w+)"/.exec(message);
  if (type) return `UnknownType: Unknown type ${type[1]}`;
  return `WrongType: ${message}`;
}

/** The names of the fields around a node, outermost first, `/`-joined; empty outside any field. */
function fieldPath(document: DocumentNode, target: ASTNode | undefined): string {
  const names: string[] = [];
  let found = '';
  visit(document, {
    enter(node) {
      if (node.kind === Kind.FIELD) names.push(node.name.value);
      if (node === target) found = names.join('/');
    },
    leave(node) {
      if (node.kind === Kind.FIELD) names.pop();
    },
  });
  return found;
}

function requestId(): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
  return [...randomBytes(52)].map(byte => letters[byte % letters.length]).join('');
}
