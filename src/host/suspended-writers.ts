/** Tells of runs that wait for something outside while they are the writer, with file and line; the first of each job is what is logged. */
import { isAbsolute, relative } from 'node:path';
import type { FromWorker } from '../worker/protocol.js';
import type { HostEmitter } from './events.js';

export class SuspendedWriters {
  readonly #projectDir: string;
  readonly #events: HostEmitter;
  readonly #named = new Set<string>();

  constructor(projectDir: string, events: HostEmitter) {
    this.#projectDir = projectDir;
    this.#events = events;
  }

  met({ run, slug, reason, fromStart, file, line }: Extract<FromWorker, { type: 'writer-suspended' }>): void {
    const again = this.#named.has(slug);
    this.#named.add(slug);
    const shown = file !== undefined && isAbsolute(file) ? relative(this.#projectDir, file) : file;
    this.#events.emit('writer:suspended', { run, slug, reason, fromStart, file: shown, line, again });
  }
}
