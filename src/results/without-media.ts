/** Which observations have no media record: an audit of the live tables. Reads only. */
import type { Observation } from '../../stages/observation-finder.ts';
import { type Cell, csvLines } from '../run/text/csv.ts';
import { jsonOf } from '../run/text/visible.ts';
import { type Format, mapped } from './format.ts';

export interface ObservationSweep {
  /** The whole table, page by page; an observation may come twice. */
  sweep(): AsyncIterable<Observation[]>;
}

export interface MediaSweep {
  /** The observations that media records point to, page by page. */
  sweepObservationIds(): AsyncIterable<string[]>;
}

export interface WithoutMedia {
  total: number;
  /** Those without a media record; by sequential id, then by id. */
  observations: Observation[];
}

export async function observationsWithoutMedia(
  table: ObservationSweep,
  media: MediaSweep,
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
      return jsonText(total, observations, plain);
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

async function* jsonText(
  total: number,
  observations: readonly Observation[],
  plain: (observation: Observation) => object,
): AsyncGenerator<string> {
  yield `{\n  "total_observations": ${total},\n  "without_media": ${observations.length},\n  "observations": [`;
  let comma = '';
  for (const observation of observations) {
    yield `${comma}\n    ${jsonOf(plain(observation))}`;
    comma = ',';
  }
  yield comma ? '\n  ]\n}\n' : ']\n}\n';
}
