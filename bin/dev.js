#!/usr/bin/env node
// Builds over what is there, then runs the command: for work on the program itself.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
// What was built before stays until it is written over: another one may be running. Standard output is the command's.
for (const step of [[tsc, '-p', root], [join(root, 'dist', 'build', 'main.js')]]) {
  const { status } = spawnSync(process.execPath, step, { stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(status ?? 1);
}
await import('./run.js');
