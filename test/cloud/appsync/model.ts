/** What the generated resolvers do for a model, over one table. */
import { randomBytes, randomUUID } from 'node:crypto';
import { AppSyncError, conditionFailed, dynamoRefusal } from './errors.ts';
import type { Item, Table, Value } from './table.ts';

export interface PageArguments {
  filter?: object | null;
  limit?: number | null;
  nextToken?: string | null;
}

export interface Connection {
  items: Item[];
  nextToken: string | null;
}

type Input = Record<string, Value>;

export type Model = ReturnType<typeof createModel>;

/** `now` is ms since 1970, for `createdAt` and `updatedAt`; `keys` are the attributes that lead an index. */
export function createModel(typename: string, table: Table, keys: string[], now: () => number) {
  const refuseEmptyKeys = (input: Input): void => {
    for (const name of ['id', ...keys]) {
      if (input[name] === '') {
        throw dynamoRefusal(
          'One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an ' +
            `empty string value. Key: ${name}`,
        );
      }
    }
  };
  /** `nextToken` says nothing to the client, and fits only the query that gave it. */
  const tokens = new Map<string, { query: string; after: string }>();
  const tokenFor = (query: string, after: string): string => {
    const token = randomBytes(48).toString('base64');
    tokens.set(token, { query, after });
    return token;
  };
  const after = (query: string, token: string): string => {
    const known = tokens.get(token);
    // Belief: AppSync's type and wording; the fact is that such a request fails.
    if (known?.query !== query)
      throw new AppSyncError('BadRequestException', 'Invalid pagination token given.');
    return known.after;
  };
  const time = () => new Date(now()).toISOString();
  return {
    table,
    get(id: string) {
      refuseEmptyKeys({ id });
      return table.get(id);
    },
    /** One page. `query` names the field, for the token. */
    list(query: string, args: PageArguments, key?: { name: string; value: Value }): Connection {
      if (args.filter) throw notOffered('filter');
      const limit = args.limit ?? 100;
      if (limit < 1) {
        throw dynamoRefusal(
          `1 validation error detected: Value '${limit}' at 'limit' failed to satisfy constraint: ` +
            'Member must have value greater than or equal to 1',
        );
      }
      const scope = key ? `${query} ${key.value}` : query;
      const from = args.nextToken == null ? null : after(scope, args.nextToken);
      const { items, next } = table.page(limit, from, key);
      return { items, nextToken: next === null ? null : tokenFor(scope, next) };
    },
    /** Puts if there is no item with the id. @throws AppSyncError ConditionalCheckFailedException */
    create(input: Input): Item {
      refuseEmptyKeys(input);
      const id = typeof input.id === 'string' ? input.id : randomUUID();
      if (table.items.has(id)) throw conditionFailed();
      const createdAt = time();
      const item = { ...input, id, createdAt, updatedAt: createdAt, __typename: typename };
      table.put(item);
      return item;
    },
    /** @throws AppSyncError ConditionalCheckFailedException when there is none */
    update(input: Input & { id: string }): Item {
      refuseEmptyKeys(input);
      const before = table.items.get(input.id);
      if (!before) throw conditionFailed();
      // Null takes an attribute away.
      const entries = Object.entries({ ...before, ...input }).filter(([, value]) => value !== null);
      const item = { ...Object.fromEntries(entries), id: input.id, updatedAt: time() };
      table.put(item);
      return item;
    },
    /** @throws AppSyncError ConditionalCheckFailedException when there is none */
    remove(id: string): Item {
      refuseEmptyKeys({ id });
      const before = table.items.get(id);
      if (!before) throw conditionFailed();
      table.remove(id);
      return before;
    },
  };
}

/** What the schema has and this tool does not use. */
export function notOffered(argument: string): AppSyncError {
  return new AppSyncError('NotImplemented', `The local AppSync does not offer the argument ${argument}.`);
}
