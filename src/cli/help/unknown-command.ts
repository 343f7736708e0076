import type { Interfaces } from '@oclif/core';
import { nearest } from '../../config/nearest.ts';
import { UsageError } from '../usage-error.ts';

/** What other tools call our commands; the Python tool of the same name has "validate". */
const OTHER_NAMES: Readonly<Record<string, string>> = { validate: 'doctor', check: 'doctor' };

/** The error for words that are no command, with the command that was probably meant. */
export function unknownCommand(words: readonly string[], config: Interfaces.Config): UsageError {
  const { bin } = config;
  const help = `"${bin} --help" shows all commands.`;
  const [first = ''] = words;
  if (first.startsWith('-')) return new UsageError(`A command has to stand before ${first}.`, help);
  if (config.findCommand(first) && words.length > 1) {
    const rest = words.slice(1).join(' ');
    return new UsageError(
      `"${bin} ${first}" takes no argument, and was given "${rest}".`,
      `"${bin} ${first} --help" tells how it is used.`,
    );
  }
  const commands = config.commands.filter(({ hidden }) => !hidden).map(({ id }) => id);
  const topics = config.topics.map(({ name }) => name);
  const names = [...new Set([...commands, ...topics])].map(name => name.split(':'));
  const depth = Math.min(words.length, Math.max(...names.map(name => name.length)));
  let meant = OTHER_NAMES[first.toLowerCase()] ?? null;
  for (let count = depth; count > 0 && meant === null; count -= 1) {
    const candidates = names.filter(name => name.length === count).map(name => name.join(' '));
    meant = nearest(words.slice(0, count).join(' '), candidates);
  }
  return new UsageError(
    `There is no command "${words.join(' ')}".`,
    meant === null ? help : `Did you mean "${bin} ${meant}"? ${help}`,
  );
}
