#!/usr/bin/env node
// Compiles what has changed, then runs the command: for work on the program itself.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
const { status } = spawnSync(process.execPath, [tsc, '-p', root], { stdio: ['ignore', 2, 2] });
if (status !== 0) process.exit(status ?? 1);
// Of an earlier build: it may lack a command that is new.
rmSync(join(root, 'dist', 'oclif.manifest.json'), { force: true });

await import('./run.js');
