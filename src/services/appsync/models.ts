import type { ModelNames } from '../../config/settings.ts';

/** How an Amplify project calls what the tool reads and writes: model names, fields and the operations made from them. */
export type Models = ReturnType<typeof modelsOf>;

/** The models as configured; operations that are not named are called as Amplify calls them. */
export function modelsOf({ observation, media }: ModelNames) {
  return {
    observation: {
      name: observation.name,
      sequentialId: observation.sequential_id,
      listQuery: observation.list_query || `list${pluralOf(observation.name)}`,
      /** The query of the index on the sequential id; null to look for it in the schema. */
      indexQuery: observation.index_query || null,
    },
    media: {
      name: media.name,
      url: media.url,
      /** Null if the model has no such field. */
      type: media.type || null,
      /** The values of the type; null to look for them in the schema. */
      types: { IMAGE: media.types.image || null, VIDEO: media.types.video || null },
      observationId: media.observation_id,
      /** Null if the model has no such field. */
      isAvailableForPublicUse: media.is_available_for_public_use || null,
      getQuery: media.get_query || `get${media.name}`,
      createMutation: media.create_mutation || `create${media.name}`,
      createInput: `Create${media.name}Input`,
      listQuery: media.list_query || `list${pluralOf(media.name)}`,
      deleteMutation: media.delete_mutation || `delete${media.name}`,
      deleteInput: `Delete${media.name}Input`,
    },
  };
}

/** The plural as Amplify forms it for regular English words; other plurals are in amplify_outputs.json, or set by hand. */
function pluralOf(name: string): string {
  const upper = name.charAt(0).toUpperCase() + name.slice(1);
  if (/(?:media|data|series|species)$/i.test(upper)) return upper;
  if (/[^aeiou]y$/i.test(upper)) return `${upper.slice(0, -1)}ies`;
  return /(?:s|x|z|ch|sh)$/i.test(upper) ? `${upper}es` : `${upper}s`;
}
