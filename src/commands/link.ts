import { inputFlags } from '../cli/flags.ts';
import { shardFlag } from '../cli/shard-flag.ts';
import { StageCommand } from '../cli/stage-command.ts';
import type { Stages, Step } from '../run/stages.ts';

export default class Link extends StageCommand<typeof Link> {
  static override summary = 'Create the media records that link each file to its observations, exactly once.';
  static override examples = [
    '<%= config.bin %> link --folder-id FOLDER_ID',
    '<%= config.bin %> link --in transferred.ndjson --out linked.ndjson',
  ];
  static override flags = { ...inputFlags, ...shardFlag };

  protected override readonly stage = 'link';
  protected override readonly needs = ['data'] as ['data'];
  protected override readonly shows = 'link';

  protected override steps(stages: Stages): Promise<Step[]> {
    return stages.link();
  }
}
