import { inputFlags, namingFlag } from '../cli/flags.ts';
import { StageCommand } from '../cli/stage-command.ts';

export default class Parse extends StageCommand<typeof Parse> {
  static override summary = 'Read the observation ids from file names. Works offline.';
  static override examples = [
    '<%= config.bin %> parse --folder-id FOLDER_ID',
    '<%= config.bin %> parse --naming relaxed < list.ndjson > parse.ndjson',
  ];
  static override flags = { ...inputFlags, ...namingFlag };
}
