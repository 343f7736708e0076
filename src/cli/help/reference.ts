/** What is known of the commands, as plain data: help, manual, documentation and completion are all made from it. */
import type { Command } from '@oclif/core';
import { REST, WORKFLOW } from './workflow.ts';

/** Of oclif's configuration, what is needed to tell about the commands. */
export interface Commands {
  bin: string;
  commands: readonly Command.Cached[];
}

/** The group of the flags that every command has. */
export const COMMON_GROUP = 'GLOBAL';

export interface FlagReference {
  /** Without hyphens. */
  name: string;
  char: string | null;
  /** Whether there is `--no-NAME` too. */
  allowNo: boolean;
  /** What its value is called, like `FILE`; null if it takes none. */
  value: string | null;
  /** The only values that it takes; empty if it takes others. */
  options: string[];
  default: string | null;
  required: boolean;
  /** Whether it may be given more than once. */
  multiple: boolean;
  /** Whether one value may be several, with commas between them. */
  isList: boolean;
  description: string;
  /** Under which heading it stands; null for the command's own flags. */
  group: string | null;
}

export interface ArgumentReference {
  name: string;
  required: boolean;
  /** Whether it may be given more than once. */
  multiple: boolean;
  options: string[];
  description: string;
}

export interface Example {
  description: string | null;
  command: string;
}

export interface CommandReference {
  /** As it is typed: `login google`. */
  name: string;
  summary: string;
  /** What there is to say beyond the summary; may be empty. */
  description: string;
  args: ArgumentReference[];
  flags: FlagReference[];
  examples: Example[];
}

export interface Section {
  title: string;
  commands: CommandReference[];
}

/** All commands that are not hidden, in the order of the workflow; sections without commands are left out. */
export function sectionsOf({ bin, commands: loadable }: Commands): Section[] {
  const commands = new Map(
    loadable
      .filter(({ hidden }) => !hidden)
      .map(command => referenceTo(command, bin))
      .map(command => [command.name, command]),
  );
  const named = new Set(WORKFLOW.flatMap(section => section.commands));
  const others = [...commands.keys()].filter(name => !named.has(name));
  return [...WORKFLOW, { title: REST, commands: others }]
    .map(({ title, commands: names }) => ({
      title,
      commands: names.flatMap(name => commands.get(name) ?? []),
    }))
    .filter(section => section.commands.length > 0);
}

function referenceTo(command: Commands['commands'][number], bin: string): CommandReference {
  const name = command.id.replaceAll(':', ' ');
  const render = (text: string) =>
    text.replace(/<%=\s*config\.bin\s*%>/g, bin).replace(/<%=\s*command\.id\s*%>/g, name);
  const [first = '', ...more] = render(command.description ?? '').split('\n');
  const { summary } = command;
  return {
    name,
    summary: summary ? render(summary) : first,
    description: (summary ? [first, ...more] : more).join('\n').trim(),
    args: Object.values(command.args ?? {})
      .filter(({ hidden }) => !hidden)
      .map(arg => ({
        name: arg.name,
        required: Boolean(arg.required),
        multiple: Boolean(arg.multiple) || command.strict === false,
        options: [...(arg.options ?? [])],
        description: render(arg.description ?? ''),
      })),
    flags: Object.values(command.flags ?? {})
      .filter(({ hidden }) => !hidden)
      .map(flag => ({ ...flagReference(flag), description: render(flag.summary ?? flag.description ?? '') })),
    examples: (command.examples ?? []).flatMap(example => examplesIn(example, render)),
  };
}

function flagReference(flag: Command.Flag.Cached): Omit<FlagReference, 'description'> {
  const common = {
    name: flag.name,
    char: flag.char ?? null,
    required: Boolean(flag.required),
    group: flag.helpGroup ?? null,
  };
  if (flag.type === 'boolean')
    return {
      ...common,
      allowNo: Boolean(flag.allowNo),
      multiple: false,
      isList: false,
      value: null,
      options: [],
      default: null,
    };
  const { helpValue, options = [] } = flag;
  const value = Array.isArray(helpValue) ? helpValue.join(' ') : helpValue;
  return {
    ...common,
    allowNo: false,
    multiple: Boolean(flag.multiple),
    isList: flag.delimiter === ',',
    value: value ?? (options.length > 0 ? options.join('|') : 'VALUE'),
    options: [...options],
    default: flag.default === undefined || flag.default === null ? null : String(flag.default),
  };
}

function examplesIn(example: Command.Example, render: (text: string) => string): Example[] {
  if (typeof example !== 'string')
    return [{ description: render(example.description), command: render(example.command) }];
  return [{ description: null, command: render(example).replace(/^\$ /, '') }];
}

/** Whether a flag's value is the path of a file or folder. */
export function takesPath({ name, value }: FlagReference): boolean {
  return value !== null && (/^(FILE|FOLDER|PATH)$/i.test(value) || /(^|-)(file|path)$/.test(name));
}
