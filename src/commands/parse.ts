import { Flags } from '@oclif/core';
import { inputFlags, StageCommand } from '../cli/stage-command.ts';
import type { ConfigValues } from '../config/load.ts';

export default class Parse extends StageCommand<typeof Parse> {
  static override summary = 'Read from file names which observations they show. Asks nobody.';
  static override examples = [
    '<%= config.bin %> parse --folder-id FOLDER_ID',
    '<%= config.bin %> parse --naming relaxed < list.ndjson > parse.ndjson',
  ];
  static override flags = {
    ...inputFlags,
    naming: Flags.string({ description: 'how file names are read', options: ['strict', 'relaxed'] }),
  };

  protected override readonly stage = 'parse';
  protected override readonly makers = ['parse'] as const;

  protected override configFlags(): ConfigValues {
    return { naming: this.flags.naming };
  }
}
