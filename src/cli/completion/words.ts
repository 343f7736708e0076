/** What can be typed where, for the completion scripts of all shells. */
import type { CommandReference, FlagReference, Section } from '../help/reference.ts';

export interface CompletionInput {
  /** Names under which the program is installed; the first names the functions. */
  programs: readonly [string, ...string[]];
  sections: readonly Section[];
}

export interface Topic {
  name: string;
  /** The words that may follow, with what they do. */
  commands: { word: string; command: CommandReference }[];
}

export function commandsOf(sections: readonly Section[]): CommandReference[] {
  return sections.flatMap(({ commands }) => commands);
}

/** Words that commands of two words begin with: `login`. */
export function topicsOf(sections: readonly Section[]): Topic[] {
  const topics = new Map<string, Topic>();
  for (const command of commandsOf(sections)) {
    const [name = '', word] = command.name.split(' ');
    if (word === undefined) continue;
    const topic = topics.get(name) ?? { name, commands: [] };
    topic.commands.push({ word, command });
    topics.set(name, topic);
  }
  return [...topics.values()];
}

/** Words that may stand first: commands of one word, and topics, in the order of the workflow. */
export function firstWordsOf(sections: readonly Section[]): { word: string; summary: string }[] {
  const words = new Map<string, string>();
  for (const { name, summary } of commandsOf(sections)) {
    const [word = '', second] = name.split(' ');
    if (second === undefined) words.set(word, summary);
    else words.set(word, words.has(word) ? `${words.get(word)}, ${second}` : second);
  }
  return [...words].map(([word, summary]) => ({ word, summary }));
}

/** All ways to give a flag: `--verbose`, `-v`, `--no-browser`. */
export function spellingsOf({ name, char, allowNo }: FlagReference): string[] {
  return [`--${name}`, ...(allowNo ? [`--no-${name}`] : []), ...(char === null ? [] : [`-${char}`])];
}

/** Values of a command's arguments: those it names, or, for `help`, commands. */
export function argumentWordsOf(command: CommandReference, sections: readonly Section[]): string[] {
  if (command.args.some(({ name }) => name === 'command'))
    return firstWordsOf(sections).map(({ word }) => word);
  return command.args.flatMap(({ options }) => options);
}
