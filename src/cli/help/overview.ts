/** What `migrator` alone shows: the commands in the order of the work, not of the alphabet. */
import { type Commands, sectionsOf } from './reference.ts';

const NARROWEST = 40;
const INDENT = 2;

/** The text, for a terminal of so many columns; ends with a line feed. */
export function overview(commands: Commands, options: { description: string; columns: number }): string {
  const { bin } = commands;
  const width = Math.max(options.columns, NARROWEST);
  const lines = [...wrapped(options.description, width), '', 'USAGE', `  $ ${bin} COMMAND [FLAGS]`, ''];
  for (const { title, commands: listed } of sectionsOf(commands)) {
    const left = Math.max(...listed.map(({ name }) => name.length)) + INDENT * 2;
    lines.push(title.toUpperCase());
    for (const { name, summary } of listed) {
      const [first = '', ...more] = wrapped(summary, width - left);
      lines.push(`${' '.repeat(INDENT)}${name}`.padEnd(left) + first);
      lines.push(...more.map(line => ' '.repeat(left) + line));
    }
    lines.push('');
  }
  const hint = `"${bin} COMMAND --help" tells more about a command, and shows lines to copy. "${bin} scan" writes nothing to AWS; "${bin} migrate" can be interrupted at any time, and "${bin} resume" goes on.`;
  return `${[...lines, ...wrapped(hint, width)].join('\n')}\n`;
}

/** Columns of what standard output goes to, as oclif counts them for the help of a command. */
export function columnsOf(stream: { columns?: number; isTTY?: boolean }): number {
  return Number.parseInt(process.env.OCLIF_COLUMNS ?? '', 10) || (stream.isTTY && stream.columns) || 80;
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
