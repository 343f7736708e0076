/** Lines at the bottom of a terminal that are redrawn in place, below text that stays. */
import stringWidth from 'string-width';
import { asLines, unguarded } from './guarded-streams.ts';

/** Standard error, or its replacement in tests. */
export type Screen = Partial<Pick<NodeJS.WriteStream, 'isTTY' | 'columns' | 'rows'>> & {
  write(text: string): unknown;
  on?(event: 'resize', listener: () => void): unknown;
  off?(event: 'resize', listener: () => void): unknown;
};

const CLEAR_TO_LINE_END = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';

export class LiveLines {
  readonly #screen: Screen;
  #drawn: string[] = [];

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  /** Replaces the lines, in one write. No line may be wider than the terminal, and one row must stay free. */
  draw(lines: readonly string[], above: readonly string[] = []): void {
    const drawn = lines.map(line => `${line}${CLEAR_TO_LINE_END}\n`).join('');
    const kept = above.length > 0 ? CLEAR_BELOW + asLines(above, this.#screen) : '';
    unguarded(this.#screen).write(this.#toStart() + kept + drawn + CLEAR_BELOW);
    this.#drawn = [...lines];
  }

  clear(): void {
    if (this.#drawn.length > 0) this.draw([]);
  }

  /** Moves the cursor to the first line. If the terminal has become narrower, wrapped lines take more rows. */
  #toStart(): string {
    const { columns = Number.POSITIVE_INFINITY } = this.#screen;
    const rows = this.#drawn
      .map(line => Math.max(1, Math.ceil(stringWidth(line) / columns)))
      .reduce((sum, lines) => sum + lines, 0);
    return rows > 0 ? `\u001b[${rows}F` : '';
  }
}
