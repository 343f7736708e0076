import type { Hook } from '@oclif/core';
import { UsageError } from '../config/error.ts';
import { nearest } from '../config/nearest.ts';

/** Names of similar commands in other tools. */
const OTHER_NAMES: Readonly<Record<string, string>> = { validate: 'doctor', check: 'doctor' };

/** On a terminal the plugin offers to run the nearest command; a script gets an error that names it. */
const commandNotFound: Hook.CommandNotFound = async function (options) {
  const { config } = options;
  const typed = options.id.replaceAll(':', ' ');
  const [first = '', ...rest] = typed.split(' ');
  if (config.findCommand(first))
    throw new UsageError(
      `"${config.bin} ${first}" takes no argument: ${rest.join(' ')}.`,
      `"${config.bin} ${first} --help" shows its flags and examples.`,
    );
  const ids = config.commands.filter(({ hidden }) => !hidden).map(({ id }) => id);
  const meant = OTHER_NAMES[options.id] ?? nearest(options.id, ids);
  const help = `"${config.bin} --help" lists all commands.`;
  const unknown = new UsageError(
    `"${typed}" is not a ${config.bin} command.`,
    meant ? `Did you mean "${config.bin} ${meant.replaceAll(':', ' ')}"? ${help}` : help,
  );
  const canAsk = process.stdin.isTTY && process.stdout.isTTY && !process.argv.includes('--json');
  if (!meant || !canAsk) throw unknown;

  const { default: askAndRun } = await import('@oclif/plugin-not-found');
  const context = {
    ...this,
    config,
    warn: () => process.stderr.write(`${unknown.message}\n`),
    error: () => {
      throw unknown;
    },
  };
  await askAndRun.call(context as unknown as typeof this, options);
};

export default commandNotFound;
