import type { Asker } from '../config/interview.ts';

/** Questions at the terminal, on standard error so that standard output stays data. Ctrl-C throws ExitPromptError. */
export function terminalAsker(
  say: (text: string) => void,
  streams: { input: NodeJS.ReadStream; output: NodeJS.WriteStream } = {
    input: process.stdin,
    output: process.stderr,
  },
): Asker {
  return {
    tell: say,
    async text({ message, current, check }) {
      const { input } = await import('@inquirer/prompts');
      const answer = await input(
        { message, ...(current ? { default: current } : {}), validate: text => check(text) ?? true },
        streams,
      );
      return answer.trim();
    },
    async choose({ message, choices }) {
      const { select } = await import('@inquirer/prompts');
      return select({ message, choices }, streams);
    },
  };
}
