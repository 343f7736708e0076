/** Sizes (`700G`) and bandwidth limits as rclone's --bwlimit has them: one rate (`20M`), or a timetable (`08:00,2M 18:00,off`). */
import { ConfigError } from './error.ts';

const UNITS = ['B', 'K', 'M', 'G', 'T', 'P'];

/**
 * Bytes of a size like `700G`, as rclone and the AWS CLI read it: K, M, G, T and P are powers of 1024 (`GiB` and `GB` mean
 * the same). Null for anything else, and for a number without a unit: tools disagree on what that is.
 */
function parseSize(text: string): number | null {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([BKMGTP])(?:I?B)?$/.exec(text.trim().toUpperCase()) ?? [];
  const bytes = Math.floor(Number(number) * 1024 ** UNITS.indexOf(unit ?? ''));
  return unit && bytes > 0 && Number.isSafeInteger(bytes) ? bytes : null;
}

/** The bytes of a flag. Throws ConfigError (usage). */
export function bytesOf(text: string, flag: string): number {
  const bytes = parseSize(text);
  if (bytes !== null) return bytes;
  throw new ConfigError(
    'bad_size',
    `--${flag} ${JSON.stringify(text)} is not a size.`,
    'Give a number with a unit: 500M, 700G, 1.5T (powers of 1024).',
    { exitCode: 2 },
  );
}

/** The limit from this minute of the week on (0: Monday, 00:00, local time), in bytes a second; null for no limit. */
interface Entry {
  minute: number;
  bytesPerSecond: number | null;
}

/** The entries in the order of the week; empty for no limit at all. */
export type BandwidthTimetable = readonly Entry[];

const AT = /^(?:(mon|tue|wed|thu|fri|sat|sun)-)?([01]?\d|2[0-3]):([0-5]\d),(.+)$/i;
const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const MIN_BYTES_PER_SECOND = 1024;
const MINUTES_PER_DAY = 24 * 60;

/** Null if the text is neither a rate nor a timetable. Empty text is no limit. */
export function parseBandwidth(text: string): BandwidthTimetable | null {
  const words = text.trim().split(/\s+/);
  if (words.length === 1 && !words[0]!.includes(',')) {
    if (words[0] === '') return [];
    const rate = parseRate(words[0]!);
    return rate === undefined ? null : [{ minute: 0, bytesPerSecond: rate }];
  }
  const entries: Entry[] = [];
  for (const word of words) {
    const found = AT.exec(word);
    const bytesPerSecond = found ? parseRate(found[4]!) : undefined;
    if (!found || bytesPerSecond === undefined) return null;
    const minuteOfDay = Number(found[2]) * 60 + Number(found[3]);
    const days = found[1] ? [DAYS.indexOf(found[1].toLowerCase())] : DAYS.keys();
    for (const day of days) entries.push({ minute: day * MINUTES_PER_DAY + minuteOfDay, bytesPerSecond });
  }
  return entries.sort((a, b) => a.minute - b.minute);
}

/** Undefined if it is no rate, null for "off". */
function parseRate(text: string): number | null | undefined {
  if (text.toLowerCase() === 'off') return null;
  const bytesPerSecond = parseSize(text);
  return bytesPerSecond !== null && bytesPerSecond >= MIN_BYTES_PER_SECOND ? bytesPerSecond : undefined;
}

/** Bytes a second allowed at that time; null for no limit. Before its first entry the last one of the week applies. */
export function bandwidthAt(timetable: BandwidthTimetable, time: Date): number | null {
  const day = (time.getDay() + 6) % 7;
  const minute = day * MINUTES_PER_DAY + time.getHours() * 60 + time.getMinutes();
  const entry = timetable.findLast(candidate => candidate.minute <= minute) ?? timetable.at(-1);
  return entry?.bytesPerSecond ?? null;
}
