/** Which observations have no media record: an audit of the live tables. Reads only. */
import type { Observation } from '../../stages/observation-finder.ts';
import { type Columns, csvLines } from '../run/text/csv.ts';
import { jsonOf } from '../run/text/visible.ts';
import type { MediaRecords } from '../services/appsync/media-records.ts';
import type { Observations } from '../services/appsync/observations.ts';
import type { Format } from './format.ts';

interface WithoutMedia {
  total: number;
  /** The observations without a media record; sorted by sequential id, then by id. */
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
export async function* withoutMediaText(
  { total, observations }: WithoutMedia,
  format: Format,
  discriminatorField: string | null,
): AsyncGenerator<string> {
  const columns: Columns<Observation> = {
    sequentialId: ({ sequentialId }) => sequentialId,
    id: ({ id }) => id,
    ...(discriminatorField && { [discriminatorField]: ({ discriminator }) => discriminator }),
  };
  if (format === 'csv') return yield* csvLines(columns, observations);
  const objectOf = (observation: Observation) =>
    Object.fromEntries(Object.entries(columns).map(([name, cellOf]) => [name, cellOf(observation)]));
  if (format === 'ndjson') for (const observation of observations) yield `${jsonOf(objectOf(observation))}\n`;
  else {
    const counts = { total_observations: total, without_media: observations.length };
    yield `${jsonOf({ ...counts, observations: observations.map(objectOf) }, 2)}\n`;
  }
}
