/** What all commands share: --json and --verbose, configuration, warnings, errors and exit codes. */
import { dirname } from 'node:path';
import { Command, Flags, type Interfaces } from '@oclif/core';
import { RunError } from '../../stages/errors.ts';
import { Shutdown } from '../../stages/flow/shutdown.ts';
import { EXIT } from '../config/error.ts';
import { closeToOthers, openToOthers } from '../config/files/private-files.ts';
import { cognitoTokenPath, type Env, homeFolder } from '../config/home.ts';
import { type LoadedConfig, loadConfig } from '../config/load.ts';
import { withoutSecrets } from '../config/secrets.ts';
import type { Config, ConfigValues } from '../config/settings.ts';
import type { Run } from '../run/manifest/run.ts';
import { jsonOf, visible } from '../run/text/visible.ts';
import { normalizeProxies } from '../services/network/proxy.ts';
import { Services, type ServicesOptions } from '../services/services.ts';
import { type Logger, openLog, openLogFile } from './log.ts';
import { asLines, guardStandardStreams } from './ui/guarded-streams.ts';
import { promptsOn } from './ui/prompts.ts';

/** The environment without the password, which child processes and diagnostic reports would inherit from the process's environment. */
const ENVIRONMENT: Env = { ...process.env };
delete process.env.AMPLIFY_MEDIA_MIGRATOR_PASSWORD;

type FlagsOf<T extends typeof Command> = Interfaces.InferredFlags<
  (typeof BaseCommand)['baseFlags'] & T['flags']
>;

export abstract class BaseCommand<T extends typeof Command> extends Command {
  static override baseFlags = {
    json: Flags.boolean({
      description: 'write JSON to standard output, and nothing else',
      helpGroup: 'GLOBAL',
    }),
    verbose: Flags.boolean({ char: 'v', description: 'write a detailed log file', helpGroup: 'GLOBAL' }),
    'log-file': Flags.string({
      description: 'append the log to this file (JSON lines); default: a new file in the logs folder',
      helpValue: 'FILE',
      helpGroup: 'GLOBAL',
    }),
  };

  protected flags!: FlagsOf<T>;
  protected readonly home = homeFolder(process.env);
  protected readonly env: Env = ENVIRONMENT;
  protected readonly shutdown = new Shutdown();
  /** Writes a message, one line per argument. A progress view replaces it, to write above the progress. */
  protected say: (...lines: string[]) => void = (...lines) =>
    void process.stderr.write(asLines(lines, process.stderr));
  protected json = false;
  protected logger: Logger | null = null;
  protected logPath: string | null = null;
  /** Name of the log file; null for commands that write one only with --verbose or LOG_LEVEL. */
  protected readonly logName: string | null = null;
  readonly #deferred: (() => unknown)[] = [];

  override async init(): Promise<void> {
    await super.init();
    guardStandardStreams();
    normalizeProxies(process.env);
    quietOnClosedOutput();
    // Node would print all properties of the error, and an SDK's error may contain the request with its token.
    process.once('uncaughtException', error => {
      void this.catch(error).finally(() => process.exit(EXIT.fatal));
    });
    const { flags } = await this.parse(this.ctor as typeof BaseCommand);
    this.flags = flags as FlagsOf<T>;
    this.json = flags.json ?? false;
    await this.#openLog(flags.verbose ?? false, flags['log-file']);
    this.logger?.info({ command: this.id, version: this.config.version, node: process.version }, 'started');
  }

