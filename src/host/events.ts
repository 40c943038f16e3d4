/** What a host tells: one typed emitter, fed by its parts and read by the log, tests, and later the dashboard. */
import { EventEmitter } from 'node:events';
import type { ClaimedRun, LogLine, Outcome } from '../domain/run.js';
import { type Change, type ChangeListener, plainChange } from '../worker/changes.js';
import type { RunError } from '../worker/protocol.js';

export interface HostEvents {
  'host:started': { host: string; workers: number; maxConcurrent: number; cron: boolean; queues: readonly string[] | undefined };
  'host:stopping': { reason: string; running: number };
  'host:stopped': { reason: string };
  /** Nothing that it serves is due, and nothing runs; told after each look for work that finds this. */
  'host:idle': Record<string, never>;
  /** Runs became visible; `slug` where the host knows which. */
  'run:enqueued': { slug: string | undefined; id: string | undefined };
  'run:claimed': { run: ClaimedRun };
  'attempt:started': { run: ClaimedRun; worker: number };
  /** `next`: where the run stands now; `retryAt` with pending. `committed` false with outcome completed: the claim was lost. */
  'attempt:finished': {
    run: ClaimedRun;
    outcome: Outcome;
    committed: boolean;
    durationMs: number;
    error: RunError | undefined;
    next: 'completed' | 'pending' | 'failed' | 'stale' | 'cancelled' | 'unknown';
    retryAt: number | undefined;
  };
  'run:rescued': { run: string; slug: string; host: string | undefined; next: 'pending' | 'stale' | 'cancelled' };
  'tick:recorded': {
    slug: string;
    at: number;
    outcome: 'run' | 'skipped';
    reason: string | undefined;
    run: string | undefined;
    count: number;
    /** It continues the skips that were told before. */
    folded: boolean;
  };
  'worker:replaced': { worker: number; reason: string };
  'lease:lost': { run: string; slug: string; claim: number };
  'writer:suspended': {
    run: string;
    slug: string;
    reason: string;
    /** It has been the writer as of its first read, whether it has written or not. */
    fromStart: boolean;
    file: string | undefined;
    line: number | undefined;
    /** It was told of an earlier run of the job. */
    again: boolean;
  };
  'runs:purged': { count: number };
  /** Documents that were in the trash for longer than their collection keeps them. */
  'trash:purged': { collection: string; count: number };
  /** A document was written by a run or an on_init function of this host, and its transaction has committed. */
  'document:changed': Change;
  log: { run: string | undefined; slug: string | undefined; line: LogLine };
}

type Listener<K extends keyof HostEvents> = (event: HostEvents[K]) => void;

/** Where events are heard. */
export interface EventSource {
  on<K extends keyof HostEvents>(name: K, listener: Listener<K>): this;
  once<K extends keyof HostEvents>(name: K, listener: Listener<K>): this;
  off<K extends keyof HostEvents>(name: K, listener: Listener<K>): this;
  /** Tells a line as one of the host. */
  log(level: LogLine['level'], text: string): void;
}

export class HostEmitter implements EventSource {
  readonly #emitter = new EventEmitter().setMaxListeners(0);
  /** Shared with the threads: `[0]` is 1 while anybody listens to 'document:changed', so that they copy nothing for nobody. */
  readonly changesHeard = new Int32Array(new SharedArrayBuffer(4));

  constructor() {
    const note = (heard: boolean) => Atomics.store(this.changesHeard, 0, heard ? 1 : 0);
    // The first is told before the listener is there, the second after it is gone.
    this.#emitter.on('newListener', (name) => name === 'document:changed' && note(true));
    this.#emitter.on('removeListener', (name) => name === 'document:changed' && note(this.heard('document:changed')));
  }

  on<K extends keyof HostEvents>(name: K, listener: Listener<K>): this {
    this.#emitter.on(name, listener);
    return this;
  }

  once<K extends keyof HostEvents>(name: K, listener: Listener<K>): this {
    this.#emitter.once(name, listener);
    return this;
  }

  off<K extends keyof HostEvents>(name: K, listener: Listener<K>): this {
    this.#emitter.off(name, listener);
    return this;
  }

  emit<K extends keyof HostEvents>(name: K, event: HostEvents[K]): void {
    this.#emitter.emit(name, event);
  }

  /** Whether anybody listens. */
  heard(name: keyof HostEvents): boolean {
    return this.#emitter.listenerCount(name) > 0;
  }

  /** A line of the host itself. */
  log(level: LogLine['level'], text: string, run?: { id: string; slug: string }): void {
    this.emit('log', { run: run?.id, slug: run?.slug, line: { at: Date.now(), level, text } });
  }
}

/** Tells an emitter of changed documents, as plain JSON. */
export function changeListener(events: HostEmitter): ChangeListener {
  return {
    wanted: () => events.heard('document:changed'),
    told: (change) => events.emit('document:changed', plainChange(change)),
  };
}
