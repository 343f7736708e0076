import type { AppSyncClient } from './client.ts';

interface TypeRef {
  kind: string;
  ofType: { kind: string } | null;
}

/**
 * Whether the model has this field and it holds one plain value. False also if the API does not tell its schema. Throws
 * RunError if it cannot be asked.
 */
export async function hasField(client: AppSyncClient, model: string, field: string): Promise<boolean> {
  const { data } = await client.request(
    'query Fields($model: String!) { model: __type(name: $model) { fields { name type { kind ofType { kind } } } } }',
    { model },
  );
  const found = data?.model as { fields: { name: string; type: TypeRef }[] | null } | null | undefined;
  const type = found?.fields?.find(({ name }) => name === field)?.type;
  const kind = type?.kind === 'NON_NULL' ? type.ofType?.kind : type?.kind;
  return kind === 'SCALAR' || kind === 'ENUM';
}
