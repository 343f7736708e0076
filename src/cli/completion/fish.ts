/** Completion for fish. */
import { type CommandReference, type FlagReference, takesPath } from '../help/reference.ts';
import { argumentWordsOf, type CompletionInput, commandsOf, firstWordsOf, topicsOf } from './words.ts';

export function fishCompletion({ programs, sections }: CompletionInput): string {
  const [program, ...others] = programs;
  const first = firstWordsOf(sections);
  const topics = topicsOf(sections);
  const at = (command: string) => `-n ${quoted(`__${program}_at ${command}`)}`;
  const lines = [
    `complete -c ${program} -f`,
    `complete -c ${program} -n __${program}_at -l help -s h -d 'show all commands in the order of the work'`,
    `complete -c ${program} -n __${program}_at -l version -d 'show the version'`,
    ...first.map(
      ({ word, summary }) => `complete -c ${program} -n __${program}_at -a ${word} -d ${quoted(summary)}`,
    ),
    ...topics.flatMap(({ name, commands }) =>
      commands.map(
        ({ word, command }) => `complete -c ${program} ${at(name)} -a ${word} -d ${quoted(command.summary)}`,
      ),
    ),
    ...commandsOf(sections).flatMap(command => [
      ...command.flags
        .flatMap(flag => flagOptions(flag, program))
        .map(options => `complete -c ${program} ${at(command.name)} ${options}`),
      ...argumentOptions(command, argumentWordsOf(command, sections)).map(
        options => `complete -c ${program} ${at(command.name)} ${options}`,
      ),
    ]),
    ...others.map(name => `complete -c ${name} -w ${program}`),
  ];
  const seconds = topics.map(
    ({ name, commands }) => `        else if test "$command" = ${name}; and contains -- $word ${commands
      .map(({ word }) => word)
      .join(' ')}
            set command $command $word`,
  );
  return `# Completion of ${programs.join(' and ')} for fish:
#   ${program} completion fish > ~/.config/fish/completions/${program}.fish

# Whether the words before the cursor name this command; without arguments, whether they name none.
function __${program}_at
    set -l command
    for word in (commandline -opc)[2..-1]
        if test -z "$command"; and contains -- $word ${first.map(({ word }) => word).join(' ')}
            set command $word
${seconds.join('\n')}
        end
    end
    test "$command" = "$argv"
end

# Values of a list with commas: those that are not in it yet, after what is.
function __${program}_list
    set -l given (commandline -ct | string replace -r '^--[^=]*=' '' | string match -r '^.*,')
    set -l named (string split , -- "$given")
    for value in $argv
        contains -- $value $named; or echo "$given$value"
    end
end

${lines.join('\n')}
`;
}

function flagOptions(flag: FlagReference, program: string): string[] {
  const { name, char, allowNo, isList, value, options } = flag;
  const description = `-d ${quoted(flag.description)}`;
  const values =
    value === null
      ? ''
      : takesPath(flag)
        ? ' -r -F'
        : options.length > 0
          ? ` -x -a ${quoted(isList ? `(__${program}_list ${options.join(' ')})` : options.join(' '))}`
          : ' -x';
  const short = char === null ? '' : ` -s ${char}`;
  const no = allowNo ? [`-l no-${name} ${description}`] : [];
  return [`-l ${name}${short}${values} ${description}`, ...no];
}

function argumentOptions(command: CommandReference, words: readonly string[]): string[] {
  const [first] = command.args;
  return first && words.length > 0 ? [`-a ${quoted(words.join(' '))} -d ${quoted(first.description)}`] : [];
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
