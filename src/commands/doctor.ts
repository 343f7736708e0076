import { styleText } from 'node:util';
import { BaseCommand } from '../cli/base-command.ts';
import type { Finding } from '../cli/doctor/check.ts';
import { folderFlag } from '../cli/flags.ts';
import { asLines, unguarded } from '../cli/ui/guarded-streams.ts';
import { EXIT } from '../config/error.ts';
import { loadUsable } from '../config/load.ts';
import { Run } from '../run/manifest/run.ts';
import { visible } from '../run/text/visible.ts';
import { folderToContinue, folderToMigrate } from '../run/which-run.ts';

const LABELS = { ok: ['ok', 'green'], wrong: ['FAILED', 'red'], not_checked: ['skipped', 'yellow'] } as const;
const WIDTH = 18;
const INDENT = ' '.repeat(8);
/** A longer wait would look like a hang. */
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
    const { loaded, fault } = await loadUsable({ home: this.home, env: this.env });
    await this.warnAbout(loaded);
    const { config } = loaded;
    const services = this.services(config, { throttleTimeoutMs: THROTTLE_TIMEOUT_MS });
    const { CHECKS, examine } = await import('../cli/doctor/checks.ts');
    const findings: Finding[] = [];
    const flag = this.flags['folder-id'];
    const folderId = folderToMigrate(flag, config) ?? folderToContinue(flag, config, this.home);
    const root = folderId ? new Run(this.home, folderId).facts.root(flag, config) : null;
    const at = { loaded, fault, services, root, env: this.env };
    for await (const finding of examine(CHECKS, at)) {
      findings.push(finding);
      this.logger?.info(finding, 'check');
      if (!this.json) this.#print(finding);
    }
    const ok = findings.every(({ status }) => status !== 'wrong');
    if (this.json) this.printJson({ ok, checks: findings });
    if (!ok) process.exitCode = EXIT.fatal;
  }

  /** Colours need the unguarded stream, because the guard makes escape sequences visible. */
  #print(finding: Finding): void {
    const [label, color] = LABELS[finding.status];
    const [first = '', ...more] = linesOf(finding).map(visible);
    const text = [
      `${label.padEnd(7)} ${finding.title.padEnd(WIDTH)} ${first}`,
      ...more.map(line => INDENT + line),
    ];
    const plain = asLines(text, process.stdout);
    const isColored = process.stdout.isTTY && process.stdout.hasColors();
    const shown = isColored ? styleText(color, label) + plain.slice(label.length) : plain;
    unguarded(process.stdout).write(shown);
  }
}

function linesOf(finding: Finding): string[] {
  if (finding.status === 'ok') return [finding.detail];
  if (finding.status === 'not_checked') return [finding.because];
  return [...finding.problem.split('\n'), `Fix: ${finding.remedy.replace(/\s*\n\s*/g, ' ')}`];
}
