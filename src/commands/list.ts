import { recordFlags, selectionFlags } from '../cli/flags.ts';
import { StageCommand } from '../cli/stage-command.ts';
import { KEYS_FOR, requireKeys } from '../config/require-keys.ts';
import type { Run } from '../run/manifest/run.ts';
import { sourceOf } from '../run/pipeline.ts';
import { chosenRules, rulesFrom } from '../run/run-selection.ts';
import type { StageInput } from '../run/stage-input.ts';
import type { StageOutput } from '../run/stage-output.ts';
import type { Stages, Step } from '../run/stages.ts';

export default class List extends StageCommand<typeof List> {
  static override summary = 'List the files of a Drive folder and its subfolders, one record per file.';
  static override examples = [
    '<%= config.bin %> list --folder-id FOLDER_ID',
    '<%= config.bin %> list --folder-id FOLDER_ID | <%= config.bin %> parse | <%= config.bin %> resolve > resolved.ndjson',
  ];
  static override flags = { ...recordFlags, ...selectionFlags };

  protected override readonly stage = 'list';

  protected override selectionRules(run: Run | null) {
    return run ? chosenRules(run, this.flags) : rulesFrom(this.flags);
  }

  protected override async source(stages: Stages, input: StageInput, output: StageOutput): Promise<Step> {
    requireKeys(stages.context.config, input.run ? [] : KEYS_FOR.folder);
    output.run?.facts.rememberResourceKey(stages.context.root!);
    output.run?.facts.rememberSelection(this.selectionRules(output.run));
    return sourceOf(
      await stages.list({ onRoot: folder_name => output.run?.facts.remember({ folder_name }) }),
    );
  }

  protected override finished(run: Run): void {
    run.markListed();
  }
}
