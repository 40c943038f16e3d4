/** Dispatchers without threads: what they claim is given to a pool whose runs the test ends. */
import type { ClaimedRun } from '../../src/domain/run.js';
import { Dispatcher, type DispatcherOptions } from '../../src/host/dispatcher.js';
import { RunEnds } from '../../src/host/run-ends.js';
import type { RunReport } from '../../src/worker/protocol.js';
import { createStage, type jobs, type Stage } from './stage.js';

/** Slots without threads: runs stay until the test ends them. */
export class FakePool {
  readonly running = new Map<string, ClaimedRun>();
  readonly given: ClaimedRun[] = [];
  slots: number;
  full = false;
  readonly #watchers = new Set<() => void>();
  constructor(slots: number) {
    this.slots = slots;
  }
  give(run: ClaimedRun): boolean {
    if (this.full) return false;
    this.running.set(run.id, run);
    this.given.push(run);
    for (const watcher of [...this.#watchers]) watcher();
    return true;
  }
  until(count: number): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (this.given.length < count) return;
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
      look();
    });
  }
}

const stages: Stage[] = [];
const dispatchers: Dispatcher[] = [];
/** For `afterEach`. */
export async function endClaiming(): Promise<void> {
  await Promise.all(dispatchers.splice(0).map((d) => d.stop()));
  for (const stage of stages.splice(0)) stage.dispose();
}

/** A dispatcher over a stage of its own, or over `stage`, which is disposed of with it; the runs that it claims end when the test says so. */
export async function claiming(
  registry: ReturnType<typeof jobs>,
  options: Partial<DispatcherOptions> & { slots?: number; stage?: Stage; host?: string } = {},
) {
  const stage = options.stage ?? (await createStage());
  stages.unshift(stage);
  const pool = new FakePool(options.slots ?? 100);
  const host = options.host ?? 'h1';
  const ends = new RunEnds({
    host,
    acts: stage.acts,
    events: stage.events,
    clock: stage.clock,
    registry,
    onChange: () => dispatcher.wake(),
  });
  const { slots: _slots, stage: _stage, ...more } = options;
  const dispatcher = new Dispatcher({
    host,
    acts: stage.acts,
    events: stage.events,
    registry,
    clock: stage.clock,
    queues: undefined,
    maxConcurrent: 100,
    queueConcurrency: new Map(),
    ownLimit: Number.POSITIVE_INFINITY,
    leaseMs: 30_000,
    pollMs: 60_000,
    free: () => pool.slots - pool.running.size,
    running: () => pool.running.size,
    give: (run) => pool.give(run),
    release: (run) => ends.giveBack(run),
    ...more,
  });
  dispatchers.push(dispatcher);
  const end = (id: string, report: Partial<RunReport> = {}) => {
    const run = pool.running.get(id)!;
    pool.running.delete(id);
    const ended = new Promise<void>((resolve) => {
      const look = (e: { run: ClaimedRun }) => {
        if (e.run !== run) return;
        stage.events.off('attempt:finished', look);
        resolve();
      };
      stage.events.on('attempt:finished', look);
    });
    ends.finished(run, { outcome: 'failed', committed: false, log: [], queued: false, error: { code: 'X', message: 'x' }, ...report }, 1);
    return ended;
  };
  return { stage, pool, dispatcher, ends, end };
}
