/** inquirer's prompts, with control characters made visible in all foreign text. */
import { styleText } from 'node:util';
import type { ConfigPrompts } from '../../config/interview.ts';
import { visible, visibleLines } from '../../run/text/visible.ts';
import type { Streams } from '../../services/cognito/questions.ts';
import { unguarded } from './guarded-streams.ts';

const theme = {
  style: {
    message: (text: string) => styleText('bold', visibleLines(text)),
    answer: (text: string) => styleText('cyan', visible(text)),
    defaultAnswer: (text: string) => styleText('dim', `(${visible(text)})`),
    error: (text: string) => styleText('red', `> ${visible(text)}`),
  },
};

/** Prompts are on standard error, so that standard output stays data. Ctrl-C throws ExitPromptError. */
export async function promptsOn({ input = process.stdin, output = process.stderr }: Streams = {}) {
  const prompts = await import('@inquirer/prompts');
  // inquirer writes escape sequences.
  const streams = { input, output: unguarded(output) };
  return {
    input: (
      question: Pick<Parameters<typeof prompts.input>[0], 'message' | 'default' | 'validate'>,
      context: { signal?: AbortSignal; clearPromptOnDone?: boolean } = {},
    ) => prompts.input({ ...question, theme }, { ...streams, ...context }),
    password: (question: Pick<Parameters<typeof prompts.password>[0], 'message' | 'validate'>) =>
      prompts.password({ ...question, toggleMask: false, theme }, streams),
    confirm: (message: string) => prompts.confirm({ message, default: false, theme }, streams),
    select: (question: { message: string; choices: readonly { name: string; value: string }[] }) =>
      prompts.select(
        {
          message: question.message,
          choices: question.choices.map(({ name, value }) => ({ name: visible(name), value })),
          theme,
        },
        streams,
      ),
  };
}

export function configPrompts(say: (text: string) => void, streams?: Streams): ConfigPrompts {
  return {
    tell: say,
    async text({ message, current, check }) {
      const { input } = await promptsOn(streams);
      const answer = await input({
        message,
        ...(current ? { default: current } : {}),
        validate: async text => (await check(text)) ?? true,
      });
      return answer.trim();
    },
    async choose(question) {
      const { select } = await promptsOn(streams);
      return select(question);
    },
  };
}
