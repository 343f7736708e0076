import { type Input, type Records, recordFlags, StageCommand } from '../cli/stage-command.ts';
import { KEYS_FOR, requireKeys } from '../config/require-keys.ts';
import type { Run } from '../run/manifest/run.ts';
import { lister, type StageContext } from '../run/pipeline.ts';
import { selectionFlags } from '../run/run-selection.ts';

export default class List extends StageCommand<typeof List> {
  static override summary = 'List a Drive folder and all folders below it, one record a file.';
  static override examples = [
    '<%= config.bin %> list --folder-id FOLDER_ID',
    '<%= config.bin %> list --folder-id FOLDER_ID | <%= config.bin %> parse | <%= config.bin %> resolve > resolved.ndjson',
  ];
  static override flags = { ...recordFlags, ...selectionFlags };

  protected override readonly stage = 'list';

  protected override async source(context: StageContext, { run }: Input): Promise<Records> {
    requireKeys(context.config, run ? [] : KEYS_FOR.folder);
    const list = await lister(context);
    return list();
  }

  protected override finished(run: Run): void {
    run.markListed();
  }
}
