import { inputFlags, StageCommand, transferConfig, transferFlags } from '../cli/stage-command.ts';
import type { ConfigValues } from '../config/load.ts';
import { maxTransferFlag } from '../run/max-transfer.ts';

export default class Transfer extends StageCommand<typeof Transfer> {
  static override summary = 'Stream each file once from Drive to S3.';
  static override examples = [
    '<%= config.bin %> transfer --folder-id FOLDER_ID',
    '<%= config.bin %> transfer < resolved.ndjson | <%= config.bin %> link > linked.ndjson',
  ];
  static override flags = {
    ...inputFlags,
    ...maxTransferFlag,
    ...transferFlags,
  };

  protected override readonly stage = 'transfer';
  protected override readonly makers = ['transfer'] as const;
  protected override readonly needs = ['storage', 'data'] as ['storage', 'data'];
  protected override readonly shows = 'transfer';

  protected override configFlags(): ConfigValues {
    return transferConfig(this.flags);
  }
}
