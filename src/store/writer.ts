/** The write queue seam: one fair queue per host orders all writers of a SQLite file. Granted by the main thread (host/write-queue.ts). */
import type { Wait } from '../domain/op.js';

/** Held while its owner is the writer; released exactly once. */
export interface WriteGrant {
  release(): void;
}

export interface WriteQueue {
  /** A wait that resolves to a WriteGrant. Its `block` waits at most 250 ms, then throws WRITE_LOCK_BUSY. `owner` is shown by `why`. */
  request(owner: string): Wait;
}
