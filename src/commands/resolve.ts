import { Flags } from '@oclif/core';
import { inputFlags, StageCommand } from '../cli/stage-command.ts';
import type { ConfigValues } from '../config/load.ts';

export default class Resolve extends StageCommand<typeof Resolve> {
  static override summary = 'Find the observations of each file, and where its object will stand in S3.';
  static override description =
    'Reads the Observation table and writes nothing to AWS. Records that have not been parsed yet are parsed first.';
  static override examples = [
    '<%= config.bin %> resolve --folder-id FOLDER_ID',
    '<%= config.bin %> list --folder-id FOLDER_ID | <%= config.bin %> resolve > resolved.ndjson',
  ];
  static override flags = {
    ...inputFlags,
    naming: Flags.string({ description: 'how file names are read', options: ['strict', 'relaxed'] }),
  };

  protected override readonly stage = 'resolve';
  protected override readonly makers = ['parse', 'resolve'] as const;
  protected override readonly needs = ['data'] as ['data'];

  protected override configFlags(): ConfigValues {
    return { naming: this.flags.naming };
  }
}
