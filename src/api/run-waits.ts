/**
 * Waiting for the ends of runs: told by the host that executes them here, and found by a sweep of all that are waited for where another
 * process executes them or a command ends them.
 */
import { HostError } from '../domain/errors.js';
import { isFinal } from '../domain/state-machine.js';
import type { HostEmitter } from '../host/events.js';
import { getRun } from '../operations/find-run.js';
import type { OpenedProject } from '../operations/open-project.js';
import type { RunView } from '../operations/run-view.js';

const SWEEP_MS = 250;
/** The pause after a sweep is so many times what it took: however many wait, it takes a tenth of the thread at most. */
const SWEEP_SHARE = 9;

interface Waiting {
  look(): Promise<void>;
  fail(reason: unknown): void;
}

export class RunWaits {
  readonly #opened: OpenedProject;
  readonly #byRun = new Map<string, Set<Waiting>>();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /** A run that is pending again is not over, so that only the ends are looked at. */
  constructor(opened: OpenedProject, events: HostEmitter) {
    this.#opened = opened;
    events.on('attempt:finished', ({ run, next }) => next !== 'pending' && void this.#look(run.id));
    events.on('run:rescued', ({ run, next }) => next !== 'pending' && void this.#look(run));
  }

  /** How many wait. */
  get size(): number {
    return [...this.#byRun.values()].reduce((sum, { size }) => sum + size, 0);
  }

  /** Ends when the run has. NotFoundError RUN_NOT_FOUND; the signal's reason; HostError HOST_STOPPED when the host stops first. */
  wait(id: string, signal?: AbortSignal): Promise<RunView> {
    if (this.#closed) return Promise.reject(stoppedError());
    return new Promise<RunView>((resolve, reject) => {
      const leave = () => {
        signal?.removeEventListener('abort', abort);
        const others = this.#byRun.get(id);
        others?.delete(waiting);
        if (others?.size === 0) this.#byRun.delete(id);
      };
      const fail = (reason: unknown) => {
        leave();
        reject(reason);
      };
      const abort = () => fail(signal?.reason);
      const waiting: Waiting = {
        fail,
        look: async () => {
          try {
            const run = await getRun(this.#opened, id);
            if (!isFinal(run.status)) return;
            leave();
            resolve(run);
          } catch (error) {
            fail(error);
          }
        },
      };
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      signal?.addEventListener('abort', abort, { once: true });
      // It waits before it looks: an end between the two is told.
      this.#byRun.set(id, (this.#byRun.get(id) ?? new Set()).add(waiting));
      void waiting.look();
      this.#timer ??= setTimeout(() => void this.#sweep(), SWEEP_MS);
    });
  }

  /** Everybody who waits is told that the host stops. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const waiting of [...this.#byRun.values()].flatMap((set) => [...set])) waiting.fail(stoppedError());
  }

  async #look(id: string): Promise<void> {
    await Promise.all([...(this.#byRun.get(id) ?? [])].map((waiting) => waiting.look()));
  }

  async #sweep(): Promise<void> {
    const begun = performance.now();
    await Promise.all([...this.#byRun.keys()].map((id) => this.#look(id)));
    const pause = Math.max(SWEEP_MS, SWEEP_SHARE * (performance.now() - begun));
    this.#timer = this.#closed || this.#byRun.size === 0 ? undefined : setTimeout(() => void this.#sweep(), pause);
  }
}

function stoppedError(): HostError {
  return new HostError('HOST_STOPPED', 'the host was stopped while a run was waited for', {
    remedy: 'the run goes on where another host executes it, or when one starts: wait for it there',
  });
}
