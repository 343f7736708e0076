/** The files that are being transferred at the moment. */
import type { FileRecord } from '../../../stages/record.ts';

/** `opening`: no byte has come yet. `storing`: all bytes have come, and S3 has not confirmed them yet. */
export type Phase = 'opening' | 'downloading' | 'storing';

export interface Move {
  readonly name: string;
  /** Folders below the migrated one. */
  readonly path: string;
  /** Bytes; null if Drive gives none. */
  readonly size: number | null;
  /** Bytes read in the current attempt. */
  moved: number;
  phase: Phase;
}

export class Moves {
  readonly #moves = new Map<string, Move>();

  /** In the order in which they started. */
  get all(): IterableIterator<Move> {
    return this.#moves.values();
  }

  get count(): number {
    return this.#moves.size;
  }

  in(phase: Phase): number {
    return [...this.all].filter(move => move.phase === phase).length;
  }

  get bytesRead(): number {
    return [...this.all].reduce((sum, { moved }) => sum + moved, 0);
  }

  get bytesLeft(): number {
    return [...this.all].reduce((sum, { size, moved }) => sum + Math.max(0, (size ?? 0) - moved), 0);
  }

  start({ id, name, path = '', size = null }: FileRecord): void {
    this.#moves.set(id, { name, path, size, moved: 0, phase: 'opening' });
  }

  read({ id }: FileRecord, bytes: number): void {
    const move = this.#moves.get(id);
    if (!move) return;
    move.moved += bytes;
    move.phase = move.moved === move.size ? 'storing' : 'downloading';
  }

  restart({ id }: FileRecord): void {
    const move = this.#moves.get(id);
    if (move) Object.assign(move, { moved: 0, phase: 'opening' });
  }

  /** Returns the bytes that were read of it. */
  end({ id }: FileRecord): number {
    const bytes = this.#moves.get(id)?.moved ?? 0;
    this.#moves.delete(id);
    return bytes;
  }
}
