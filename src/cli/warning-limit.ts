/** Shows warnings of one kind once a minute; six hours of trouble would bury everything else. The log has them all. */
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

  /** What has not been said yet of suppressed warnings. */
  rest(): string[] {
    const rest = [...this.#kinds.values()].filter(({ suppressed }) => suppressed > 0);
    this.#kinds.clear();
    return rest.map(({ message, suppressed }) => message + suppressedPart(suppressed));
  }
}

function suppressedPart(count: number): string {
  return count > 0 ? ` (${count} more like this since; see the log)` : '';
}

/** The message without what differs between two of its kind: the file before it, names, ids and numbers. */
function kindOf(message: string): string {
  return message
    .replace(/^.*? \([\w-]{8,}\): /, '')
    .replace(/"[^"]*"|\([^)]*\)/g, '')
    .replace(/\S*[\d/]\S*/g, '');
}
