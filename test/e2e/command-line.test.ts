import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { COMMANDS } from '../command-list.ts';
import { projectRoot, RUN } from '../project-root.ts';
import { run } from './run-command.ts';
import { linesOf } from './sandbox.ts';

/** The package that a loaded file belongs to. */
const PACKAGE = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//;

describe('the command line', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'command-line-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const migrator = (args: string[], env: Record<string, string> = {}, stdin?: string) =>
    run(args, { env: { HOME: folder, AMPLIFY_MEDIA_MIGRATOR_HOME: join(folder, 'home'), ...env }, stdin });

  describe('shows', () => {
    it('its version', async () => {
      const { version } = JSON.parse(readFileSync(join(projectRoot(), 'package.json'), 'utf8'));
      const line = `amplify-media-migrator/${version} ${process.platform}-${process.arch} node-${process.version}\n`;
      for (const flag of ['--version', '-V']) {
        const { code, stdout } = await migrator([flag]);
        expect([code, stdout]).to.deep.equal([0, line]);
      }
    });

    it('all commands without any arguments, with --help, -h and "help"', async () => {
      const { code, stdout } = await migrator([]);
      expect(code).to.equal(0);
      for (const name of [...COMMANDS.map(({ name }) => name.split(' ')[0]), 'autocomplete'])
        expect(stdout).to.match(new RegExp(`^ {2}${name}  `, 'm'));
      for (const args of [['--help'], ['-h'], ['help']])
        expect((await migrator(args)).stdout, args.join(' ')).to.equal(stdout);
    });

    it('nothing wider than the terminal, and uses what there is', async () => {
      for (const [columns, ...args] of [
        [80],
        [80, 'migrate', '--help'],
        [120, 'config', '--help'],
      ] as const) {
        const { stdout } = await migrator(args, { OCLIF_COLUMNS: String(columns) });
        const widest = Math.max(...stdout.split('\n').map(line => line.length));
        expect(widest, args.join(' ')).to.be.within(columns * 0.6, columns);
      }
    });

    it('everything about one command, by "help COMMAND" as by "COMMAND --help"', async () => {
      const [byWord, byFlag] = await Promise.all([
        migrator(['help', 'login', 'aws']),
        migrator(['login', 'aws', '--help']),
      ]);
      expect(byWord).to.deep.equal(byFlag);
      expect(byFlag.stdout)
        .to.match(/^Sign in to the Cognito/)
        .and.contain('--password-stdin')
        .and.contain('EXAMPLES');
    });

    it('what a topic holds, when it stands alone', async () => {
      const { code, stdout } = await migrator(['login']);
      expect(code).to.equal(0);
      expect(stdout)
        .to.match(/login aws .*Cognito/)
        .and.match(/login google .*browser/);
    });
  });

  describe('knows what was meant:', () => {
    for (const [typed, ...says] of [
      ['migrat', 'Did you mean "migrator migrate"?'],
      ['Status', 'Did you mean "migrator status"?'],
      ['resumee --folder-id x', 'Did you mean "migrator resume"?'],
      ['login gogle', 'Did you mean "migrator login google"?'],
      ['validate --folder-id x', 'Did you mean "migrator doctor"?'],
      ['frobnicate', '"frobnicate" is not a migrator command.\n"migrator --help"'],
      ['help verfy', '"verfy" is not a migrator command.'],
      ['verfy --help', '"verfy" is not a migrator command.'],
      ['migrate --concurency=3 --dryrun', 'Unknown flags for "migrator migrate": --concurency, --dryrun.'],
      ['migrate --concurency', 'Did you mean --concurrency', '"migrator migrate --help"'],
      ['status FOLDER', '"migrator status" takes no argument'],
      // Nothing is done of what control characters ask for.
      ['mig\u001b[31m\u202e', 'mig\\u001b[31m\\u202e'],
    ]) {
      it(JSON.stringify(typed), async () => {
        const { code, stdout, stderr } = await migrator(typed!.split(' '));
        expect([code, stdout]).to.deep.equal([2, '']);
        expect(stderr).to.match(/^Error: .*\n.*\n$/);
        for (const words of says) expect(stderr).to.contain(words);
      });
    }

    it('a file to read from that is not there', async () => {
      const { code, stdout, stderr } = await migrator(['parse', '--in', 'nofile.ndjson']);
      expect([code, stdout]).to.deep.equal([1, '']);
      expect(stderr)
        .to.contain('--in names a file that does not exist: nofile.ndjson')
        .and.not.contain('stage before');
    });

    it('and gives it as JSON with --json', async () => {
      for (const args of [['migrat'], ['migrate', '--concurency'], ['logout', 'nobody']]) {
        const { code, stdout, stderr } = await migrator([...args, '--json']);
        expect([code, stderr], args.join(' ')).to.deep.equal([2, '']);
        const { error } = JSON.parse(stdout);
        expect(error).to.have.all.keys('code', 'message', 'remedy').and.include({ code: 'usage' });
      }
    });
  });

  describe('starts quickly:', () => {
    /** Names of the packages whose code the process has loaded: V8 says which files. */
    const packagesOf = async (args: string[], stdin?: string): Promise<string[]> => {
      const coverage = mkdtempSync(join(folder, 'coverage-'));
      const { code, stderr } = await migrator(args, { NODE_V8_COVERAGE: coverage }, stdin);
      expect(code, stderr).to.equal(0);
      const urls = readdirSync(coverage).flatMap(name => {
        const { result } = JSON.parse(readFileSync(join(coverage, name), 'utf8'));
        return (result as { url: string }[]).map(({ url }) => url);
      });
      expect(urls.some(url => url.endsWith('/bin/run.js'))).to.equal(true);
      const names = urls.flatMap(url => PACKAGE.exec(url)?.[1] ?? []);
      return [...new Set(names)].sort();
    };

    it('--version loads no package at all', async () => {
      expect(await packagesOf(['--version'])).to.deep.equal([]);
    });

    it('help loads nothing but oclif and what belongs to it', async () => {
      const packages = [...(await packagesOf(['--help'])), ...(await packagesOf(['migrate', '--help']))];
      expect(packages).to.include('@oclif/core').and.not.include.members(['valibot']);
      expect(packages.filter(name => /aws|google|graphql|inquirer|pino|valibot|uuid/.test(name))).to.be.empty;
    });

    it('parse loads no SDK, no log, no prompts', async () => {
      const packages = await packagesOf(['parse'], linesOf([{ id: '1a', name: '6602.jpg' }]));
      expect(packages).to.include('@oclif/core');
      expect(packages.filter(name => /aws|smithy|google|graphql|inquirer|pino|uuid/.test(name))).to.be.empty;
    });

    it('and the same when it is started through a link, as npm installs it', async () => {
      const link = join(folder, 'migrator');
      symlinkSync(RUN, link);
      const { status, stdout } = spawnSync(link, ['parse', '--help'], { encoding: 'utf8' });
      expect(status).to.equal(0);
      expect(stdout).to.contain('$ migrator parse');
    });
  });

  it('completes commands and flags in bash', async () => {
    const cache = join(folder, 'cache');
    const { code, stdout } = await migrator(['autocomplete', 'bash'], {
      XDG_CACHE_HOME: cache,
      SHELL: '/bin/bash',
    });
    expect(code).to.equal(0);
    expect(stdout).to.contain('migrator autocomplete script bash');
    const script = readFileSync(
      join(cache, 'amplify-media-migrator', 'autocomplete', 'functions', 'bash', 'migrator.bash'),
      'utf8',
    );
    expect(script)
      .to.match(/^migrate .*--concurrency/m)
      .and.to.contain('complete');
  });

  it('has a summary for every command and a description for every flag', () => {
    for (const { name, summary, flags } of COMMANDS) {
      expect(summary, name).to.match(/^[A-Z].*\.$/s);
      for (const flag of Object.values(flags))
        expect(flag.description, `${name} --${flag.name}`).to.match(/^\S/);
    }
  });
});
