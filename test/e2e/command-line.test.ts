import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { loadCommands, MANIFEST, manifestOf } from '../../build/commands.ts';
import { sectionsOf } from '../../src/cli/help/reference.ts';
import { REST, WORKFLOW } from '../../src/cli/help/workflow.ts';
import { projectRoot } from '../project-root.ts';
import { run } from './run-command.ts';
import { linesOf } from './sandbox.ts';

const LISTED = {
  ...{ id: '1a', name: '6602.jpg', path: '', size: 3, mimeType: 'image/jpeg', md5: null },
  ...{ modifiedTime: '2026-01-01T00:00:00Z', status: 'pending' },
};

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
    it('its version as oclif does', async () => {
      const { version } = JSON.parse(readFileSync(join(projectRoot(), 'package.json'), 'utf8'));
      const { code, stdout } = await migrator(['--version']);
      expect(code).to.equal(0);
      expect(stdout).to.equal(
        `amplify-media-migrator/${version} ${process.platform}-${process.arch} node-${process.version}\n`,
      );
    });

    it('all commands in the order of the work, without any arguments, with --help, -h and "help"', async () => {
      const { code, stdout } = await migrator([]);
      expect(code).to.equal(0);
      const names = sectionsOf(await loadCommands()).flatMap(({ commands }) =>
        commands.map(({ name }) => name),
      );
      const places = names.map(name => stdout.search(new RegExp(`^ {2}${name}  `, 'm')));
      expect(places, names.join(', '))
        .to.deep.equal(places.toSorted((a, b) => a - b))
        .and.not.include(-1);
      for (const args of [['--help'], ['-h'], ['help'], ['--help', '--help']])
        expect((await migrator(args)).stdout, args.join(' ')).to.equal(stdout);
    });

    for (const columns of [80, 200]) {
      it(`nothing wider than a terminal of ${columns} columns, and uses what there is`, async () => {
        const { stdout } = await migrator([], { OCLIF_COLUMNS: String(columns) });
        const widest = Math.max(...stdout.split('\n').map(line => line.length));
        expect(widest).to.be.within(columns * 0.6, columns);
      });
    }

    it('everything about one command, by "help COMMAND" as by "COMMAND --help"', async () => {
      const [byWord, byFlag, short] = await Promise.all([
        migrator(['help', 'login', 'aws']),
        migrator(['login', 'aws', '--help']),
        migrator(['login', 'aws', '-h']),
      ]);
      expect(byWord).to.deep.equal(byFlag);
      expect(short).to.deep.equal(byFlag);
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

    it('the same as JSON', async () => {
      const { stdout } = await migrator(['help', 'login', '--json']);
      const { sections } = JSON.parse(stdout);
      expect(sections[0].commands.map(({ name }: { name: string }) => name)).to.deep.equal([
        'login google',
        'login aws',
      ]);
    });
  });

  describe('knows what was meant:', () => {
    const wrong = async (...args: string[]) => {
      const { code, stdout, stderr } = await migrator(args);
      expect([code, stdout]).to.deep.equal([2, '']);
      expect(stderr).to.match(/^Error: .*\n.*\n$/);
      return stderr;
    };

    for (const [typed, meant] of [
      ['migrat', 'migrate'],
      ['mig', 'migrate'],
      ['Status', 'status'],
      ['resumee --folder-id x', 'resume'],
      ['login gogle', 'login google'],
      ['logn aws', 'login aws'],
      ['help verfy', 'verify'],
      ['verfy --help', 'verify'],
      ['validate --folder-id x', 'doctor'],
    ]) {
      it(`${typed}: ${meant}`, async () => {
        expect(await wrong(...typed!.split(' '))).to.contain(`Did you mean "migrator ${meant}"?`);
      });
    }

    it('and guesses nothing where nothing is near', async () => {
      expect(await wrong('frobnicate'))
        .to.contain('There is no command "frobnicate".')
        .and.not.contain('Did you mean');
    });

    it('a flag', async () => {
      const message = await wrong('migrate', '--concurency=3', '--dryrun');
      expect(message).to.contain('"migrator migrate" has no flag --concurency').and.contain('--dry-run');
      expect(message).to.contain('Did you mean --concurrency').and.contain('migrator migrate --help');
    });

    it('a word after a command that takes none', async () => {
      expect(await wrong('status', 'FOLDER')).to.contain('"migrator status" takes no argument');
    });

    it('the shells that completion is for, with the line for each', async () => {
      const { code, stdout, stderr } = await migrator(['completion']);
      expect([code, stdout]).to.deep.equal([2, '']);
      expect(stderr).to.contain('bash, zsh, fish');
      for (const line of [
        '~/.bashrc  +source <\\(migrator completion bash\\)',
        '~/.zshrc .* +source <\\(migrator completion zsh\\)',
        'config.fish  +migrator completion fish \\| source',
      ])
        expect(stderr).to.match(new RegExp(line));
    });

    it('a file to read from that is not there', async () => {
      const { code, stdout, stderr } = await migrator(['parse', '--in', 'nofile.ndjson']);
      expect([code, stdout]).to.deep.equal([1, '']);
      expect(stderr)
        .to.contain('--in names a file that does not exist: nofile.ndjson')
        .and.not.contain('stage before');
    });

    it('and gives it as JSON with --json', async () => {
      for (const args of [['migrat'], ['migrate', '--concurency'], ['logout', 'nobody'], ['completion']]) {
        const { code, stdout, stderr } = await migrator([...args, '--json']);
        expect([code, stderr], args.join(' ')).to.deep.equal([2, '']);
        const { error } = JSON.parse(stdout);
        expect(error).to.have.all.keys('code', 'message', 'remedy').and.include({ code: 'usage' });
      }
    });

    it('without doing what control characters in it ask for', async () => {
      expect(await wrong('mig\u001b[31m\u202e')).to.contain('mig\\u001b[31m\\u202e');
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

    it('--version and the list of commands load no package at all', async () => {
      expect(await packagesOf(['--version'])).to.deep.equal([]);
      expect(await packagesOf(['--help'])).to.deep.equal([]);
    });

    it('the help of a command loads nothing but oclif and what belongs to it', async () => {
      const packages = await packagesOf(['migrate', '--help']);
      expect(packages).to.include('@oclif/core').and.not.include.members(['valibot']);
      expect(packages.filter(name => /aws|google|graphql|inquirer|pino|valibot|uuid/.test(name))).to.be.empty;
    });

    it('parse loads no SDK, no log, no prompts', async () => {
      const packages = await packagesOf(['parse'], linesOf([LISTED]));
      expect(packages).to.include('@oclif/core');
      expect(packages.filter(name => /aws|smithy|google|graphql|inquirer|pino|uuid/.test(name))).to.be.empty;
    });

    it('by a manifest of the commands that is the one of this code', async () => {
      expect(existsSync(MANIFEST), `${MANIFEST}, which "npm run build" writes`).to.equal(true);
      expect(JSON.parse(readFileSync(MANIFEST, 'utf8'))).to.deep.equal(
        JSON.parse(manifestOf(await loadCommands())),
      );
    });

    it('and the same when it is started through a link, as npm installs it', async () => {
      const link = join(folder, 'migrator');
      symlinkSync(join(projectRoot(), 'bin', 'run.js'), link);
      const { spawnSync } = await import('node:child_process');
      const { status, stdout } = spawnSync(link, ['parse', '--help'], { encoding: 'utf8' });
      expect(status).to.equal(0);
      expect(stdout).to.contain('$ migrator parse');
    });
  });

  it('has every command in the workflow, with a summary, and none that there is not', async () => {
    const sections = sectionsOf(await loadCommands());
    expect(sections.map(({ title }) => title)).not.to.include(REST);
    const commands = sections.flatMap(section => section.commands);
    expect(commands.map(({ name }) => name)).to.deep.equal(WORKFLOW.flatMap(section => section.commands));
    for (const { name, summary, flags } of commands) {
      expect(summary, name).to.match(/^[A-Z].*\.$/s);
      for (const flag of flags) expect(flag.description, `${name} --${flag.name}`).not.to.equal('');
    }
  });
});
