import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout's folder: compiled tests lie in dist/, what they read (fixtures, bin) beside it. */
export function projectRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}

/** The command's program. */
export const RUN = join(projectRoot(), 'bin', 'run.js');

/** The command as a shell takes it. */
export const MIGRATOR = `'${process.execPath}' '${RUN}'`;

/** Where a program of this name is installed. */
export function programAt(name: string, folders = (process.env.PATH ?? '').split(delimiter)) {
  return folders.map(folder => join(folder, name)).find(path => existsSync(path));
}

/** A new folder for somebody's PATH, with `migrator` in it; `after` is what the shell does then. */
export function binFolder(bin: string, after?: string): string {
  mkdirSync(bin);
  const script = after ? `${MIGRATOR} "$@"\n${after}` : `exec ${MIGRATOR} "$@"\n`;
  writeFileSync(join(bin, 'migrator'), `#!/bin/sh\n${script}`, { mode: 0o755 });
  return bin;
}
