/** Shows one warning of each kind per minute, so that repeated ones do not hide others. The log has all of them. */
const EVERY_MS = 60_000;

export function warningLimit(now = () => performance.now()) {
  /** By kind: the last warning that was shown, when, and how many were not since. */
  const byKind = new Map<string, { message: string; at: number; suppressed: number }>();

  /** The text to show; null while another of its kind has been shown in the last minute. */
  const shown = (message: string): string | null => {
    const before = byKind.get(kindOf(message));
    if (before && now() - before.at < EVERY_MS) {
      before.suppressed += 1;
      return null;
    }
    byKind.set(kindOf(message), { message, at: now(), suppressed: 0 });
    return withCount(message, before?.suppressed ?? 0);
  };

  /** The suppressed warnings that have not been reported yet. */
  const rest = (): string[] => {
    const kinds = [...byKind.values()].filter(({ suppressed }) => suppressed > 0);
    byKind.clear();
    return kinds.map(({ message, suppressed }) => withCount(message, suppressed));
  };

  return { shown, rest };
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
