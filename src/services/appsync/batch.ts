import type { DataRequest, DataResponse } from './client.ts';
import type { AppSyncError } from './errors.ts';

const aliasOf = (index: number) => `m${index}`;

/**
 * Many operations of one kind in one GraphQL document, under aliases. `types` gives the GraphQL type of each variable,
 * `inputs` its values for each operation, and `field` the operation by the names of its variables.
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

export interface Result<T> {
  value: T | null;
  errors: AppSyncError[];
}

export function resultsOf<T>({ data, errors }: DataResponse, operations: readonly unknown[]): Result<T>[] {
  return operations.map((_, index) => ({
    value: (data?.[aliasOf(index)] ?? null) as T | null,
    errors: errors.filter(({ path }) => path?.[0] === aliasOf(index)),
  }));
}
