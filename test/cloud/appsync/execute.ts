/** One GraphQL request from text to AppSync's answer. */
import {
  type DocumentNode,
  execute,
  type GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  getVariableValues,
  NoSchemaIntrospectionCustomRule,
  parse,
  specifiedRules,
  validate,
} from 'graphql';
import { fieldError, validationError, variableError } from './errors.ts';
import type { RequestContext } from './resolvers.ts';

export interface GraphQLRequest {
  query: string;
  variables: Record<string, unknown>;
  operationName?: string | null;
}

export interface GraphQLAnswer {
  data: unknown;
  errors?: Record<string, unknown>[];
}

/** graphql-java's default (ParserOptions.MAX_QUERY_TOKENS); that AppSync keeps it is a belief. */
const MAX_TOKENS = 15_000;

/** Runs a request; null when its text is not GraphQL. Errors of fields stand beside what the other fields gave. */
export async function runRequest(
  schema: GraphQLSchema,
  request: GraphQLRequest,
  context: RequestContext,
  introspection: boolean,
): Promise<GraphQLAnswer | null> {
  const checked = checkedOnce(schema, request.query, introspection);
  if (!checked) return null;
  const { document, faults } = checked;
  if (faults.length > 0) {
    return { data: null, errors: faults.map(fault => validationError(fault, document)) };
  }

  const operation = getOperationAST(document, request.operationName);
  if (!operation) {
    return refused(
      request.operationName
        ? `Unknown operation named '${request.operationName}'.`
        : 'Must provide operation name if query contains multiple operations.',
    );
  }
  if (operation.operation === 'subscription') return refused('Subscriptions go over a WebSocket.');

  // AppSync coerces all variables before the first resolver, and words the failure in its own way.
  const variables = getVariableValues(schema, operation.variableDefinitions ?? [], request.variables);
  if (variables.errors) return { data: null, errors: variables.errors.map(variableError) };

  const result = await execute({
    schema,
    document,
    contextValue: context,
    variableValues: request.variables,
    operationName: request.operationName,
  });
  const data = result.data ?? null;
  return result.errors ? { data, errors: result.errors.map(fieldError) } : { data };
}

function refused(message: string): GraphQLAnswer {
  return { data: null, errors: [{ path: null, locations: null, message }] };
}

interface Checked {
  document: DocumentNode;
  faults: readonly GraphQLError[];
}

/** Clients ask the same again and again, with other variables; a service does not check it each time either. */
const lastChecked = new WeakMap<GraphQLSchema, Map<string, Checked>>();
const CHECKED_REMEMBERED = 20;

function checkedOnce(schema: GraphQLSchema, query: string, introspection: boolean): Checked | null {
  const known = lastChecked.get(schema) ?? new Map<string, Checked>();
  lastChecked.set(schema, known);
  const key = `${introspection} ${query}`;
  const before = known.get(key);
  if (before) return before;
  const document = parsed(query);
  if (!document) return null;
  const rules = introspection ? specifiedRules : [...specifiedRules, NoSchemaIntrospectionCustomRule];
  const checked = { document, faults: validate(schema, document, rules) };
  if (known.size === CHECKED_REMEMBERED) known.clear();
  known.set(key, checked);
  return checked;
}

function parsed(query: string): DocumentNode | null {
  try {
    return parse(query, { maxTokens: MAX_TOKENS });
  } catch {
    return null;
  }
}
