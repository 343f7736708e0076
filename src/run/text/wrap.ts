import stringWidth from 'string-width';

/**
 * The line, broken between words where it is wider than the terminal. What follows is indented to the last column of a table
 * line, or two spaces more than the line. Words that are too long (paths, addresses) are left to the terminal.
 */
export function wrapped(line: string, columns: number, indent = hangingIndent(line, columns)): string[] {
  if (stringWidth(line) <= columns) return [line];
  const lines: string[] = [];
  let current = '';
  for (const word of line.split(/(?<=\S) (?=\S)/)) {
    const longer = current ? `${current} ${word}` : word;
    if (current && stringWidth(longer) > columns) {
      lines.push(current);
      current = ' '.repeat(indent) + word;
    } else {
      current = longer;
    }
  }
  return [...lines, current];
}

function hangingIndent(line: string, columns: number): number {
  const ends = [...line.matchAll(/ {2,}(?=\S)/g)].map(({ index, 0: gap }) => index + gap.length);
  const last = ends.findLast(end => end > 0 && line.slice(0, end).trim() !== '');
  const start = line.length - line.trimStart().length;
  return last !== undefined && last <= columns / 2 ? last : Math.min(start + 2, columns / 2);
}
