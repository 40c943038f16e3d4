/** The model: runs in a map, rules as plain as they can be said; no index, no bits, no SQL. */
import type { RunStatus } from '../../src/domain/run.js';
import { isFinal } from '../../src/domain/state-machine.js';

export interface ModelRun {
  id: string;
  order: number;
  slug: string;
  queue: string;
  status: RunStatus;
  attempt: number;
  claim: number;
  host: string | undefined;
  due: number;
  priority: number;
  /** Its due time has come once. */
  ripe: boolean;
  key: string | undefined;
  /** Stands behind others of its key. */
  behind: boolean;
  unique: string | undefined;
  replaces: boolean;
  /** Runs that it waits for, and how they ended. */
  after: Map<string, RunStatus | undefined>;
  waits: boolean;
  runsAnyway: boolean;
  cancelAsked: boolean;
  endedAt: number | undefined;
}

export const CAPS: Readonly<Record<string, number>> = { a: 2, b: 1, c: 3 };
export const QUEUE_CAPS: Readonly<Record<string, number>> = { slow: 2 };
export const MAX_CONCURRENT = 4;
const PRIORITY_WORTH_MS = 600_000;

export class Model {
  readonly runs = new Map<string, ModelRun>();
  readonly pauses = new Set<string>();

  list(test: (run: ModelRun) => boolean): ModelRun[] {
    return [...this.runs.values()].filter(test);
  }

  add(run: Omit<ModelRun, 'behind'>): void {
    const made = { ...run, behind: false };
    made.behind = this.#isBehind(made);
    this.runs.set(run.id, made);
  }

  twinOf(slug: string, unique: string): ModelRun | undefined {
    return this.list((run) => run.slug === slug && run.unique === unique && isActive(run))[0];
  }

  end(run: ModelRun, status: RunStatus, now: number): void {
    run.status = status;
    run.endedAt = now;
    const ahead = this.#ofKey(run).filter(({ behind }) => !behind);
    const next = this.#ofKey(run)
      .filter(({ behind }) => behind)
      .sort((x, y) => x.order - y.order)[0];
    if (next && ahead.length < 1) next.behind = false;
    for (const other of this.runs.values()) if (other.after.has(run.id)) other.after.set(run.id, status);
  }

  back(run: ModelRun, due: number, now: number, spends: boolean): void {
    if (run.cancelAsked) {
      this.end(run, 'cancelled', now);
      return;
    }
    Object.assign(run, { status: 'pending', due, ripe: due <= now, attempt: spends ? run.attempt : run.attempt - 1, host: undefined });
  }

  retry(run: ModelRun, now: number): boolean {
    if (run.status !== 'failed' && run.status !== 'stale' && run.status !== 'cancelled') return false;
    const taken = this.list((other) => other.slug === run.slug && other.unique === run.unique && !other.replaces && isActive(other));
    if (run.unique !== undefined && !run.replaces && taken.length > 0) return false;
    const behind = this.#isBehind(run);
    // Whoever retries it wants it to run: it waits for nothing any more.
    run.after.clear();
    Object.assign(run, { status: 'pending', attempt: 0, due: now, ripe: true, waits: false, cancelAsked: false, host: undefined, behind });
    return true;
  }

  /** What the next claim does first: dependants of ended runs go on or are cancelled, until nothing changes. */
  settle(now: number): void {
    for (let changed = true; changed; ) {
      changed = false;
      for (const run of this.runs.values()) {
        for (const [id, ended] of run.after) {
          if (ended === undefined) continue;
          changed = true;
          if (ended !== 'completed' && !run.runsAnyway) {
            run.after.clear();
            if (run.status === 'pending') this.end(run, 'cancelled', now);
          } else {
            run.after.delete(id);
            if (run.after.size === 0) run.waits = false;
          }
        }
      }
    }
    for (const run of this.runs.values()) if (run.status === 'pending' && run.due <= now) run.ripe = true;
  }

  claimable(): ModelRun[] {
    return this.list(
      (run) =>
        run.status === 'pending' &&
        run.ripe &&
        !run.behind &&
        !run.waits &&
        !['all', `job ${run.slug}`, `queue ${run.queue}`].some((pause) => this.pauses.has(pause)),
    );
  }

  /** Whether a limit lets one more of this kind start. */
  hasRoom(run: Pick<ModelRun, 'slug' | 'queue'>): boolean {
    const running = this.list(({ status }) => status === 'running');
    return (
      running.length < MAX_CONCURRENT &&
      running.filter(({ slug }) => slug === run.slug).length < CAPS[run.slug]! &&
      running.filter(({ queue }) => queue === run.queue).length < (QUEUE_CAPS[run.queue] ?? Number.POSITIVE_INFINITY)
    );
  }

  #isBehind(run: ModelRun): boolean {
    return run.key !== undefined && this.#ofKey(run).length > 0;
  }

  #ofKey(run: ModelRun): ModelRun[] {
    return run.key === undefined ? [] : this.list((other) => other.slug === run.slug && other.key === run.key && isActive(other));
  }
}

export function isActive({ status }: ModelRun): boolean {
  return !isFinal(status);
}

export function rankOf({ due, priority }: ModelRun): number {
  return due - priority * PRIORITY_WORTH_MS;
}
