import { inputFlags, namingFlag } from '../cli/flags.ts';
import { StageCommand } from '../cli/stage-command.ts';
import type { ConfigValues } from '../config/load.ts';
import type { Stages, Step } from '../run/stages.ts';

export default class Parse extends StageCommand<typeof Parse> {
  static override summary = 'Read the observation ids from file names. Works offline.';
  static override examples = [
    '<%= config.bin %> parse --folder-id FOLDER_ID',
    '<%= config.bin %> parse --naming relaxed < list.ndjson > parse.ndjson',
  ];
  static override flags = {
    ...inputFlags,
    ...namingFlag,
  };

  protected override readonly stage = 'parse';

  protected override async steps(stages: Stages): Promise<Step[]> {
    return [stages.parse()];
  }

  protected override configFlags(): ConfigValues {
    return { naming: this.flags.naming };
  }
}
