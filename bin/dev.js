#!/usr/bin/env node
// Compiles what has changed, then runs the command: for work on the program itself.
import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
try {
  // Standard output is the command's.
  execFileSync('npm', ['run', '--silent', 'build'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
} catch (error) {
  process.exit(error.status ?? 1);
}
await import('./run.js');
