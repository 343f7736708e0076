import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Interfaces } from '@oclif/core';
import { projectRoot } from './project-root.ts';

const { commands }: Interfaces.Manifest = JSON.parse(
  readFileSync(join(projectRoot(), 'dist', 'oclif.manifest.json'), 'utf8'),
);

/** Every command of this package as the build listed it, with the name that is typed. */
export const COMMANDS = Object.values(commands).map(command => ({
  ...command,
  name: command.id.replaceAll(':', ' '),
  examples: (command.examples ?? []).map(example =>
    String(example).replaceAll('<%= config.bin %>', 'migrator'),
  ),
}));
