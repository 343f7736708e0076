/** One GraphQL request from text to AppSync's answer. */
import {
  type DocumentNode,
  execute,
  GraphQLError,
  type GraphQLSchema,
  getVariableValues,
  NoSchemaIntrospectionCustomRule,
  type OperationDefinitionNode,
  parse,
  specifiedRules,
  validate,
} from 'graphql';
import { fieldError, refusal } from './errors.ts';
import type { RequestContext } from './resolvers.ts';

export interface GraphQLRequest {
  query: string;
  variables: Record<string, unknown>;
}

/** graphql-java's default (ParserOptions.MAX_QUERY_TOKENS); that AppSync keeps it is a belief. */
const MAX_TOKENS = 15_000;

interface Checked {
  document: DocumentNode;
  errors: readonly GraphQLError[];
}

/** Runs requests; the answer is null when a text is not GraphQL. Errors of fields stand beside what the other fields gave. */
export function createExecutor(schema: GraphQLSchema, introspection: boolean) {
  const rules = introspection ? specifiedRules : [...specifiedRules, NoSchemaIntrospectionCustomRule];
  /** Clients ask the same again and again, with other variables; a service does not check it each time either. */
  let last: (Checked & { query: string }) | undefined;
  const checked = (query: string): Checked => {
    if (last?.query === query) return last;
    const document = parse(query, { maxTokens: MAX_TOKENS });
    last = { query, document, errors: validate(schema, document, rules) };
    return last;
  };
  return async ({ query, variables }: GraphQLRequest, contextValue: RequestContext) => {
    let found: Checked;
    try {
      found = checked(query);
    } catch (error) {
      if (error instanceof GraphQLError) return null;
      throw error;
    }
    const { document, errors } = found;
    if (errors.length > 0)
      return { data: null, errors: errors.map(error => refusal(error, 'Validation error of type ')) };
    // AppSync coerces all variables before the first resolver, and words the failure in its own way.
    const [operation] = document.definitions as OperationDefinitionNode[];
    const coerced = getVariableValues(schema, operation!.variableDefinitions ?? [], variables);
    if (coerced.errors) return { data: null, errors: coerced.errors.map(error => refusal(error)) };
    const result = await execute({ schema, document, contextValue, variableValues: variables });
    const data = result.data ?? null;
    return result.errors ? { data, errors: result.errors.map(fieldError) } : { data };
  };
}
