import type { DataRequest } from './client.ts';

/**
 * Many operations of one kind in one GraphQL document, under the aliases `m0`, `m1`, … `types` gives the GraphQL type of
 * each variable, `inputs` its values for each operation, and `field` the operation by the names of its variables.
 */
export function batch<Name extends string>(
  operation: 'query' | 'mutation',
  types: Record<Name, string>,
  inputs: Record<Name, unknown>[],
  field: (variables: Record<Name, string>) => string,
): DataRequest {
  const names = Object.keys(types) as Name[];
  const declared = inputs.flatMap((_, index) => names.map(name => `$${name}${index}: ${types[name]}`));
  const fields = inputs.map((_, index) => {
    const own = Object.fromEntries(names.map(name => [name, `$${name}${index}`])) as Record<Name, string>;
    return `${aliasOf(index)}: ${field(own)}`;
  });
  const values = inputs.flatMap((input, index) => names.map(name => [`${name}${index}`, input[name]]));
  return {
    document: `${operation} Batch(${declared.join(', ')}) { ${fields.join('\n')} }`,
    variables: Object.fromEntries(values),
  };
}

export function aliasOf(index: number): string {
  return `m${index}`;
}

/** Place in the batch of the operation that an error or a part of the response is about. */
export function indexOf(alias: unknown): number {
  return Number(String(alias).slice(1));
}
