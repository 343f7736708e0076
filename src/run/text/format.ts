/** Numbers for people. */

/** `0 B`, `14.3 MiB`, `299 GiB`. The report's page carries this function unchanged: it uses nothing outside itself. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** `45 s`, `3 min 20 s`, `6 h 12 min`; from seconds. */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** Rounded to minutes from 10 minutes on, to tens of seconds from a minute on, so that it does not flicker. */
export function roughDuration(seconds: number): string {
  const step = seconds >= 600 ? 60 : seconds >= 60 ? 10 : 1;
  const rounded = Math.max(1, Math.ceil(seconds / step) * step);
  return formatDuration(rounded).replace(/(min) 0 s$/, '$1');
}

/** `2026-11-28 14:05:09`, local; Swedish dates are written that way. */
export function formatTime(at: Date): string {
  return at.toLocaleString('sv-SE');
}

/** `1 file`, `1,204 files`. Small numbers do without ICU, which takes a while to load. */
export function formatCount(count: number, one: string, many = `${one}s`): string {
  const number = count < 1000 ? count : count.toLocaleString('en-US');
  return `${number} ${count === 1 ? one : many}`;
}
