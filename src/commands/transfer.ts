import { inputFlags, maxTransferFlag, transferFlags } from '../cli/flags.ts';
import { shardFlag } from '../cli/shard-flag.ts';
import { StageCommand } from '../cli/stage-command.ts';

export default class Transfer extends StageCommand<typeof Transfer> {
  static override summary = 'Copy each file from Drive to S3 in one stream.';
  static override examples = [
    '<%= config.bin %> transfer --folder-id FOLDER_ID',
    '<%= config.bin %> transfer < resolved.ndjson | <%= config.bin %> link > linked.ndjson',
  ];
  static override flags = { ...inputFlags, ...shardFlag, ...maxTransferFlag, ...transferFlags };
}
