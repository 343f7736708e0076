/** Which observations have no media record: an audit of the live tables. Reads only. */
import type { Observation } from '../../stages/observation-finder.ts';
import { type Cell, csvLines } from '../run/text/csv.ts';
import { jsonOf } from '../run/text/visible.ts';
import type { MediaRecords } from '../services/appsync/media-records.ts';
import type { Observations } from '../services/appsync/observations.ts';
import { type Format, mapped } from './format.ts';

export interface WithoutMedia {
  total: number;
  /** Those without a media record; by sequential id, then by id. */
  observations: Observation[];
}

export async function observationsWithoutMedia(
  table: Pick<Observations, 'sweep'>,
  media: Pick<MediaRecords, 'sweepObservationIds'>,
): Promise<WithoutMedia> {
  // Observations first: one that is linked while the tables are read counts as linked.
  const unlinked = new Map<string, Observation>();
  for await (const page of table.sweep())
    for (const observation of page) unlinked.set(observation.id, observation);
  const total = unlinked.size;
  for await (const page of media.sweepObservationIds()) for (const id of page) unlinked.delete(id);
  const observations = [...unlinked.values()].sort(
    (a, b) => a.sequentialId - b.sequentialId || (a.id < b.id ? -1 : 1),
  );
  return { total, observations };
}

/** The text, piece by piece; the discriminator is called as the field is, and absent where that is null. */
export function withoutMediaText(
  { total, observations }: WithoutMedia,
  format: Format,
  discriminatorField: string | null,
): AsyncIterable<string> {
  const plain = ({ sequentialId, id, discriminator }: Observation): Record<string, Cell> => ({
    sequentialId,
    id,
    ...(discriminatorField && { [discriminatorField]: discriminator }),
  });
  switch (format) {
    case 'json':
      return mapped([{ total_observations: total, without_media: observations.length }], counts => {
        return `${jsonOf({ ...counts, observations: observations.map(plain) }, 2)}\n`;
      });
    case 'ndjson':
      return mapped(observations, observation => `${jsonOf(plain(observation))}\n`);
    case 'csv': {
      const header = ['sequentialId', 'id', ...(discriminatorField ? [discriminatorField] : [])];
      return csvLines(
        header,
        mapped(observations, observation => Object.values(plain(observation))),
      );
    }
  }
}
