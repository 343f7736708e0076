/** Shows one warning of each kind per minute, so that repeated ones do not hide others. The log has all of them. */
const EVERY_MS = 60_000;

export class WarningLimit {
  /** By kind: the last warning that was shown, when, and how many were not since. */
  readonly #shown = new Map<string, { message: string; at: number; suppressed: number }>();
  readonly #now: () => number;

  constructor(now = () => performance.now()) {
    this.#now = now;
  }

  /** The text to show; null while another of its kind has been shown in the last minute. */
  shown(message: string): string | null {
    const kind = kindOf(message);
    const before = this.#shown.get(kind);
    if (before && this.#now() - before.at < EVERY_MS) {
      before.suppressed += 1;
      return null;
    }
    this.#shown.set(kind, { message, at: this.#now(), suppressed: 0 });
    return withCount(message, before?.suppressed ?? 0);
  }

  /** The suppressed warnings that have not been reported yet. */
  rest(): string[] {
    const rest = [...this.#shown.values()].filter(({ suppressed }) => suppressed > 0);
    this.#shown.clear();
    return rest.map(({ message, suppressed }) => withCount(message, suppressed));
  }
}

function withCount(message: string, suppressed: number): string {
  return suppressed > 0 ? `${message} (${suppressed} more like this since; see the log)` : message;
}

/** The message without file, names, ids and numbers, which differ between warnings of the same kind. */
function kindOf(message: string): string {
  return message
    .replace(/^.*? \([\w-]{8,}\): /, '')
    .replace(/"[^"]*"|\([^)]*\)/g, '')
    .replace(/\S*[\d/]\S*/g, '');
}
