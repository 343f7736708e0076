/** The generated schema, made executable. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSchema, type GraphQLFieldResolver, type GraphQLScalarType, type GraphQLSchema } from 'graphql';
import { projectRoot } from '../../project-root.ts';
import { restrictToUrls } from './scalars.ts';

/** What AppSync knows without being told; it goes by the names of the root types. */
const PREAMBLE = `
directive @aws_iam on OBJECT | FIELD_DEFINITION
directive @aws_cognito_user_pools on OBJECT | FIELD_DEFINITION
directive @aws_subscribe(mutations: [String]) on FIELD_DEFINITION
scalar AWSURL
scalar AWSDateTime
schema { query: Query mutation: Mutation subscription: Subscription }
`;

/** `Type.field` → what resolves it. */
export type Resolvers<Context> = Record<string, GraphQLFieldResolver<unknown, Context>>;

interface SchemaOptions {
  /** Whether there is an index on `sequentialId`. */
  index: boolean;
  /** Values of the enum MediaType; null makes it a String. */
  mediaTypes: readonly string[] | null;
  /** Whether lists take no null: one bad item then takes its whole page along. */
  strictLists: boolean;
  /** Gives each name of Amplify's own schema the name that it has here. */
  rename: (name: string) => string;
}

/** The schema of Amplify's own tools. */
export function generatedSchema<Context>(
  { index, mediaTypes, strictLists, rename }: SchemaOptions,
  resolvers: Resolvers<Context>,
): GraphQLSchema {
  let text = readFileSync(join(projectRoot(), 'test/cloud/appsync/schema.graphql'), 'utf8');
  if (!index) text = text.replace(/^ {2}listObservationBySequentialId\([^)]*\).*\n/m, '');
  if (mediaTypes) text = text.replace(/(enum MediaType \{)[^}]*\}/, `$1 ${mediaTypes.join(' ')} }`);
  else text = text.replaceAll(/: MediaType$/gm, ': String');
  if (strictLists) text = text.replaceAll(/(items: \[\w+)\]!/g, '$1!]!');
  const schema = buildSchema(PREAMBLE + rename(text));
  restrictToUrls(schema.getType('AWSURL') as GraphQLScalarType);
  for (const [place, resolve] of Object.entries(resolvers)) {
    const [type, field] = place.split('.') as [string, string];
    const objectType = schema.getType(type);
    const fields = objectType && 'getFields' in objectType ? objectType.getFields() : {};
    const definition = fields[field];
    if (definition && 'args' in definition) definition.resolve = resolve as never;
  }
  return schema;
}
