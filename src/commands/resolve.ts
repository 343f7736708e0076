import { inputFlags, namingFlag } from '../cli/flags.ts';
import { StageCommand } from '../cli/stage-command.ts';

export default class Resolve extends StageCommand<typeof Resolve> {
  static override summary = 'Find the observations of each file and choose its key in S3.';
  static override description =
    'Reads the Observation table and writes nothing to AWS. Parses records that are not parsed yet.';
  static override examples = [
    '<%= config.bin %> resolve --folder-id FOLDER_ID',
    '<%= config.bin %> list --folder-id FOLDER_ID | <%= config.bin %> resolve > resolved.ndjson',
  ];
  static override flags = { ...inputFlags, ...namingFlag };
}
