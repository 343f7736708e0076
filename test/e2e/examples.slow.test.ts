/** Every line that the help shows is typed for real, in the order of the work, by a shell, against the local cloud. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { StageName } from '../../stages/record.ts';
import { COMMANDS } from '../command-list.ts';
import { binFolder } from '../project-root.ts';
import { type Home, Sandbox } from './sandbox.ts';

/** These ask somebody at a browser or a terminal; they are tried in the tests of the sign-in and of the questions. */
const FOR_A_PERSON = /^migrator (login google( .*)?|config)$/;

/** Manifests that examples read, as somebody who follows the stages has them. */
const MANIFESTS: Readonly<Record<string, StageName>> = {
  'list.ndjson': 'list',
  'resolved.ndjson': 'resolve',
  'transferred.ndjson': 'transfer',
};

/** Each command finds what the ones before it leave. */
const ORDER = (
  'config, login google, login aws, doctor, scan, review, migrate, status, report, resume, verify, list, parse, resolve, ' +
  'transfer, link, export, observations-without-media, undo, logout, show'
).split(', ');
const commands = COMMANDS.toSorted((a, b) => ORDER.indexOf(a.name) - ORDER.indexOf(b.name));

describe('the examples of', () => {
  const sandbox = Sandbox.forAll();
  let home: Home;
  let folderId: string;
  let place: string;

  before(async () => {
    const ids = [6600, 6601, 6602];
    const names = ['6600.jpg', '6600-6601.jpg', '6602.mp4', '6602A.jpg'];
    folderId = sandbox.seed(Object.fromEntries(names.map(name => [name, `content of ${name}`])), ids);
    home = await sandbox.home({ folderId });
    place = join(sandbox.folder, 'place');
    mkdirSync(place);
    home.env.PATH = `${binFolder(join(sandbox.folder, 'bin'))}:${process.env.PATH}`;
    writeFileSync(join(place, 'amplify_outputs.json'), JSON.stringify(sandbox.cloud.amplifyOutputs()));
    writeFileSync(join(place, 'password-file'), `${sandbox.cloud.admin.password}\n`);
  });

  /** Types a line as at a terminal: neither input nor output is a pipe unless the line makes it one. */
  const typed = (line: string, env: Record<string, string>): Promise<{ code: number | null; said: string }> =>
    new Promise((resolve, reject) => {
      const isWatching = line.includes('--watch');
      const child = spawn('/bin/sh', ['-c', isWatching ? `exec ${line}` : line], {
        cwd: place,
        env,
        stdio: ['ignore', isWatching ? 'pipe' : 'ignore', 'pipe'],
      });
      const texts: string[] = [];
      child.stderr!.setEncoding('utf8').on('data', (text: string) => texts.push(text));
      child.on('error', reject);
      if (isWatching) {
        // It runs until Ctrl-C, which comes when it has shown something.
        const shown = [child.stdout!, child.stderr!].map(stream => once(stream, 'data'));
        void Promise.race(shown).then(() => child.kill('SIGINT'));
      }
      child.on('close', code => resolve({ code, said: texts.join('') }));
    });

  /** What an example changes in the configuration must not change what the others do. */
  const envFor = (name: string) =>
    name === 'config'
      ? { ...home.env, AMPLIFY_MEDIA_MIGRATOR_HOME: join(sandbox.folder, 'other-home') }
      : home.env;

  const provide = (line: string) => {
    for (const [, file = ''] of line.matchAll(/(?:<|--in) (\S+)/g)) {
      const stage = MANIFESTS[file];
      if (stage && !existsSync(join(place, file)))
        copyFileSync(home.manifestPath(folderId, stage), join(place, file));
    }
  };

  const keys = () => sandbox.cloud.s3.objects().map(({ key }) => key.split('/').at(-1));

  for (const { name, examples } of commands) {
    it(name, async () => {
      expect(examples, `examples of ${name}`).not.to.be.empty;
      for (const command of examples) {
        expect(command).to.contain(`migrator ${name}`);
        if (FOR_A_PERSON.test(command)) continue;
        const line = command.replaceAll('FOLDER_ID', folderId);
        provide(line);
        const { code, said } = await typed(line, envFor(name));
        // 3: finished, and a file of the folder needs a person.
        expect(code, `${command}\n${said}`).to.be.oneOf([0, 3]);
        expect(said, command).not.to.contain('Error:');
      }
      if (name === 'migrate')
        expect(keys()).to.have.members(['6600.jpg', '6600-6601.jpg', '6602.mp4', '6602A.jpg']);
      if (name === 'undo') expect(keys()).to.be.empty;
    });
  }

  it('all commands ask a person in few lines only', () => {
    const lines = commands.flatMap(({ examples }) => examples);
    expect(lines.filter(line => FOR_A_PERSON.test(line))).to.have.lengthOf.below(4);
  });
});
