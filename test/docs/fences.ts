/** The fenced blocks of a Markdown page: what a reader is told to type, and what is shown as its outcome. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../project-root.ts';

/** README.md and docs/*.md, by their paths from the root. */
export const PAGES: readonly string[] = [
  'README.md',
  ...readdirSync(join(projectRoot(), 'docs'))
    .filter(name => name.endsWith('.md'))
    .map(name => `docs/${name}`),
];

export function textOf(page: string): string {
  return readFileSync(join(projectRoot(), page), 'utf8');
}

interface Fence {
  /** Counts from 1; that of the opening fence. */
  line: number;
  /** What stands behind the opening backticks; empty for nothing. */
  language: string;
  text: string;
  /** Text of the HTML comment right before the block; null for none. */
  remark: string | null;
  /** Whether nothing but blank lines stands between this block and the one before. */
  follows: boolean;
}

/** The blocks in their order. */
export function fencesIn(text: string): Fence[] {
  const fences: Fence[] = [];
  let open: { fence: Fence; indent: string; lines: string[] } | null = null;
  let before: { kind: 'fence' | 'remark' | 'text'; remark?: string } = { kind: 'text' };
  for (const [index, line] of text.split('\n').entries()) {
    const [, indent = '', language] = /^(\s*)```(\w*)\s*$/.exec(line) ?? [];
    if (open) {
      if (line.trim() !== '```') {
        open.lines.push(line.startsWith(open.indent) ? line.slice(open.indent.length) : line);
        continue;
      }
      fences.push({ ...open.fence, text: open.lines.join('\n') });
      open = null;
      before = { kind: 'fence' };
    } else if (language !== undefined) {
      const remark = before.remark ?? null;
      const fence = { line: index + 1, language, text: '', remark, follows: before.kind === 'fence' };
      open = { fence, indent, lines: [] };
    } else if (line.trim() !== '') {
      const [, remark] = /^\s*<!--\s*(.*?)\s*-->\s*$/.exec(line) ?? [];
      before = remark === undefined ? { kind: 'text' } : { kind: 'remark', remark };
    }
  }
  return fences;
}

/** What is typed together, and what is shown of its outcome. */
interface Typed {
  line: number;
  text: string;
  /** The shown outcome; null where nothing is shown. `…` stands for anything. */
  shown: string | null;
  remark: string | null;
}

/** The blocks that a reader types: those in `sh`, with the `text` block behind them; and the `$` lines of those in `console`. */
export function typedIn(text: string): Typed[] {
  const fences = fencesIn(text);
  return fences.flatMap((fence, index): Typed[] => {
    const { line, remark } = fence;
    if (fence.language === 'console') return promptsIn(fence);
    if (fence.language !== 'sh') return [];
    const next = fences[index + 1];
    const shown = next?.follows && next.language === 'text' ? next.text : null;
    return [{ line, text: fence.text, shown, remark }];
  });
}

function promptsIn({ line, text, remark }: Fence): Typed[] {
  const typed: Typed[] = [];
  for (const [index, shown] of text.split('\n').entries()) {
    const [, command] = /^\$ (.*)$/.exec(shown) ?? [];
    if (command !== undefined) {
      // What is remarked on a recording holds for it as a whole, an empty cloud is created once.
      const own = typed.length === 0 || remark !== 'empty cloud' ? remark : null;
      typed.push({ line: line + index + 1, text: command, shown: '', remark: own });
    } else if (typed.length > 0) typed.at(-1)!.shown += `${shown}\n`;
  }
  return typed;
}

/** The first shown line that the output does not have behind those before it; null if all are there. */
export function notShown(shown: string, output: string): string | null {
  const lines = output.split('\n').map(line => line.trimEnd());
  let from = 0;
  for (const expected of shown.split('\n').map(line => line.trimEnd())) {
    if (expected === '' || expected.trim() === '…') continue;
    const pattern = new RegExp(`^${expected.split('…').map(quoted).join('.*')}$`, 'u');
    const found = lines.findIndex((line, index) => index >= from && pattern.test(line));
    if (found < 0) return expected;
    from = found + 1;
  }
  return null;
}

function quoted(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
