import { once } from 'node:events';
import { Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { folderFlag } from '../cli/flags.ts';
import { shutDownOnSignals } from '../cli/interruption.ts';
import { EXIT } from '../config/error.ts';
import { claimsObject, type Finding, repaired, verify } from '../results/verification.ts';
import { writeProjection } from '../run/progress/projection.ts';
import { recordsOfRun, rewrite } from '../run/run-records.ts';
import { formatCount } from '../run/text/format.ts';
import { runFor } from '../run/which-run.ts';

export default class Verify extends BaseCommand<typeof Verify> {
  static override summary = 'Check that every completed file exists in S3 and in the app.';
  static override description =
    'Compares the size and ETag of each object, and the media records. Exit code 0 if everything exists, 3 otherwise. Changes nothing, except that --repair marks damaged files in the manifests so that "resume" migrates them again.';
  static override examples = [
    '<%= config.bin %> verify',
    '<%= config.bin %> verify --folder-id FOLDER_ID --deep',
    '<%= config.bin %> verify --repair && <%= config.bin %> resume',
  ];
  static override flags = {
    ...folderFlag,
    deep: Flags.boolean({ description: "also download every object and compare its MD5 with Drive's" }),
    repair: Flags.boolean({ description: 'mark damaged files so that "resume" migrates them again' }),
  };

  async run(): Promise<void> {
    const config = await this.configuration();
    const run = runFor(this.flags['folder-id'], config, this.home, 'to verify');
    const services = this.services(config);
    services.require(['storage', 'data']);
    if (this.flags.repair) this.lock(run);
    // Checking changes nothing, so it can stop at once.
    this.defer(shutDownOnSignals(this.shutdown, () => {}, { graceMs: 0 }));
    const records = await recordsOfRun(run, this.warnLine);
    const storage = await services.storage();
    const media = await services.mediaRecords();
    const { killSignal } = this.shutdown;
    killSignal.throwIfAborted();
    const interrupted = once(killSignal, 'abort').then((): never => {
      throw killSignal.reason;
    });
    const { deep } = this.flags;
    const { concurrency } = config.migration;
    const checked = verify(records, { objects: storage.objects(), media, deep, concurrency });
    const files = await Promise.race([checked, interrupted]);
    const setBack = this.flags.repair ? files.flatMap(findings => repaired(findings) ?? []) : [];
    if (setBack.length > 0) {
      await rewrite(run, setBack, this.warnLine);
      await writeProjection(this.home, run);
    }
    this.#report(records.filter(claimsObject).length, files, setBack.length);
  }

  #report(checked: number, files: Finding[][], setBack: number): void {
    const findings = files.flat();
    if (this.json) {
      const problems = findings.map(({ record, code, message }) => ({
        id: record.id,
        name: record.name,
        code,
        message,
      }));
      this.printJson({ checked, problems, set_back: setBack });
    } else {
      for (const { message } of findings) this.log(message);
      this.say(`Verified ${formatCount(checked, 'file')}: ${formatCount(findings.length, 'problem')}.`);
      if (setBack > 0)
        this.say(
          `${formatCount(setBack, 'file')} marked for another attempt. Continue with "migrator resume".`,
        );
    }
    if (files.length > setBack) process.exitCode = EXIT.unfinished;
  }
}
