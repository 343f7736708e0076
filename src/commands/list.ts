import { recordFlags, selectionFlags } from '../cli/flags.ts';
import { StageCommand } from '../cli/stage-command.ts';

export default class List extends StageCommand<typeof List> {
  static override summary = 'List the files of a Drive folder and its subfolders, one record per file.';
  static override examples = [
    '<%= config.bin %> list --folder-id FOLDER_ID',
    '<%= config.bin %> list --folder-id FOLDER_ID | <%= config.bin %> parse | <%= config.bin %> resolve > resolved.ndjson',
  ];
  static override flags = { ...recordFlags, ...selectionFlags };
}
