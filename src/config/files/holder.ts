/** Who holds a lock, as its file says. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { hostname, uptime } from 'node:os';

const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
const MAX_TEXT_BYTES = 4096;

export interface Holder {
  pid: number;
  host: string;
  command: string;
  /** RFC 3339. */
  since: string;
  /** The last sign of life: when the file was touched last. RFC 3339; null if that is not known. */
  seen?: string | null;
}

/** A holder on another machine that has not touched the file for this long is gone. */
export const SILENT_HOLDER_MS = 60_000;

/** The probable holder of the lock at `path`, for display; null if there is none, or the file cannot be read. */
export function holderOf(path: string): Holder | null {
  let fd: number | null = null;
  try {
    fd = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    const holder = holderIn(fd);
    if (!holder) return null;
    return (holder.host === hostname() ? isAlive(holder) : isTouched(fd)) ? holder : null;
  } catch {
    return null;
  } finally {
    if (fd !== null) closeSync(fd);
  }
}

export function textIn(fd: number): string {
  const bytes = Buffer.alloc(MAX_TEXT_BYTES);
  return bytes.toString('utf8', 0, readSync(fd, bytes, 0, MAX_TEXT_BYTES, 0));
}

/** Null for text that this program has not written. */
export function holderIn(fd: number): Holder | null {
  try {
    const holder = JSON.parse(textIn(fd)) as Holder;
    const texts = [holder.host, holder.command, holder.since];
    const isHolder = Number.isInteger(holder.pid) && texts.every(text => typeof text === 'string');
    return isHolder ? { ...holder, seen: fstatSync(fd).mtime.toISOString() } : null;
  } catch {
    return null;
  }
}

export function isTouched(fd: number): boolean {
  return Math.abs(Date.now() - fstatSync(fd).mtimeMs) < SILENT_HOLDER_MS;
}

function isAlive({ pid, since }: Holder): boolean {
  if (pid <= 0) return false;
  // Process ids are reused: in each container, and after a restart.
  const startedAt = pid === process.pid ? performance.timeOrigin : Date.now() - uptime() * 1000;
  if (Date.parse(since) < startedAt) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
