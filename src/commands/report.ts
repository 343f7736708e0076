import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { folderFlag } from '../cli/flags.ts';
import { shutDownOnSignals } from '../cli/interruption.ts';
import { outputOf, writeOutput } from '../cli/output.ts';
import { ConfigError, EXIT } from '../config/error.ts';
import { defaultConfig } from '../config/settings.ts';
import { pageOf } from '../results/report/page.ts';
import { attentionOf, reportOf } from '../results/report/report.ts';
import { reportJson } from '../results/report/report-json.ts';
import type { ReviewRules } from '../results/review.ts';
import type { Run } from '../run/manifest/run.ts';
import { formatBytes, formatCount } from '../run/text/format.ts';
import { runToShow } from '../run/which-run.ts';

export default class Report extends BaseCommand<typeof Report> {
  static override summary =
    'Write an HTML report of a run: progress, observations, folders, and files that need attention.';
  static override description =
    'Works offline, also while a run is in progress. The report is one file that you can share; it contains the names of all files. With --watch, the report is served to browsers on this computer only, and updates itself while a run is in progress; Ctrl-C ends it. Without --folder-id: the most recent run.';
  static override examples = [
    '<%= config.bin %> report',
    '<%= config.bin %> report --folder-id FOLDER_ID --output report.html',
    '<%= config.bin %> report --output - > report.html',
    '<%= config.bin %> report --watch',
    '<%= config.bin %> report --json',
  ];
  static override flags = {
    ...folderFlag,
    output: Flags.string({
      char: 'o',
      description:
        'write the report to this file ("-": standard output); default: report_{folder id}.html in the current folder, with --json no file',
      helpValue: 'FILE',
    }),
    watch: Flags.boolean({
      description: 'serve the report on 127.0.0.1 until Ctrl-C; the page updates itself',
      exclusive: ['output', 'json'],
    }),
    port: Flags.integer({
      description: 'port for --watch; default: any free port',
      helpValue: 'PORT',
      min: 1,
      max: 65535,
      dependsOn: ['watch'],
    }),
  };

  async run(): Promise<void> {
    const { output } = this.flags;
    if (this.json && output === '-')
      this.error('--json and "--output -" both want standard output.', { exit: EXIT.usage });
    const run = runToShow(this.flags['folder-id'], this.home);
    const rules = await this.#rules();
    if (this.flags.watch) return this.#watch(run, rules);
    const name = output ?? (this.json ? null : `report_${run.folderId}.html`);
    const place = name === null ? null : outputOf({ output: name }, 'json');
    const madeAt = new Date();
    const report = await reportOf(run, rules, this.warnLine);
    if (place) await writeOutput(place.path, Readable.from(pageOf(report, { madeAt })), this.shutdown);
    const path = place?.path ? resolve(place.path) : null;
    if (this.json) {
      this.printJson({ ...reportJson(report, madeAt), report: path });
    } else if (path) {
      const { counts } = report;
      const need = formatCount(attentionOf(counts).files, 'needs', 'need');
      this.say(`${formatCount(counts.total, 'file')}, ${formatBytes(counts.bytes)}; ${need} attention.`);
      this.say(`The report is in ${path}; open it in a browser.`);
    }
  }

  /** How relaxed naming would read the names. The rest of the report needs no configuration. */
  async #rules(): Promise<ReviewRules> {
    const { migration, prefix_disambiguation } = await this.configuration().catch(error => {
      if (!(error instanceof ConfigError)) throw error;
      this.warnLine(error.message);
      return defaultConfig();
    });
    return { maxRange: migration.max_range, prefixes: prefix_disambiguation.enabled };
  }

  async #watch(run: Run, rules: ReviewRules): Promise<void> {
    const { serveReport } = await import('../results/report/serve.ts');
    this.defer(shutDownOnSignals(this.shutdown, () => {}));
    const signal = this.shutdown.drainSignal;
    const page = async () => {
      const { version } = run;
      return pageOf(await reportOf(run, rules, () => {}), { madeAt: new Date(), version });
    };
    const live = { version: () => run.version, page };
    const { url, ended } = await serveReport(live, { port: this.flags.port ?? 0, signal });
    this.log(url);
    this.say('Open this address in a browser on this computer. Press Ctrl-C to end.');
    await ended;
  }
}
