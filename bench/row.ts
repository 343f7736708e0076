/** One line of the benchmark's table: what was measured, what it is compared with, and the goal. */

/** A limit for the value itself, or for its ratio to the bound. */
export type Goal = { of: 'value' | 'ratio' } & ({ atLeast: number } | { atMost: number });

interface Measured {
  name: string;
  value: number;
  unit: string;
  /** What the value is compared with, in the same unit; null if there is nothing. */
  bound: number | null;
  /** Null for a row without a goal. */
  goal: Goal | null;
  /** How it was measured, and what to consider when reading it. */
  note?: string;
}

export interface Row extends Omit<Measured, 'value' | 'goal'> {
  /** Null for a row that was left out; the note has the reason. */
  value: number | null;
  /** Value ÷ bound. */
  ratio: number | null;
  goal: string | null;
  met: boolean | null;
}

export function row({ goal, ...measured }: Measured): Row {
  const { value, bound } = measured;
  const ratio = bound ? value / bound : null;
  const judged = goal?.of === 'ratio' ? ratio : value;
  return {
    ...measured,
    ratio,
    goal: goal && textOf(goal, measured.unit),
    met: goal && judged !== null ? isMet(goal, judged) : null,
  };
}

export function leftOut(name: string, why: string): Row {
  return { name, value: null, unit: '', bound: null, ratio: null, goal: null, met: null, note: why };
}

function isMet(goal: Goal, value: number): boolean {
  return 'atLeast' in goal ? value >= goal.atLeast : value <= goal.atMost;
}

function textOf(goal: Goal, unit: string): string {
  const limit = 'atLeast' in goal ? `≥ ${goal.atLeast}` : `≤ ${goal.atMost}`;
  return goal.of === 'ratio' ? `ratio ${limit}` : `${limit} ${unit}`;
}

const HEAD = ['', 'measured', 'bound', 'ratio', 'goal', 'met'];

/** The rows as a table, each note on a separate line below its row. */
export function tableOf(rows: Row[]): string {
  const cells = rows.map(each => [
    each.name,
    each.value === null ? 'left out' : `${digits(each.value)} ${each.unit}`,
    each.bound === null ? '' : `${digits(each.bound)} ${each.unit}`,
    each.ratio === null ? '' : each.ratio.toFixed(2),
    each.goal ?? '',
    each.met === null ? '' : each.met ? 'yes' : 'NO',
  ]);
  const widths = HEAD.map((head, column) =>
    Math.max(head.length, ...cells.map(line => line[column]!.length)),
  );
  const line = (texts: string[]) =>
    texts
      .map((text, column) =>
        column === 0 || column > 3 ? text.padEnd(widths[column]!) : text.padStart(widths[column]!),
      )
      .join('  ')
      .trimEnd();
  return [
    line(HEAD),
    ...rows.flatMap(({ note }, index) => [line(cells[index]!), ...(note ? [`    ${note}`] : [])]),
  ].join('\n');
}

/** Three significant digits, whole numbers in full. */
export function digits(value: number): string {
  if (Number.isInteger(value) || Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US');
  return value.toPrecision(3);
}

export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Smallest and largest value. */
export function spread(values: number[]): string {
  return `${digits(Math.min(...values))} to ${digits(Math.max(...values))}`;
}
