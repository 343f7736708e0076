/** The generated schema, made executable. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  DirectiveLocation,
  extendSchema,
  GraphQLDirective,
  type GraphQLFieldResolver,
  GraphQLList,
  GraphQLSchema,
  GraphQLString,
  parse,
} from 'graphql';
import { AWSDateTime, AWSURL } from './scalars.ts';

const AUTH_LOCATIONS = [DirectiveLocation.OBJECT, DirectiveLocation.FIELD_DEFINITION];

/** What AppSync knows without being told. */
const PREAMBLE = new GraphQLSchema({
  types: [AWSURL, AWSDateTime],
  directives: [
    new GraphQLDirective({ name: 'aws_iam', locations: AUTH_LOCATIONS }),
    new GraphQLDirective({ name: 'aws_cognito_user_pools', locations: AUTH_LOCATIONS }),
    new GraphQLDirective({
      name: 'aws_subscribe',
      locations: [DirectiveLocation.FIELD_DEFINITION],
      args: { mutations: { type: new GraphQLList(GraphQLString) } },
    }),
    ...new GraphQLSchema({}).getDirectives(),
  ],
});

/** `Type.field` → what resolves it. */
export type Resolvers<Context> = Record<string, GraphQLFieldResolver<unknown, Context>>;

export interface SchemaOptions {
  /** Whether there is an index on `sequentialId`. */
  index: boolean;
  /** Values of the enum MediaType; null makes it a String. */
  mediaTypes: readonly string[] | null;
  /** Whether lists take no null: one bad item then takes its whole page along. */
  strictLists: boolean;
}

/** The schema of Amplify's own tools. */
export function generatedSchema<Context>(
  { index, mediaTypes, strictLists }: SchemaOptions,
  resolvers: Resolvers<Context>,
): GraphQLSchema {
  let text = readFileSync(schemaFile(), 'utf8');
  if (!index) text = text.replace(/^ {2}listObservationBySequentialId\([^)]*\).*\n/m, '');
  if (mediaTypes) text = text.replace(/(enum MediaType \{)[^}]*\}/, `$1 ${mediaTypes.join(' ')} }`);
  else text = text.replaceAll(/: MediaType$/gm, ': String');
  if (strictLists) text = text.replaceAll(/(items: \[\w+)\]!/g, '$1!]!');
  // The generated file names no root operations; AppSync goes by the types' names.
  const roots = '\nschema { query: Query mutation: Mutation subscription: Subscription }';
  const schema = extendSchema(PREAMBLE, parse(text + roots));
  for (const [place, resolve] of Object.entries(resolvers)) {
    const [type, field] = place.split('.') as [string, string];
    const objectType = schema.getType(type);
    const fields = objectType && 'getFields' in objectType ? objectType.getFields() : {};
    const definition = fields[field];
    if (definition && 'args' in definition) definition.resolve = resolve as never;
  }
  return schema;
}

/** The compiler copies no .graphql files, so a compiled run reads them from the source tree. */
function schemaFile(): string {
  const name = 'schema.graphql';
  const candidates: string[] = [];
  for (let folder = import.meta.dirname; dirname(folder) !== folder; folder = dirname(folder)) {
    candidates.push(join(folder, name), join(folder, 'test/cloud/appsync', name));
  }
  const found = candidates.find(file => existsSync(file));
  if (!found) throw new Error(`${name} is not found from ${import.meta.dirname} upwards.`);
  return found;
}
