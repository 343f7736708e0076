/** What the terminal and the log show of a run. */

/** `opening`: no byte has come yet. `storing`: all bytes have come, and S3 has not confirmed them yet. */
export type Phase = 'opening' | 'downloading' | 'storing';

/** A file that is being transferred. */
export interface Transfer {
  readonly name: string;
  /** Folders below the migrated one. */
  readonly path: string;
  /** Bytes; null if Drive gives none. */
  readonly size: number | null;
  /** Bytes read in the current attempt. */
  bytesRead: number;
  phase: Phase;
}

/** What limits the speed of the transfer. */
export type Bottleneck = 'queries' | 'bwlimit' | 'connection' | 's3';

export interface ProgressFacts {
  filesDone: number;
  files: number;
  /** Finished by this process, where earlier ones have finished others; null otherwise. */
  sessionFiles: number | null;
  /** Whether the listing is complete; otherwise there may be more files and bytes. */
  isTotal: boolean;
  /** Null where no bytes are transferred. */
  bytes: { done: number; all: number; perSecond: number | null } | null;
  secondsLeft: number | null;
  bottleneck: Bottleneck | null;
  /** How long no byte has come although files are being transferred; 0 for short pauses. */
  silentSeconds: number;
  /** Null where no files are transferred. */
  workers: { busy: number; allowed: number; most: number } | null;
  /** Queries a second to Drive, while Drive throttles; null otherwise. */
  throttled: { allowed: number; most: number } | null;
  /** Queries a second to Drive that are allowed now; null where no files are transferred. */
  queriesPerSecond: number | null;
  counts: Readonly<Record<string, number>>;
}