  async #openLog(verbose: boolean, path: string | undefined): Promise<void> {
    const { env, home } = this;
    const name = this.logName ?? (verbose || env.LOG_LEVEL ? this.id : null);
    if (!path && !name) return;
    const log = await (path ? openLogFile(path, { verbose, env }) : openLog(home, name!, { verbose, env }));
    this.logger = log?.logger ?? null;
    this.logPath = log?.path ?? null;
  }

  /** Where JSON other than records is written. */
  protected get jsonStream(): NodeJS.WriteStream {
    return process.stdout;
  }

  override log(line = ''): void {
    process.stdout.write(asLines([visible(line)], process.stdout));
  }

  protected printJson(value: unknown, indent = 2): void {
    this.jsonStream.write(`${jsonOf(value, indent)}\n`);
  }

  /** `kind` is the same for warnings that differ only in the file or record that they name. */
  protected readonly warnLine = (message: string, kind = message): void => {
    this.logger?.warn(message);
    this.showWarning(message, kind);
  };

  protected showWarning(message: string, _kind: string): void {
    this.say(`Warning: ${message}`);
  }

  protected async configuration(flags: ConfigValues = {}): Promise<Config> {
    const loaded = await loadConfig({ home: this.home, env: this.env, flags });
    await this.warnAbout(loaded);
    return loaded.config;
  }

  protected async warnAbout({ config, warnings }: LoadedConfig): Promise<void> {
    for (const warning of [...warnings, ...(await this.#closedFiles(config))]) this.warnLine(warning);
  }

  /** Calls it when the command has ended, also by an error: what was deferred last comes first. */
  protected defer(release: () => unknown): void {
    this.#deferred.unshift(release);
  }

  /** Open until the command ends. */
  protected services(config: Config, options: Partial<ServicesOptions> = {}): Services {
    const { env, warnLine: warn } = this;
    const services = new Services({ config, env, warn, openPrompts: promptsOn, ...options });
    this.defer(() => services.close());
    return services;
  }

  /** Until the command ends, no other process works on the run, or on its shard. Throws RunError. */
  protected lock(run: Run): void {
    const { shard } = run;
    this.defer(() => run.unlock());
    run.lock(`migrator ${this.id}${shard ? ` --shard ${shard.index}/${shard.count}` : ''}`);
  }

  /** Makes token files private. Other files may be shared on purpose, so that a warning has to do. */
  async #closedFiles({ google_drive: { credentials_path, token_path } }: Config): Promise<string[]> {
    const tokens = [cognitoTokenPath(this.home), token_path];
    const warnings = [this.home, credentials_path].map(openToOthers);
    const mended = tokens.map(path => (dirname(path) === this.home ? closeToOthers : openToOthers)(path));
    return (await Promise.all([...warnings, ...mended])).flat();
  }

  override async catch(thrown: Error & { exitCode?: number; oclif?: { exit?: number } }): Promise<void> {
    await this.#report(thrown, this.json || process.argv.includes('--json'));
  }

  async #report(thrown: Error, asJson: boolean): Promise<void> {
    // Cancelled requests fail in many ways; the reason of the shutdown is what matters.
    const error = (this.shutdown.killSignal.aborted && this.shutdown.reason) || thrown;
    if (error.name === 'ExitPromptError') this.exit(EXIT.interrupted);
    if ((error as NodeJS.ErrnoException).code === 'EEXIT') throw error;
    const known =
      error instanceof RunError
        ? error
        : ((await this.#usage(error)) ?? unexpectedError(error, this.logPath));
    const { code, remedy, exitCode } = known;
    const message = withoutSecrets(known.message, [this.env.AMPLIFY_MEDIA_MIGRATOR_PASSWORD ?? '']);
    // A stack trace is only useful for unexpected errors.
    if (exitCode === EXIT.interrupted) this.logger?.info({ code }, message);
    else this.logger?.error(known === error ? { code, remedy } : { err: error }, message);
    process.exitCode = exitCode;
    if (asJson) {
      this.printJson({ error: { code, message, remedy } });
    } else {
      const kind = exitCode === EXIT.interrupted || exitCode === EXIT.unfinished ? '' : 'Error: ';
      this.say(`${kind}${message}`, remedy);
    }
  }

  /** oclif's own errors about flags and arguments; null for all others. */
  async #usage(error: Error): Promise<RunError | null> {
    const { usageErrorOf } = await import('./usage-error.ts');
    const { id, flags, baseFlags } = this.ctor;
    const flagNames = Object.entries({ ...baseFlags, ...flags }).flatMap(([name, flag]) =>
      flag.type === 'boolean' && flag.allowNo ? [name, `no-${name}`] : [name],
    );
    return usageErrorOf(error, { name: id.replaceAll(':', ' '), flagNames });
  }

  override async finally(error: Error | undefined): Promise<void> {
    for (const release of this.#deferred) {
      try {
        await release();
      } catch (thrown) {
        const failure = thrown as Error;
        const isReported = this.shutdown.killSignal.aborted || failure.message === error?.message;
        // The result or the error is already written as JSON; a second document would make it unreadable.
        if (!isReported) await this.#report(failure, false);
      }
    }
    this.logger?.info({ exitCode: process.exitCode ?? 0 }, 'ended');
    await super.finally(error);
    // Cancelled requests may still wait for a response, which would keep the process running.
    if (this.shutdown.killSignal.aborted) process.exit();
  }
}

function unexpectedError(error: Error, logPath: string | null): RunError {
  const { code = '', message, path } = error as NodeJS.ErrnoException;
  if (path && ['EACCES', 'EPERM', 'EROFS'].includes(code)) {
    const remedy = 'Check who owns it: files of a command that was run with sudo belong to root.';
    return new RunError('file_refused', `${path} cannot be used: ${message}.`, remedy);
  }
  if (['ENOSPC', 'EDQUOT'].includes(code)) {
    return new RunError(
      'disk_full',
      `The disk is full: ${message}.`,
      'Free some space, or write to another disk, then run the command again. Progress is saved.',
    );
  }
  const remedy = logPath
    ? `See ${logPath} for details. Progress is saved; you can run the command again.`
    : 'Run the command again with --verbose and check the log. Progress is saved.';
  return new RunError('unexpected', `Unexpected error: ${message}`, remedy);
}

/** In `migrator list | head -3` a closed pipe is no error. */
function quietOnClosedOutput(): void {
  // A closed standard error is no reason to stop.
  process.stderr.on('error', () => {});
  process.stdout.on('error', error => {
    const { code } = error as NodeJS.ErrnoException;
    // The terminal was closed; the SIGHUP that follows ends the command.
    if (code === 'EIO') return;
    if (code === 'EPIPE') process.exit(EXIT.ok);
    throw error;
  });
}
