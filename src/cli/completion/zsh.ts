/** Completion for zsh, by its own `_arguments`: with descriptions, and flags that were given are not offered again. */
import { type CommandReference, type FlagReference, takesPath } from '../help/reference.ts';
import { argumentWordsOf, type CompletionInput, commandsOf, firstWordsOf, topicsOf } from './words.ts';

export function zshCompletion({ programs, sections }: CompletionInput): string {
  const [program] = programs;
  const topics = topicsOf(sections);
  const choice = (words: { word: string; summary: string }[], indent: string) =>
    `${indent}choices=(
${words.map(({ word, summary }) => `${indent}  ${quoted(`${word}:${summary}`)}`).join('\n')}
${indent})
${indent}_describe -t commands command choices
${indent}return`;
  const topicCases = topics.map(
    ({ name, commands }) => `    ${name})
      if (( CURRENT == 2 )); then
${choice(
  commands.map(({ word, command }) => ({ word, summary: command.summary })),
  '        ',
)}
      fi
      command="${name} $words[2]"
      shift words
      (( CURRENT-- ))
      ;;`,
  );
  const commandCases = commandsOf(sections).map(
    command => `    ${quoted(command.name)})
      _arguments -s \\
${specsOf(command, argumentWordsOf(command, sections))
  .map(spec => `        ${spec}`)
  .join(' \\\n')}
      ;;`,
  );
  return `#compdef ${programs.join(' ')}
# Completion of ${programs.join(' and ')} for zsh. In ~/.zshrc, after compinit:
#   source <(${program} completion zsh)
# or as a file named _${program} in a folder of $fpath.

_${program}() {
  local command
  local -a choices
  if (( CURRENT == 2 )); then
    if [[ $words[2] == -* ]]; then
      _arguments '--help[show all commands in the order of the work]' '--version[show the version]'
      return
    fi
${choice(firstWordsOf(sections), '    ')}
  fi

  command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${topicCases.join('\n')}
  esac

  case $command in
${commandCases.join('\n')}
  esac
}

if [[ $funcstack[1] == _${program} ]]; then
  _${program} "$@"
else
  compdef _${program} ${programs.join(' ')}
fi
`;
}

function specsOf(command: CommandReference, argumentWords: readonly string[]): string[] {
  const flags = command.flags.flatMap(flagSpecs);
  const [first] = command.args;
  if (!first) return [...flags, quoted('--help[show help]')];
  const values = argumentWords.length > 0 ? `(${argumentWords.join(' ')})` : ' ';
  return [...flags, quoted('--help[show help]'), quoted(`:${escaped(first.description)}:${values}`)];
}

function flagSpecs(flag: FlagReference): string[] {
  const { name, char, allowNo, multiple, value } = flag;
  const taken = value === null ? '' : `:${escaped(value)}:${actionFor(flag)}`;
  const meaning = `[${escaped(flag.description)}]${taken}`;
  const spellings = [
    value === null ? `--${name}` : `--${name}=`,
    ...(allowNo ? [`--no-${name}`] : []),
    ...(char === null ? [] : [`-${char}`]),
  ];
  // What was given is not offered again, in none of its spellings.
  const excluded = multiple ? '*' : `(${spellings.map(spelling => spelling.replace(/=$/, '')).join(' ')})`;
  return spellings.map(spelling => quoted(`${excluded}${spelling}${meaning}`));
}

function actionFor(flag: FlagReference): string {
  const options = flag.options.join(' ');
  if (takesPath(flag)) return '_files';
  if (options === '') return ' ';
  return flag.isList ? `_values -s , ${flag.name} ${options}` : `(${options})`;
}

/** For a part of an `_arguments` specification. */
function escaped(text: string): string {
  return text.replace(/[\\[\]:]/g, '\\$&');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
