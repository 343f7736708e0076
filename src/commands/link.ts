import { inputFlags } from '../cli/flags.ts';
import { shardFlag } from '../cli/shard-flag.ts';
import { StageCommand } from '../cli/stage-command.ts';

export default class Link extends StageCommand<typeof Link> {
  static override summary = 'Create the media records that link each file to its observations, exactly once.';
  static override examples = [
    '<%= config.bin %> link --folder-id FOLDER_ID',
    '<%= config.bin %> link --in transferred.ndjson --out linked.ndjson',
  ];
  static override flags = { ...inputFlags, ...shardFlag };
}
