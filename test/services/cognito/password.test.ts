import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import { promptsOn } from '../../../src/cli/ui/prompts.ts';
import { questionsFor } from '../../../src/services/cognito/questions.ts';
import type { RunError } from '../../../stages/errors.ts';
import { rejection } from '../../config/scratch.ts';

const terminal = (isTTY: boolean) =>
  Object.assign(new PassThrough(), { isTTY }) as unknown as NodeJS.ReadStream;
const username = 'someone@example.com';

describe('the password', () => {
  const ask = (env: object, input: NodeJS.ReadStream, output?: NodeJS.WriteStream) =>
    questionsFor({ env: { ...env }, username, openPrompts: promptsOn, input, output }).password();

  it('comes from AMPLIFY_MEDIA_MIGRATOR_PASSWORD, with its spaces', async () => {
    const env = { AMPLIFY_MEDIA_MIGRATOR_PASSWORD: ' with spaces ' };
    expect(await ask(env, terminal(true))).to.equal(' with spaces ');
  });

  it('is not asked for without a terminal', async () => {
    for (const env of [{}, { AMPLIFY_MEDIA_MIGRATOR_PASSWORD: '' }]) {
      const error = await rejection<RunError>(ask(env, terminal(false)));
      expect(error.code).to.equal('no_password');
      expect(error.remedy).to.contain('AMPLIFY_MEDIA_MIGRATOR_PASSWORD');
    }
  });

  it('is asked for on a terminal, and not shown there', async () => {
    const input = terminal(true);
    const output = new PassThrough();
    const shown: Buffer[] = [];
    let typed = false;
    output.on('data', chunk => {
      shown.push(chunk);
      if (typed || !Buffer.concat(shown).includes(username)) return;
      typed = true;
      // The prompt listens only after it has drawn itself.
      setImmediate(() => (input as unknown as PassThrough).write('Correct-Horse-1\r'));
    });
    expect(await ask({}, input, output as unknown as NodeJS.WriteStream)).to.equal('Correct-Horse-1');
    expect(Buffer.concat(shown).toString()).to.contain('someone@example.com').and.not.contain('Horse');
  });
});
