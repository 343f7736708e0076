/** Completion for bash, from version 3.2 on, which macOS has: no associative arrays, no mapfile. */
import { takesPath } from '../help/reference.ts';
import {
  argumentWordsOf,
  type CompletionInput,
  commandsOf,
  firstWordsOf,
  spellingsOf,
  topicsOf,
} from './words.ts';

export function bashCompletion({ programs, sections }: CompletionInput): string {
  const [program] = programs;
  const topics = topicsOf(sections);
  const first = firstWordsOf(sections).map(({ word }) => word);
  const values: string[] = [];
  const words: string[] = [];
  for (const command of commandsOf(sections)) {
    const places = (flags: readonly { name: string; char: string | null }[]) =>
      flags
        .flatMap(({ name, char }) => [`--${name}`, ...(char === null ? [] : [`-${char}`])])
        .map(flag => `'${command.name} ${flag}'`)
        .join(' | ');
    const valued = command.flags.filter(({ value }) => value !== null);
    const paths = valued.filter(takesPath);
    const free = valued.filter(flag => !takesPath(flag) && flag.options.length === 0);
    for (const flag of valued.filter(({ options }) => options.length > 0))
      values.push(
        `    ${places([flag])}) words='${flag.options.join(' ')}'; kind=${flag.isList ? 'list' : 'words'} ;;`,
      );
    if (paths.length > 0) values.push(`    ${places(paths)}) kind=paths ;;`);
    if (free.length > 0) values.push(`    ${places(free)}) return ;;`);
    const flags = command.flags.flatMap(spellingsOf).concat('--help').join(' ');
    words.push(
      `    '${command.name}') flags='${flags}'; words='${argumentWordsOf(command, sections).join(' ')}' ;;`,
    );
  }
  const seconds = topics.map(
    ({ name, commands }) =>
      `      '${name}') case $word in ${commands.map(({ word }) => word).join(' | ')}) command="${name} $word" ;; esac ;;`,
  );
  const bare = topics.map(
    ({ name, commands }) =>
      `    '${name}') flags=--help; words='${commands.map(({ word }) => word).join(' ')}' ;;`,
  );
  return `# Completion of ${programs.join(' and ')} for bash. In ~/.bashrc:
#   source <(${program} completion bash)

_${program}() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]}
  local command='' flags='--help --version' words='' kind='' given='' rest='' word candidate index
  COMPREPLY=()

  # Bash takes --flag=value apart.
  if [[ $current == = ]]; then
    current=''
  elif [[ $previous == = ]]; then
    previous=\${COMP_WORDS[COMP_CWORD - 2]}
  fi

  for ((index = 1; index < COMP_CWORD; index++)); do
    word=\${COMP_WORDS[index]}
    case $command in
      '') case $word in ${first.join(' | ')}) command=$word ;; esac ;;
${seconds.join('\n')}
    esac
  done

  case "$command $previous" in
${values.join('\n')}
  esac

  if [[ -z $kind ]]; then
    case $command in
      '') words='${first.join(' ')}' ;;
${[...bare, ...words].map(line => `  ${line}`).join('\n')}
    esac
    [[ $current == -* ]] && words=$flags
  fi

  # What stands before the last comma stays, and is not offered again.
  if [[ $kind == list && $current == *,* ]]; then
    given=\${current%,*},
    current=\${current##*,}
    for word in $words; do
      [[ ,$given == *,$word,* ]] || rest+=" $word"
    done
    words=$rest
  fi

  if [[ $kind == paths ]]; then
    compopt -o filenames 2>/dev/null
    while IFS= read -r candidate; do
      COMPREPLY+=("$candidate")
    done < <(compgen -f -- "$current")
  else
    while IFS= read -r candidate; do
      COMPREPLY+=("$given$candidate")
    done < <(compgen -W "$words" -- "$current")
  fi
}

complete -F _${program} ${programs.join(' ')}
`;
}
