import type { Asker } from '../../config/interview.ts';
import { promptsOn, type Streams } from './prompts.ts';

/** Questions at the terminal. Ctrl-C throws ExitPromptError. */
export function terminalAsker(say: (text: string) => void, streams?: Streams): Asker {
  return {
    tell: say,
    async text({ message, current, check }) {
      const { input } = await promptsOn(streams);
      const answer = await input({
        message,
        ...(current ? { default: current } : {}),
        validate: text => check(text) ?? true,
      });
      return answer.trim();
    },
    async choose(question) {
      const { select } = await promptsOn(streams);
      return select(question);
    },
  };
}
