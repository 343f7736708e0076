/** The manual page, in the man(7) language that groff and mandoc read. */
import {
  COMMON_GROUP,
  type CommandReference,
  type FlagReference,
  type Section,
} from '../src/help/reference.ts';

export interface ManPageInput {
  programs: readonly [string, ...string[]];
  version: string;
  /** `2026-01-31`. */
  date: string;
  description: string;
  sections: readonly Section[];
}

const LINE_LENGTH = 80;

const EXIT_CODES = [
  ['0', 'all well'],
  ['1', 'a fatal error; standard error says what it is and what to do'],
  ['2', 'wrong usage'],
  ['3', 'finished, but some files need a person or another run'],
  ['130', 'interrupted'],
] as const;

const FILES = [
  ['config.json', 'the configuration'],
  ['google_token.json, cognito_token.json', 'the sign-ins that are kept'],
  ['runs/FOLDER_ID/STAGE.ndjson', 'the manifests of a run: what is known of each file, one record a line'],
  ['progress_FOLDER_ID.json', 'how far a run is, for people and scripts'],
  ['logs/', 'logs, as JSON lines'],
] as const;

const ENVIRONMENT = [
  ['AMPLIFY_MEDIA_MIGRATOR_HOME', 'the folder of all these files, in place of ~/.amplify-media-migrator'],
  ['AMPLIFY_MEDIA_MIGRATOR_PASSWORD', 'the password for Cognito'],
  ['AWS_REGION, AMPLIFY_API_ENDPOINT, GOOGLE_APPLICATION_CREDENTIALS', 'go before the configuration'],
  ['LOG_LEVEL', 'error, warn, info or debug; with it every command writes a log'],
  ['NO_COLOR', 'no colours'],
] as const;

export function manPage({ programs, version, date, description, sections }: ManPageInput): string {
  const [program] = programs;
  const common = new Map(
    sections
      .flatMap(({ commands }) => commands)
      .flatMap(({ flags }) => flags)
      .filter(({ group }) => group === COMMON_GROUP)
      .map(flag => [flag.name, flag]),
  );
  return [
    `.TH ${program.toUpperCase()} 1 "${date}" "${programs.at(-1)} ${text(version)}" "User Commands"`,
    '.SH NAME',
    `${programs.map(text).join(', ')} \\- ${text(withoutStop(description))}`,
    '.SH SYNOPSIS',
    `.B ${text(program)}`,
    '.I command',
    '.RI [ flags ]',
    '.SH DESCRIPTION',
    paragraphs(description),
    '.PP',
    'The commands follow in the order in which they are needed.',
    ...sections.flatMap(({ title, commands }) => [
      `.SH ${text(title.toUpperCase())}`,
      ...commands.flatMap(command => commandLines(command, program)),
    ]),
    '.SH FLAGS OF ALL COMMANDS',
    ...[...common.values()].flatMap(flagLines),
    '.TP',
    `.BR ${text('--help')}`,
    'tell about the command',
    '.SH EXIT STATUS',
    ...EXIT_CODES.flatMap(entry),
    '.SH ENVIRONMENT',
    ...ENVIRONMENT.flatMap(entry),
    '.SH FILES',
    'In',
    `.IR ${text('~/.amplify-media-migrator')} :`,
    ...FILES.flatMap(entry),
    '',
  ].join('\n');
}

function commandLines(
  { name, summary, description, args, flags, examples }: CommandReference,
  program: string,
) {
  const own = flags.filter(({ group }) => group !== COMMON_GROUP);
  const synopsis = [
    `.B ${text(`${program} ${name}`)}`,
    ...args.map(arg => {
      const word = arg.options.length > 0 ? arg.options.join('|') : arg.name.toUpperCase();
      return `.I ${text(arg.required ? word : `[${word}]`)}`;
    }),
    ...(own.length > 0 ? ['.RI [ flags ]'] : []),
  ];
  return [
    `.SS ${text(name)}`,
    ...synopsis,
    '.PP',
    paragraphs(summary),
    ...(description ? ['.PP', paragraphs(description)] : []),
    ...own.flatMap(flagLines),
    ...(examples.length > 0
      ? [
          '.PP',
          examples.length === 1 ? 'Example:' : 'Examples:',
          '.PP',
          '.RS 4',
          '.nf',
          ...examples.flatMap(({ command }) => command.split('\n').map(row => unread(text(row)))),
          '.fi',
          '.RE',
        ]
      : []),
  ];
}

function flagLines({
  name,
  char,
  allowNo,
  value,
  options,
  default: preset,
  description,
}: FlagReference): string[] {
  const spelled = `${char === null ? '' : `-${char}, `}--${allowNo ? '[no-]' : ''}${name}`;
  const more = [
    ...(options.length > 0 ? [`One of: ${options.join(', ')}.`] : []),
    ...(preset === null ? [] : [`Default: ${preset}.`]),
  ];
  return [
    '.TP',
    value === null || options.length > 0 ? `.B ${text(spelled)}` : `.BI ${text(spelled)} " ${text(value)}"`,
    line([`${withoutStop(description)}.`, ...more].join(' ')),
  ];
}

function entry([name, meaning]: readonly [string, string]): string[] {
  return ['.TP', `.B ${text(name)}`, line(meaning)];
}

function paragraphs(description: string): string {
  return description
    .split(/\n{2,}/)
    .map(paragraph => paragraph.split('\n').map(line).join('\n'))
    .join('\n.PP\n');
}

/** Running text, in lines that an editor shows whole. */
function line(content: string): string {
  const lines: string[] = [];
  for (const word of text(content).split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < LINE_LENGTH)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(unread(word));
  }
  return lines.join('\n');
}

/** The line with nothing at its beginning that would be read as a request. */
function unread(escaped: string): string {
  return escaped.replace(/^\./, '\\&.');
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\e',
  '-': '\\-',
  '"': '\\(dq',
  "'": '\\(aq',
  '~': '\\(ti',
  '^': '\\(ha',
  '`': '\\(ga',
};

function text(content: string): string {
  return content.replace(
    /[\\\-"'~^`]|[^\x20-\x7e]/gu,
    char => ESCAPES[char] ?? `\\[u${char.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}]`,
  );
}

function withoutStop(sentence: string): string {
  return sentence.replace(/\.$/, '');
}
