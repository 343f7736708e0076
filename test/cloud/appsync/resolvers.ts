/** The fields of the generated schema: reads for everyone who is signed in, writes for the group ADMINS. */
import type { GraphQLFieldResolver } from 'graphql';
import { unauthorized } from './errors.ts';
import { type Model, notOffered, type PageArguments } from './model.ts';
import type { Resolvers } from './schema.ts';
import type { Item, Value } from './table.ts';

/** One request: who asks, and what counts the fields it asks for. */
export interface RequestContext {
  groups: readonly string[];
  count(field: string): void;
}

type Resolver = GraphQLFieldResolver<unknown, RequestContext, never>;

interface WriteArguments {
  input: never;
  condition?: object | null;
}

/** Resolvers over the two tables. A resolver whose field the schema does not have is never asked. */
export function generatedResolvers(
  models: { observation: Model; media: Model },
  rename: (name: string) => string,
): Resolvers<RequestContext> {
  const { observation, media } = models;
  const resolvers: Record<string, Resolver> = {
    'Query.getObservation': (_, { id }: { id: string }) => observation.get(id),
    'Query.getMedia': (_, { id }: { id: string }) => media.get(id),
    'Query.listObservations': (_, args: PageArguments) => observation.list('listObservations', args),
    'Query.listMedia': (_, args: PageArguments) => media.list('listMedia', args),
    'Query.listObservationBySequentialId': (_, args: PageArguments & Record<string, Value>) => {
      const name = rename('sequentialId');
      const key = { name, value: args[name]! };
      return observation.list('listObservationBySequentialId', args, key);
    },
    ...writes('Observation', observation),
    ...writes('Media', media),
    'Observation.media': (parent, args: PageArguments) =>
      media.list('Observation.media', args, { name: rename('observationId'), value: (parent as Item).id }),
    'Media.observation': parent => observation.get(String((parent as Item)[rename('observationId')])),
  };
  return Object.fromEntries(
    Object.entries(resolvers).map(([place, resolve]) => [rename(place), guarded(rename(place), resolve)]),
  );
}

function writes(type: string, model: Model): Record<string, Resolver> {
  return {
    [`Mutation.create${type}`]: (_, args: WriteArguments) => model.create(args.input),
    [`Mutation.update${type}`]: (_, args: WriteArguments) => model.update(args.input),
    [`Mutation.delete${type}`]: (_, args: WriteArguments) => model.remove((args.input as { id: string }).id),
  };
}

/** Counts root fields, and lets nobody but ADMINS write. */
function guarded(place: string, resolve: Resolver): GraphQLFieldResolver<unknown, RequestContext> {
  const [type, field] = place.split('.') as [string, string];
  const isRoot = type === 'Query' || type === 'Mutation';
  return (parent, args, context, info) => {
    if (isRoot) context.count(field);
    if (type === 'Mutation' && !context.groups.includes('ADMINS')) throw unauthorized(field, type);
    if (args.condition) throw notOffered('condition');
    return resolve(parent, args as never, context, info);
  };
}
