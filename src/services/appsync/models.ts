import type { MediaType } from '../../../stages/record.ts';
import type { ModelNames } from '../../config/settings.ts';

/** How an Amplify project calls what the tool reads and writes: model names, fields and the operations made from them. */
export interface Models {
  observation: {
    name: string;
    /** Its fields, beside `id`. */
    sequentialId: string;
    listQuery: string;
    /** Query by the index on the sequential id; null to look for it in the schema. */
    indexQuery: string | null;
  };
  media: {
    name: string;
    /** Its fields, beside `id`; null for one that the model does not have. */
    url: string;
    type: string | null;
    /** Its values; null to look for them in the schema. */
    types: Record<MediaType, string | null>;
    observationId: string;
    isAvailableForPublicUse: string | null;
    getQuery: string;
    listQuery: string;
    createMutation: string;
    createInput: string;
    deleteMutation: string;
    deleteInput: string;
  };
}

/** The models as configured; operations that are not named are called as Amplify calls them. */
export function modelsOf({ observation, media }: ModelNames): Models {
  return {
    observation: {
      name: observation.name,
      sequentialId: observation.sequential_id,
      listQuery: observation.list_query || `list${pluralOf(observation.name)}`,
      indexQuery: observation.index_query || null,
    },
    media: {
      name: media.name,
      url: media.url,
      type: media.type || null,
      types: { IMAGE: media.types.image || null, VIDEO: media.types.video || null },
      observationId: media.observation_id,
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

/** As Amplify does for regular English words; the others are in amplify_outputs.json, or set by hand. */
function pluralOf(name: string): string {
  const upper = name.charAt(0).toUpperCase() + name.slice(1);
  if (/(?:media|data|series|species)$/i.test(upper)) return upper;
  if (/[^aeiou]y$/i.test(upper)) return `${upper.slice(0, -1)}ies`;
  return /(?:s|x|z|ch|sh)$/i.test(upper) ? `${upper}es` : `${upper}s`;
}
