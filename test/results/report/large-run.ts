/** A run as large as real ones, made up: many folders, every status, names in three scripts. The same every time. */
import type { FileRecord, RecordError, StageName, Status } from '../../../stages/record.ts';

const START = Date.parse('2026-03-02T08:12:00Z');

/** What becomes of a file, in percent of all files, and why. */
const ENDS: readonly { share: number; status: Status; stage?: StageName; code?: string; why?: string }[] = [
  { share: 88, status: 'completed' },
  {
    share: 1.5,
    status: 'duplicate',
    stage: 'resolve',
    code: 'duplicate',
    why: 'the same bytes as another file',
  },
  { share: 1, status: 'uploaded' },
  { share: 4, status: 'pending' },
  {
    share: 0.8,
    status: 'partial',
    stage: 'link',
    code: 'observations_missing',
    why: 'there is no observation 7',
  },
  {
    share: 0.5,
    status: 'failed',
    stage: 'transfer',
    code: 'download_broken',
    why: 'the download broke: ECONNRESET',
  },
  {
    share: 0.2,
    status: 'failed',
    stage: 'transfer',
    code: 'storage_busy',
    why: 'S3 refused the upload: SlowDown',
  },
  { share: 1.6, status: 'orphan', stage: 'resolve', code: 'no_observation', why: 'there is no observation' },
  {
    share: 1.9,
    status: 'needs_review',
    stage: 'parse',
    code: 'name_unreadable',
    why: 'the name does not say which observation it shows. Rename it in Drive like 6602.jpg, 6602a.jpg or 6000-6001.jpg',
  },
  {
    share: 0.4,
    status: 'needs_review',
    stage: 'parse',
    code: 'unsupported_extension',
    why: '.pdf is not among the supported types',
  },
  {
    share: 0.1,
    status: 'needs_review',
    stage: 'resolve',
    code: 'key_collision',
    why: 'another file has other bytes and the same place in S3',
  },
];

const EXTENSIONS = ['jpg', 'jpg', 'jpg', 'JPG', 'png', 'mp4', 'mov'];

export function* largeRun(count: number): Generator<FileRecord> {
  const random = dice(7);
  const stored: number[] = [];
  for (let at = START, index = 0; index < count; index += 1) {
    at += random() * 1800;
    if (index === Math.floor(count * 0.6)) at += 14 * 3_600_000;
    stored.push(at);
  }
  for (let index = 0; index < count; index += 1) yield recordOf(index, stored[index]!, random);
}

function recordOf(index: number, storedAt: number, random: () => number): FileRecord {
  const { status, stage, code, why } = endFor(random() * 100);
  const id = `1${index.toString(36).padStart(8, '0')}AbCdEfGhIjKlMnOpQrStUvWx`;
  const extension = EXTENSIONS[Math.floor(random() * EXTENSIONS.length)]!;
  const name = code === 'name_unreadable' ? oddName(index, extension) : `${index + 1}.${extension}`;
  const from = Math.floor(index / 500) * 500 + 1;
  const path = `${from}-${from + 499}${index % 97 === 0 ? '/סרטים ישנים' : ''}`;
  const isFilm = extension === 'mp4' || extension === 'mov';
  const size = Math.floor(random() ** 2 * (isFilm ? 90_000_000 : 9_000_000)) + 20_000;
  const isStored = ['completed', 'partial', 'uploaded'].includes(status);
  const object = isStored && {
    key: `media/${id}/${name}`,
    url: `https://bucket.s3.us-east-1.amazonaws.com/media/${id}/${encodeURIComponent(name)}`,
    bytes: size,
    storedAt: new Date(storedAt).toISOString(),
  };
  const error: RecordError | null =
    stage && code
      ? { stage, code, message: `${name} (${id}): ${why}.`, retryable: status === 'failed' }
      : null;
  const sequentialId = index + 1 - (index % 3 === 0 ? 0 : 1);
  const observation = { sequentialId, id: `observation-${sequentialId}` };
  const isLinked = status === 'completed' || status === 'partial';
  const resolved = stage !== 'parse' && {
    observations: status === 'orphan' ? [] : [observation],
    missing: status === 'orphan' ? [sequentialId] : [],
    ...(isLinked && { media: [{ id: `media-${index}`, observationId: observation.id }] }),
  };
  const mimeType = isFilm ? 'video/mp4' : 'image/jpeg';
  return { id, name, path, size, mimeType, ...resolved, ...object, status, ...(error && { error }) };
}

function endFor(percent: number) {
  let sum = 0;
  for (const end of ENDS) {
    sum += end.share;
    if (percent < sum) return end;
  }
  return ENDS[0]!;
}

function oddName(index: number, extension: string): string {
  const names = [
    `IMG_${index}`,
    `צילום ${index} חורף`,
    `photo ${index} final`,
    `${index}-${index - 3}-x`,
    `\u200f${index}`,
    `شجرة ${index}`,
  ];
  return `${names[index % names.length]}.${extension}`;
}

/** A small generator of numbers from 0 to 1 (mulberry32). */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
