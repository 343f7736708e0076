/** docs/commands.md: every command with all its flags, made from the commands themselves. */
import {
  COMMON_GROUP,
  type CommandReference,
  type FlagReference,
  type Section,
} from '../src/cli/help/reference.ts';

export function commandsPage(program: string, sections: readonly Section[]): string {
  return `${[
    '# Commands',
    '',
    `<!-- Made by "npm run docs" from what the commands say of themselves. -->`,
    '',
    `In the order in which they are needed. \`${program} COMMAND --help\` says the same in a terminal. Every command takes \`--json\` (nothing but JSON on standard output), \`--verbose\` (a detailed log) and \`--help\`.`,
    '',
    ...sections.flatMap(({ title, commands }) => [
      `**${title}:** ${commands.map(({ name }) => `[${name}](#${anchor(program, name)})`).join(', ')}`,
      '',
    ]),
    ...sections.flatMap(({ commands }) => commands.flatMap(command => commandLines(program, command))),
  ]
    .join('\n')
    .trimEnd()}\n`;
}

function commandLines(
  program: string,
  { name, summary, description, args, flags, examples }: CommandReference,
): string[] {
  return [
    `## ${program} ${name}`,
    '',
    markdown(summary),
    '',
    ...(description ? [markdown(description), ''] : []),
    ...(examples.length > 0 ? ['```sh', ...examples.map(({ command }) => command), '```', ''] : []),
    ...table(
      'argument',
      args.map(arg => [
        arg.options.length > 0 ? arg.options.join(' | ') : arg.name.toUpperCase(),
        arg.description + (arg.required ? '; required' : ''),
      ]),
    ),
    ...table(
      'flag',
      flags.filter(({ group }) => group !== COMMON_GROUP).map(flag => [spelled(flag), meaningOf(flag)]),
    ),
  ];
}

function spelled({ name, char, allowNo, value }: FlagReference): string {
  const long = `--${allowNo ? '[no-]' : ''}${name}`;
  return `${char === null ? '' : `-${char}, `}${long}${value === null ? '' : ` ${value}`}`;
}

function meaningOf(flag: FlagReference): string {
  const preset = flag.default === null ? '' : `; ${flag.default} by default`;
  return `${flag.description}${preset}${flag.required ? '; required' : ''}`;
}

function table(title: string, rows: readonly (readonly [string, string])[]): string[] {
  if (rows.length === 0) return [];
  const lines = rows.map(([code, meaning]) => `| \`${code.replaceAll('|', '\\|')}\` | ${cell(meaning)} |`);
  return [`| ${title} | |`, '|---|---|', ...lines, ''];
}

function cell(content: string): string {
  return markdown(content).replaceAll('|', '\\|').replaceAll('\n', ' ');
}

/** Placeholders like {stage} and <id> are shown as they are, and an underscore emphasizes nothing. */
function markdown(content: string): string {
  return content.replace(/[<*_[\]]/g, '\\$&');
}

/** As GitHub makes it of the heading. */
function anchor(program: string, name: string): string {
  return `${program} ${name}`.toLowerCase().replaceAll(' ', '-');
}
