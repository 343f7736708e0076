import { setFlagsFromString } from 'node:v8';
import { Flags } from '@oclif/core';
import type { FileRecord } from '../../stages/record.ts';
import { folderFlag, namingFlag, selectionFlags } from '../cli/flags.ts';
import { RunCommand } from '../cli/run-command.ts';
import { totalLine } from '../cli/ui/summary.ts';
import { measuredMbit } from '../run/progress/bandwidth.ts';
import { estimate } from '../run/progress/estimate.ts';
import { formatBytes, formatCount, roughDuration } from '../run/text/format.ts';

const ASSUMED_MBIT = 100;
/** One connection seldom uses all the bandwidth, so this many files measure it together. */
const MEASURED_FILES = 4;

export default class Scan extends RunCommand<typeof Scan> {
  static override summary = 'Show what a migration would do and estimate how long it would take.';
  static override description =
    'Lists, parses and resolves; writes nothing to AWS. "migrate" continues from the manifests that it writes.';
  static override examples = [
    '<%= config.bin %> scan --folder-id FOLDER_ID',
    '<%= config.bin %> scan --folder-id FOLDER_ID --measure',
    '<%= config.bin %> scan --folder-id FOLDER_ID --naming relaxed --bandwidth-mbit 50 --json',
  ];
  static override flags = {
    ...folderFlag,
    ...namingFlag,
    'retry-orphans': Flags.boolean({ description: 'look again for observations that were missing' }),
    rescan: Flags.boolean({ description: 'list the folder again' }),
    ...selectionFlags,
    'bandwidth-mbit': Flags.integer({
      description: `bandwidth for the estimate in Mbit/s, the slower of download and upload; default: ${ASSUMED_MBIT}`,
      min: 1,
      exclusive: ['measure'],
    }),
    measure: Flags.boolean({
      description:
        'measure the download bandwidth for the estimate: reads up to 32 MiB from Drive and discards it',
    }),
  };

  async run(): Promise<void> {
    // V8 would otherwise keep as much garbage as live data, which is a lot for a million files.
    setFlagsFromString('--heap-growing-percent=40');
    const toTransfer = { files: 0, bytes: 0 };
    let largest: FileRecord[] = [];
    this.events.on('finished', record => {
      if (record.status !== 'pending' || record.url) return;
      toTransfer.files += 1;
      toTransfer.bytes += record.size ?? 0;
      largest = [...largest, record].sort((a, b) => (b.size ?? 0) - (a.size ?? 0)).slice(0, MEASURED_FILES);
    });
    let measured: number | null = null;
    const outcome = await this.migrateFolder({
      until: 'resolve',
      flags: this.flags,
      atEnd: async services => {
        if (this.flags.measure) measured = await measuredMbit(await services.drive(), largest);
      },
    });
    const { files, bytes } = toTransfer;
    const { mbit, origin, note } = this.#bandwidth(measured);
    const queriesPerSecond = outcome.config.google_drive.queries_per_second;
    const bytesPerSecond = (mbit * 1_000_000) / 8;
    const { seconds, bound } = estimate(toTransfer, { bytesPerSecond, queriesPerSecond });
    const quota = `${queriesPerSecond} queries a second to Drive (google_drive.queries_per_second); `;
    const limit = bound === 'bandwidth' ? '' : quota;
    const rate = `${mbit < 10 ? mbit.toFixed(1) : Math.round(mbit)} Mbit/s`;
    const estimated = bound
      ? `${formatCount(files, 'file')}, ${formatBytes(bytes)}; about ${roughDuration(seconds)}, limited by ${limit}bandwidth: ${rate}${note}`
      : 'nothing';
    this.conclude(outcome, `Scanned: ${totalLine(this.counts)}`, {
      details: ['', `To migrate: ${estimated}.`],
      extra: {
        to_migrate: {
          files,
          bytes,
          estimated_seconds: Math.round(seconds),
          bound,
          bandwidth_mbit: mbit,
          bandwidth: origin,
          queries_per_second: queriesPerSecond,
        },
      },
    });
  }

  /** `note` says where the figure is from. */
  #bandwidth(measuredMbit: number | null): { mbit: number; origin: string; note: string } {
    const given = this.flags['bandwidth-mbit'];
    if (given !== undefined) return { mbit: given, origin: 'given', note: '' };
    if (measuredMbit !== null) {
      const note = ', measured from Drive; the upload to S3 was not measured';
      return { mbit: Math.round(measuredMbit * 10) / 10, origin: 'measured', note };
    }
    const note = ', assumed (set it with "--bandwidth-mbit", or use "--measure")';
    return { mbit: ASSUMED_MBIT, origin: 'assumed', note };
  }
}
