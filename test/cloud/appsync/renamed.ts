/** The same AppSync API under other names, as a project has it whose models are called otherwise. */
import { type ASTNode, Kind, type NameNode, parse, print, visit } from 'graphql';
import { bodyOf, type Service, sendJson, serve } from '../service.ts';
import type { AppSync } from './appsync.ts';

/** Names of the renamed API, and what stands behind them. */
const NAMES: Readonly<Record<string, string>> = {
  number: 'sequentialId',
  address: 'url',
  sightingId: 'observationId',
  isPublic: 'isAvailableForPublicUse',
  sightingsByNumber: 'listObservationBySequentialId',
  MediaType: 'MediaType',
};
const REAL_NAMES = Object.fromEntries(Object.entries(NAMES).map(([ours, real]) => [real, ours]));

const toReal = (name: string): string =>
  NAMES[name] ?? name.replaceAll('Sighting', 'Observation').replaceAll('Photo', 'Media');
const toRenamed = (name: string): string =>
  REAL_NAMES[name] ?? name.replaceAll('Observation', 'Sighting').replaceAll('Media', 'Photo');

/** `data.model_introspection` of the renamed project, from that of the other. */
export function renamedIntrospection(introspection: unknown): unknown {
  return mapped(introspection, toRenamed, () => true);
}

/** Starts the renamed API in front of the other one; its models are Sighting and Photo. */
export async function renamedApi(api: AppSync): Promise<Service> {
  return serve({
    operationOf: () => 'graphql',
    async handle(request, response) {
      const asked = JSON.parse((await bodyOf(request)).toString());
      const answer = await fetch(api.endpoint, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          authorization: request.headers.authorization ?? '',
        },
        body: JSON.stringify({
          query: print(visit(parse(asked.query), { enter: realNode })),
          variables: mapped(asked.variables ?? {}, toReal, isInputName),
        }),
      });
      sendJson(
        response,
        answer.status,
        mapped(await answer.json(), toRenamed, key => key === 'name'),
      );
    },
  });
}

/** Fields, arguments, types; a field keeps its name in the answer. */
function realNode(node: ASTNode): ASTNode | undefined {
  const renamed = (name: NameNode): NameNode => ({ ...name, value: toReal(name.value) });
  if (node.kind === Kind.FIELD)
    return { ...node, name: renamed(node.name), alias: node.alias ?? { ...node.name } };
  if (node.kind === Kind.ARGUMENT || node.kind === Kind.NAMED_TYPE)
    return { ...node, name: renamed(node.name) };
  return undefined;
}

/** Of variables, the names of models that introspection is asked for. */
const isInputName = (key: string): boolean => ['observation', 'media', 'model', 'input'].includes(key);

/** Keys that are names are mapped, and the texts under keys that `holdsName` picks. */
function mapped(
  value: unknown,
  map: (name: string) => string,
  holdsName: (key: string) => boolean,
  key = '',
): unknown {
  if (typeof value === 'string') return holdsName(key) ? map(value) : value;
  if (Array.isArray(value)) return value.map(item => mapped(item, map, holdsName, key));
  if (typeof value !== 'object' || value === null) return value;
  const isAnswer = map === toRenamed && !holdsName('');
  return Object.fromEntries(
    Object.entries(value).map(([name, below]) => [
      // The answer's keys are right already: the request's aliases made them so.
      isAnswer ? name : map(name),
      mapped(below, map, holdsName, name),
    ]),
  );
}
