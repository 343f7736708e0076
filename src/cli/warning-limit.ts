/** Shows one warning of each kind per minute, so that repeated ones do not hide others. The log has all of them. */
const EVERY_MS = 60_000;

interface Kind {
  message: string;
  shownAt: number;
  suppressed: number;
}

export class WarningLimit {
  readonly #kinds = new Map<string, Kind>();
  readonly #now: () => number;

  constructor(now = () => performance.now()) {
    this.#now = now;
  }

  /** The text to show; null while another of its kind has been shown in the last minute. */
  shown(message: string): string | null {
    const kind = kindOf(message);
    const before = this.#kinds.get(kind);
    if (before && this.#now() - before.shownAt < EVERY_MS) {
      before.suppressed += 1;
      return null;
    }
    this.#kinds.set(kind, { message, shownAt: this.#now(), suppressed: 0 });
    return message + suppressedPart(before?.suppressed ?? 0);
  }

  /** The suppressed warnings that have not been reported yet. */
  rest(): string[] {
    const rest = [...this.#kinds.values()].filter(({ suppressed }) => suppressed > 0);
    this.#kinds.clear();
    return rest.map(({ message, suppressed }) => message + suppressedPart(suppressed));
  }
}

function suppressedPart(count: number): string {
  return count > 0 ? ` (${count} more like this since; see the log)` : '';
}

/** The message without file, names, ids and numbers, which differ between warnings of the same kind. */
function kindOf(message: string): string {
  return message
    .replace(/^.*? \([\w-]{8,}\): /, '')
    .replace(/"[^"]*"|\([^)]*\)/g, '')
    .replace(/\S*[\d/]\S*/g, '');
}
