import { inputFlags, maxTransferFlag, transferConfig, transferFlags } from '../cli/flags.ts';
import { shardFlag } from '../cli/shard-flag.ts';
import { StageCommand } from '../cli/stage-command.ts';
import type { ConfigValues } from '../config/load.ts';
import type { Stages, Step } from '../run/stages.ts';

export default class Transfer extends StageCommand<typeof Transfer> {
  static override summary = 'Copy each file from Drive to S3 in one stream.';
  static override examples = [
    '<%= config.bin %> transfer --folder-id FOLDER_ID',
    '<%= config.bin %> transfer < resolved.ndjson | <%= config.bin %> link > linked.ndjson',
  ];
  static override flags = {
    ...inputFlags,
    ...shardFlag,
    ...maxTransferFlag,
    ...transferFlags,
  };

  protected override readonly stage = 'transfer';
  protected override readonly needs = ['storage', 'data'] as ['storage', 'data'];
  protected override readonly shows = 'transfer';

  protected override async steps(stages: Stages): Promise<Step[]> {
    return [await stages.transfer()];
  }

  protected override configFlags(): ConfigValues {
    return transferConfig(this.flags);
  }
}
