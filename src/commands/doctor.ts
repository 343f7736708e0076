import { BaseCommand } from '../cli/base-command.ts';
import type { Finding } from '../cli/doctor/check.ts';
import { folderFlag } from '../cli/flags.ts';
import { EXIT } from '../config/exit-codes.ts';
import { loadConfig } from '../config/load.ts';
import { Run } from '../run/manifest/run.ts';
import { folderAtHand, folderToMigrate } from '../run/which-run.ts';

const WIDTH = 18;
/** A check that waits for minutes looks as if it hung. */
const THROTTLE_TIMEOUT_MS = 20_000;

export default class Doctor extends BaseCommand<typeof Doctor> {
  static override summary =
    'Check the configuration, sign-ins, folder, bucket and schema, and show how to fix problems.';
  static override description =
    'Creates one small object under media/ in the bucket and deletes it; writes nothing else. Exit code 0 if no check failed, 1 otherwise.';
  static override examples = [
    '<%= config.bin %> doctor',
    '<%= config.bin %> doctor --folder-id FOLDER_ID --json',
  ];
  static override flags = folderFlag;

  async run(): Promise<void> {
    const config = await this.configuration();
    const services = this.services(config, {
      throttleTimeoutMs: THROTTLE_TIMEOUT_MS,
    });
    const [{ examine }, { CHECKS }] = await Promise.all([
      import('../cli/doctor/check.ts'),
      import('../cli/doctor/checks.ts'),
    ]);
    const findings: Finding[] = [];
    try {
      const loaded = await loadConfig({ home: this.home, env: this.env });
      const flag = this.flags['folder-id'];
      const folderId = folderToMigrate(flag, config) ?? folderAtHand(flag, config, this.home);
      const root = folderId ? new Run(this.home, folderId).root(flag, config) : null;
      for await (const finding of examine(CHECKS, {
        ...{ loaded, services, root },
        ...{ env: this.env, now: Date.now },
      })) {
        findings.push(finding);
        this.logger?.info(finding, 'check');
        if (!this.json) this.log(line(finding));
      }
    } finally {
      await services.close();
    }
    const ok = findings.every(({ status }) => status !== 'wrong');
    if (this.json) this.printJson({ ok, checks: findings });
    if (!ok) process.exitCode = EXIT.fatal;
  }
}

function line(finding: Finding): string {
  const title = finding.title.padEnd(WIDTH);
  switch (finding.status) {
    case 'ok':
      return `ok     ${title} ${finding.detail}`;
    case 'wrong':
      return `WRONG  ${title} ${oneLine(finding.problem)} ${oneLine(finding.remedy)}`;
    case 'not_checked':
      return `-      ${title} not checked: ${finding.because}`;
  }
}

function oneLine(text: string): string {
  return text
    .split('\n')
    .map(line => line.trim())
    .join(' ');
}
