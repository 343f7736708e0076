/** What the standard streams of this process are. */
import { fstatSync, type Stats } from 'node:fs';

/** True for a pipe, a socket or a file; false for a terminal, /dev/null or a closed stream. */
export function isPiped(fd: 0 | 1): boolean {
  const stat = statOf(fd);
  return stat !== null && (stat.isFIFO() || stat.isFile() || stat.isSocket());
}

/** True if messages go to the same place as standard output, as with `>log 2>&1`, `nohup` and cron. */
export function isLog(): boolean {
  const [output, messages] = [statOf(1), statOf(2)];
  return output !== null && messages !== null && output.dev === messages.dev && output.ino === messages.ino;
}

function statOf(fd: number): Stats | null {
  try {
    return fstatSync(fd);
  } catch {
    return null;
  }
}
