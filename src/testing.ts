/**
 * For users' tests, with any test runner: a host with a clock that the test moves, which executes runs when it is told to and waits until
 * everything is done; assertions about what was queued; waiting for what becomes of a run.
 */
import { type CreateHostOptions, createHost } from './api/create-host.js';
import type { EmbeddedHost } from './api/embedded-host.js';
import type { AnyJob } from './api/job.js';
import type { Clock } from './domain/clock.js';
import type { Json } from './domain/json.js';
import type { RunStatus } from './domain/run.js';
import { isFinal } from './domain/state-machine.js';
import type { RunView } from './operations/run-view.js';

/** A clock that stands still until it is moved. */
export class FakeClock implements Clock {
  #now: number;

  /** Default 2026-01-05T10:00:00Z, a Monday. */
  constructor(start: Date = new Date(Date.UTC(2026, 0, 5, 10))) {
    this.#now = start.getTime();
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return performance.now();
  }

  set(to: Date): void {
    this.#now = to.getTime();
  }

  advance(ms: number): void {
    this.#now += ms;
  }
}

export interface TestHost<Jobs extends readonly AnyJob[]> {
  host: EmbeddedHost<Jobs>;
  clock: FakeClock;
  /**
   * Executes everything that is due, and what that queues, until nothing is due and nothing runs. `later`: also what is due later
   * (delays, retries), moving the clock from one due instant to the next. Ends with the runs that ended meanwhile, oldest first.
   */
  drain(options?: { later?: boolean }): Promise<RunView[]>;
  /** Moves the clock and runs what has come due, schedules too. Ends with the runs that ended meanwhile, oldest first. */
  advance(ms: number): Promise<RunView[]>;
  stop(): Promise<void>;
}

/** As createHost, started, with a fake clock; nothing of a schedule is run but by `advance`. */
export async function createTestHost<const Jobs extends readonly AnyJob[] = readonly []>(
  options: CreateHostOptions<Jobs> & { clock?: FakeClock } = {},
): Promise<TestHost<Jobs>> {
  const clock = options.clock ?? new FakeClock();
  const host = await createHost<Jobs>({ threads: 1, ...options, clock });
  const ended: string[] = [];
  host.on('attempt:finished', ({ run, next }) => {
    if (next !== 'pending') ended.push(run.id);
  });
  await host.start();
  const views = (from: number) => Promise.all([...new Set(ended.slice(from))].map((id) => host.jobs.run(id)));
  const settle = async (later: boolean) => {
    for (;;) {
      await host.idle();
      const next = later ? host.nextDueAt() : undefined;
      if (next === undefined) return;
      clock.set(new Date(next));
    }
  };
  return {
    host,
    clock,
    async drain({ later = false } = {}) {
      const from = ended.length;
      await settle(later);
      return await views(from);
    },
    async advance(ms) {
      const from = ended.length;
      const until = clock.now() + ms;
      // From one due instant to the next, so that what each run queues is seen by those after it.
      for (;;) {
        await host.idle();
        const next = Math.min(host.nextDueAt() ?? until, host.nextTickAt() ?? until, until);
        clock.set(new Date(Math.max(next, clock.now())));
        await host.checkSchedules();
        if (clock.now() >= until) break;
      }
      await host.idle();
      return await views(from);
    },
    stop: () => host.stop({ grace: 0 }),
  };
}

type AnyHost = Pick<EmbeddedHost, 'jobs'>;

export interface Expected {
  /** Data that the run has at least. */
  data?: Json;
  status?: RunStatus;
  queue?: string;
  priority?: number;
  /** Exactly so many; default at least one. */
  count?: number;
}

/** The runs of a job that match, newest first. */
export async function enqueued(host: AnyHost, slug: string, expected: Omit<Expected, 'count'> = {}): Promise<RunView[]> {
  const runs = await host.jobs.runs({ slug, limit: -1 });
  return runs.filter(
    (run) =>
      (expected.data === undefined || contains(run.data, expected.data)) &&
      (expected.status === undefined || run.status === expected.status) &&
      (expected.queue === undefined || run.queue === expected.queue) &&
      (expected.priority === undefined || run.priority === expected.priority),
  );
}

/** Ends with the runs that match; rejects with an AssertionError that shows what is there. */
export async function assertEnqueued(host: AnyHost, slug: string, expected: Expected = {}): Promise<RunView[]> {
  const { count, ...rest } = expected;
  const found = await enqueued(host, slug, rest);
  if (count === undefined ? found.length > 0 : found.length === count) return found;
  const all = await host.jobs.runs({ limit: 20 });
  const shown = all.map((run) => `  ${run.slug} ${run.status} ${JSON.stringify(run.data)}`).join('\n');
  const wanted = `${count ?? 'at least one'} run(s) of '${slug}'${Object.keys(rest).length === 0 ? '' : ` with ${JSON.stringify(rest)}`}`;
  throw new AssertionError(`expected ${wanted}, found ${found.length}. The newest runs:\n${shown || '  (none)'}`);
}

export async function assertNotEnqueued(host: AnyHost, slug: string, expected: Omit<Expected, 'count'> = {}): Promise<void> {
  await assertEnqueued(host, slug, { ...expected, count: 0 });
}

/** Waits until a run of the job (or the run with this id) has the status; rejects at once when it ended otherwise and cannot have it any more. */
export async function waitForRun(
  host: EmbeddedHost<readonly AnyJob[]>,
  which: { slug: string } | { id: string },
  status: RunStatus = 'completed',
  signal?: AbortSignal,
): Promise<RunView> {
  for (;;) {
    signal?.throwIfAborted();
    const changed = nextChange(host, signal);
    const runs = 'id' in which ? [await host.jobs.run(which.id)] : await host.jobs.runs({ slug: which.slug, limit: -1 });
    const found = runs.find((run) => run.status === status);
    if (found) {
      changed.forget();
      return found;
    }
    const [only] = runs;
    if ('id' in which && only && isFinal(only.status)) {
      changed.forget();
      throw new AssertionError(
        `expected run ${only.id} of '${only.slug}' to be ${status}, it is ${only.status}: ${only.error ?? 'no error'}`,
      );
    }
    await changed.happened;
  }
}

/** Thrown by the assertions; `name` and `code` are those that test runners know. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
  readonly code = 'ERR_ASSERTION';
}

function nextChange(host: EmbeddedHost<readonly AnyJob[]>, signal: AbortSignal | undefined) {
  let forget = () => {};
  const happened = new Promise<void>((resolve, reject) => {
    const names = ['run:enqueued', 'attempt:started', 'attempt:finished', 'run:rescued'] as const;
    const hear = () => {
      forget();
      resolve();
    };
    const abort = () => {
      forget();
      reject(signal?.reason);
    };
    forget = () => {
      for (const name of names) host.off(name, hear);
      signal?.removeEventListener('abort', abort);
    };
    for (const name of names) host.on(name, hear);
    signal?.addEventListener('abort', abort, { once: true });
  });
  return { happened, forget };
}

/** Objects by the keys of `part`, lists by their length and places, anything else by equality. */
function contains(whole: Json, part: Json): boolean {
  if (Array.isArray(part))
    return Array.isArray(whole) && whole.length === part.length && part.every((each, i) => contains(whole[i] as Json, each));
  if (typeof part !== 'object' || part === null) return whole === part;
  if (typeof whole !== 'object' || whole === null || Array.isArray(whole)) return false;
  const inner = whole as Record<string, Json>;
  return Object.entries(part as Record<string, Json>).every(([key, value]) => key in inner && contains(inner[key] as Json, value));
}
