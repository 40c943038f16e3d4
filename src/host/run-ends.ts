/** What the host makes of the end of each attempt: the next status by the retry rules, recorded once and told. */
import type { Clock } from '../domain/clock.js';
import { messageOf } from '../domain/errors.js';
import type { Op } from '../domain/op.js';
import type { ClaimedRun } from '../domain/run.js';
import type { Registry } from '../project/registry.js';
import type { Db } from '../store/db.js';
import type { EndRequest } from '../store/store.js';
import type { RunReport } from '../worker/protocol.js';
import type { HostActs } from './acts.js';
import type { HostEmitter, HostEvents } from './events.js';
import { queueFollowUp } from './follow-up.js';
import { afterFailure, afterLoss, afterRelease } from './retry.js';

/** A run that was given back because its thread could not execute it (broken project file, no database) is tried again after this. */
const UNABLE_DELAY_MS = 10_000;
/** Waits beyond a year are mistakes of a unit. */
const LONGEST_DELAY_MS = 366 * 86_400_000;

export interface RunEndsOptions {
  host: string;
  acts: HostActs;
  events: HostEmitter;
  clock: Clock;
  registry: Registry;
  retryDelays?: ReadonlyMap<string, RetryDelay> | undefined;
  /** A run is over and recorded, or new runs are visible: look for work. */
  onChange(): void;
}

/** Milliseconds to wait after a failed attempt (from 1). */
export type RetryDelay = (attempt: number, error: Error & { code: string }) => number;

/** How often each outcome was met since the start. */
export type OutcomeCounts = Record<RunReport['outcome'], number>;

export class RunEnds {
  readonly counts: OutcomeCounts = { completed: 0, failed: 0, timed_out: 0, cancelled: 0, released: 0, lost: 0 };
  readonly #options: RunEndsOptions;
  /** run:claim of claims that were lost: nothing of them may be recorded. */
  readonly #lost = new Set<string>();

  constructor(options: RunEndsOptions) {
    this.#options = options;
  }

  /** The claim was found to be lost; its run is being stopped. */
  claimLost(run: ClaimedRun): void {
    this.#lost.add(keyOf(run));
  }

  finished(run: ClaimedRun, report: RunReport, durationMs: number, worker?: number): void {
    this.counts[report.outcome]++;
    const tell = (next: HostEvents['attempt:finished']['next'], retryAt?: number) => {
      const { outcome, committed, error } = report;
      this.#options.events.emit('attempt:finished', { run, outcome, committed, durationMs, error, next, retryAt });
      this.#options.onChange();
    };
    if (report.queued) this.#options.events.emit('run:enqueued', { slug: undefined, id: undefined });
    const lost = this.#lost.delete(keyOf(run));
    if (report.outcome === 'completed') {
      tell(report.committed ? 'completed' : 'unknown');
      return;
    }
    if (lost) {
      tell('unknown');
      return;
    }
    const asked = this.#askDelay(run, report);
    this.#options.acts
      .record('finish', (db) => this.#end(db, run, asked === undefined ? report : { ...report, retryInMs: asked }, worker))
      .then((next) => {
        if (!next) tell('unknown');
        else if (next.status === 'pending') tell('pending', next.dueAt);
        else tell(next.status);
      })
      .catch((error: unknown) => {
        this.#options.events.log('error', `Job ${run.id} (${run.slug}) execution error: ${String(error)}`);
        tell('unknown');
      });
  }

  /** Undefined where no function says, or what it says is no delay. */
  #askDelay(run: ClaimedRun, report: RunReport): number | undefined {
    const ask = this.#options.retryDelays?.get(run.slug);
    if (!ask || report.final || (report.outcome !== 'failed' && report.outcome !== 'timed_out')) return undefined;
    const { code, message } = report.error ?? { code: report.outcome, message: report.outcome };
    let problem: string;
    try {
      const delay: unknown = ask(run.attempt, Object.assign(new Error(message), { code }));
      if (typeof delay === 'number' && delay >= 0 && delay <= LONGEST_DELAY_MS) return Math.round(delay);
      problem = `expected milliseconds from 0 to ${LONGEST_DELAY_MS}, got ${String(delay)}`;
    } catch (error) {
      problem = messageOf(error);
    }
    this.#options.events.log('warn', `backoff of job '${run.slug}' failed, the default delay counts: ${problem}`, run);
    return undefined;
  }

  /** Gives back a claim that no slot took. */
  giveBack(run: ClaimedRun): void {
    this.finished(run, { outcome: 'released', committed: false, log: [], queued: false }, 0);
  }

  *#end(db: Db, run: ClaimedRun, report: RunReport, worker: number | undefined): Op<EndRequest['next'] | undefined> {
    const { store } = this.#options.acts;
    const { outcome } = report;
    if (outcome === 'completed') return undefined;
    const now = this.#options.clock.now();
    const job = this.#options.registry.jobs.get(run.slug);
    let next: EndRequest['next'];
    if (outcome === 'cancelled') next = { status: 'cancelled' };
    else if (outcome === 'released') next = afterRelease(now, report.retryInMs ?? (report.error ? UNABLE_DELAY_MS : 0));
    else if (outcome === 'lost') {
      const mine = (yield* store.listClaimsOf(db, this.#options.host, now)).find((c) => c.run === run.id && c.claim === run.claim);
      if (!mine) return undefined;
      next = afterLoss(mine.losses + 1, now, 'failed', job?.onLost);
    } else if (report.final) next = { status: 'failed' };
    else next = afterFailure(run.attempt, run.maxAttempts, now, job?.backoff, report.retryInMs);
    const request: EndRequest = { run: run.id, claim: run.claim, now, outcome, next, log: report.log, worker };
    if (report.error) request.error = report.error;
    const status = yield* store.end(db, request);
    if (status === undefined) return undefined;
    yield* queueFollowUp(db, store, this.#options.registry.jobs, run.id, now);
    return status === 'cancelled' ? { status } : next;
  }
}

function keyOf(run: ClaimedRun): string {
  return `${run.id}:${run.claim}`;
}
