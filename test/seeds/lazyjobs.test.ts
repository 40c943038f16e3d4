/** The document of lazyjobs, function by function, with its schedules and reports, and what was weak there. */
import { afterEach, describe, expect, expectTypeOf, it } from 'vitest';
import {
  BaseJob,
  type Config,
  type Context,
  Every,
  FirstRunAt,
  inmemoryjobs,
  type Job,
  type JobRunner,
  New,
  Queue,
  type Record,
  RunAt,
  RunIn,
  RunnerFromContext,
  StateDiscarded,
  StatePending,
  StateRetrying,
  StateRunning,
  StateSucceeded,
} from '../../src/compat/lazyjobs.js';
import { MovingClock } from './moving-clock.js';

const open: JobRunner[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((runner) => runner.Stop(0)));
});

const done: string[] = [];
class Greet implements Job {
  name: string;
  constructor(name = '') {
    this.name = name;
  }
  Kind() {
    return 'greet.person';
  }
  Work(_: Context) {
    done.push(this.greeting());
  }
  greeting() {
    return `hello ${this.name}`;
  }
}
class Fails extends BaseJob {
  static seen: [number, string][] = [];
  Kind() {
    return 'fails';
  }
  override JobMaxAttempts() {
    return 3;
  }
  JobRetryDelay(attempt: number, error: Error) {
    Fails.seen.push([attempt, error.message]);
    return 5_000;
  }
  Work() {
    return new Error('no luck');
  }
}

async function start(config: Config = {}, begin = true): Promise<{ runner: JobRunner; clock: MovingClock }> {
  done.length = 0;
  const clock = new MovingClock();
  const runner = await New({ Backend: inmemoryjobs.New(), ...config, host: { threads: 1, clock } });
  open.push(runner);
  if (begin) await runner.Start();
  return { runner, clock };
}
const define = (runner: JobRunner) => {
  runner.MustRegister(new Greet());
  runner.MustRegister(new Fails());
};

describe('the runner', () => {
  it('New, Register, MustRegister, Definitions; a kind registered twice is an error', async () => {
    const { runner } = await start({ Define: define }, false);
    expect(runner.Definitions()).toEqual([
      { kind: 'greet.person', type: 'Greet', queue: 'default', max_attempts: 25 },
      { kind: 'fails', type: 'Fails', queue: 'default', max_attempts: 3 },
    ]);
    expect(runner.Register(new Greet())).toMatchObject({ code: 'DUPLICATE_SLUG' });
    expect(() => runner.MustRegister(new Greet())).toThrow(expect.objectContaining({ code: 'DUPLICATE_SLUG' }));
  });

  it('Start, Running, Stop', async () => {
    const { runner } = await start({ Define: define }, false);
    expect(runner.Running()).toBe(false);
    await runner.Start();
    expect(runner.Running()).toBe(true);
    await runner.Stop();
    expect(runner.Running()).toBe(false);
  });

  it('Enqueue, EnqueueAt, EnqueueIn, EnqueueWith give a record; the job is made anew from its payload, methods included', async () => {
    const { runner, clock } = await start({ Define: define });
    const at = new Date(clock.now() + 60_000);
    const record = await runner.Enqueue(new Greet('ada'));
    const later = await runner.EnqueueAt(new Greet('bob'), at);
    const soon = await runner.EnqueueIn(new Greet('cyd'), 5_000);
    const slow = await runner.EnqueueWith(new Greet('dan'), Queue('slow'), RunIn(5_000));
    const same = await runner.EnqueueWith(new Greet('eve'), RunAt(at));
    expectTypeOf(record).toEqualTypeOf<Record>();
    expect(record).toMatchObject({
      kind: 'greet.person',
      queue: 'default',
      attempt: expect.any(Number),
      max_attempts: 25,
      created_at: new Date(clock.now()),
    });
    expect([later.run_at, same.run_at, soon.run_at.getTime() - clock.now(), slow.queue]).toEqual([at, at, 5_000, 'slow']);
    expect(record.payload).toEqual({ name: 'ada' });
    expect(JSON.stringify(record)).not.toContain('ada');
    await clock.pass(runner.parts.host, 10_000);
    expect([...done].sort()).toEqual(['hello ada', 'hello cyd', 'hello dan']);
    await clock.pass(runner.parts.host, 50_000);
    expect(done).toHaveLength(5);
  });

  it('a job that is not registered is refused', async () => {
    const { runner } = await start();
    await expect(runner.Enqueue(new Greet('ada'))).rejects.toMatchObject({ code: 'JOB_NOT_DEFINED' });
    // @ts-expect-error no job
    await expect(runner.Enqueue({ name: 'ada' })).rejects.toThrow();
  });

  it('RunnerFromContext: a job enqueues, in its own transaction', async () => {
    class Chain extends BaseJob {
      Kind() {
        return 'chain';
      }
      override JobMaxAttempts() {
        return 1;
      }
      async Work(ctx: Context) {
        const record = await RunnerFromContext(ctx)!.Enqueue(new Greet('from chain'));
        expect(record).toMatchObject({ kind: 'greet.person', state: StatePending });
        if ((this as { fail?: boolean }).fail) throw new Error('undone');
      }
    }
    const { runner, clock } = await start({
      Define: (r) => {
        define(r);
        r.MustRegister(new Chain());
      },
    });
    await runner.Enqueue(Object.assign(new Chain(), { fail: true }));
    await clock.pass(runner.parts.host, 0);
    expect(done).toEqual([]);
    await runner.Enqueue(new Chain());
    await clock.pass(runner.parts.host, 0);
    expect(done).toEqual(['hello from chain']);
  });
});

describe('states', () => {
  it('the retry policy sees the error; pending, retrying, discarded; the last error and its stack are kept', async () => {
    Fails.seen = [];
    const { runner, clock } = await start({ Define: define });
    const { id } = await runner.Enqueue(new Fails());
    const record = async () => (await runner.Snapshot()).recent.find((each) => each.id === id);
    await clock.pass(runner.parts.host, 4_000);
    expect(await record()).toMatchObject({ state: StateRetrying, attempt: 1, last_error: 'no luck' });
    await clock.pass(runner.parts.host, 6_000);
    expect(await record()).toMatchObject({ state: StateDiscarded, attempt: 3, max_attempts: 3 });
    expect(Fails.seen).toEqual([
      [1, 'no luck'],
      [2, 'no luck'],
      [3, 'no luck'],
    ]);
    expect((await runner.parts.host.jobs.attempts(id))[0]?.error?.traceback).toContain('Error: no luck');
    expect([StatePending, StateRunning, StateSucceeded]).toEqual(['pending', 'running', 'succeeded']);
  });

  it('by default 25 attempts, one second and then twice as long, at most a minute', async () => {
    class Broken extends BaseJob {
      Kind() {
        return 'broken';
      }
      Work() {
        throw new Error('always');
      }
    }
    const { runner, clock } = await start({ Define: (r) => r.MustRegister(new Broken()) });
    const delays: number[] = [];
    runner.parts.host.on('attempt:finished', ({ retryAt }) => void (retryAt !== undefined && delays.push(retryAt - clock.now())));
    await runner.Enqueue(new Broken());
    await clock.pass(runner.parts.host, 3_600_000);
    expect(delays.slice(0, 8)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
    expect(delays).toHaveLength(24);
  });
});

describe('reports', () => {
  it('Snapshot: definitions, schedules, limits, stats by state, kind and queue, the newest records', async () => {
    const { runner, clock } = await start({
      Workers: 2,
      QueueLimits: { slow: 1 },
      Define: (r) => {
        define(r);
        r.MustSchedule(Every('hourly', 3_600_000, new Greet('hour'), Queue('slow')));
      },
    });
    await runner.Enqueue(new Greet('ada'));
    await runner.EnqueueIn(new Greet('bob'), 60_000);
    await clock.pass(runner.parts.host, 1_000);
    expect(await runner.Snapshot()).toMatchObject({
      running: true,
      definitions: runner.Definitions(),
      schedules: [{ key: 'hourly', interval: 3_600_000, kind: 'greet.person', queue: 'slow', next_run_at: expect.any(Date) }],
      queue_limits: [{ queue: 'slow', max_running: 1, running: 0, available: 1 }],
      stats: {
        total: 2,
        by_state: { pending: 1, succeeded: 1 },
        by_kind: { 'greet.person': 2 },
        by_queue: { default: 2 },
        by_queue_state: { default: { pending: 1, succeeded: 1 } },
      },
    });
    expect(await runner.QueueLimitStates()).toEqual([{ queue: 'slow', max_running: 1, running: 0, available: 1 }]);
    expect(await runner.ScheduleDefinitions()).toHaveLength(1);
  });
});

describe('schedules', () => {
  it('every interval from FirstRunAt; while one is active none is added; passed instants make no burst', async () => {
    let hold = true;
    const runs: number[] = [];
    class Slow extends BaseJob {
      Kind() {
        return 'slow';
      }
      Work(ctx: Context) {
        runs.push(clockOf.clock!.now());
        if (hold) ctx.retryLater(25_000, 'held');
      }
    }
    const clockOf: { clock?: MovingClock } = {};
    const first = new Date(Date.UTC(2026, 0, 5, 10, 0, 5));
    const { runner, clock } = await start(
      {
        Define: (r) => {
          r.MustRegister(new Slow());
          expect(r.Schedule(Every('s', 10_000, new Slow(), FirstRunAt(first)))).toBeUndefined();
          expect(r.Schedule(Every('s', 10_000, new Slow()))).toMatchObject({ code: 'LAZYJOBS_SCHEDULE' });
          expect(r.Schedule(Every('t', 0, new Slow()))).toMatchObject({ code: 'LAZYJOBS_SCHEDULE' });
        },
      },
      false,
    );
    clockOf.clock = clock;
    await runner.Start();
    await clock.pass(runner.parts.host, 26_000);
    expect((await runner.Snapshot()).stats.by_kind).toEqual({ slow: 1 });
    hold = false;
    await clock.pass(runner.parts.host, 20_000);
    expect((await runner.Snapshot()).stats.by_kind).toEqual({ slow: 3 });
    expect(new Date(runs[0]!)).toEqual(first);
    const before = (await runner.Snapshot()).stats.total;
    clock.advance(10 * 60_000);
    await clock.pass(runner.parts.host, 1_000);
    expect((await runner.Snapshot()).stats.total - before).toBe(1);
  });
});

describe('weak there', () => {
  it('a pending job is cancelled, and ended ones are purged', async () => {
    const { runner, clock } = await start({ Define: define });
    const { id } = await runner.EnqueueIn(new Greet('ada'), 60_000);
    await runner.parts.host.jobs.cancel(id);
    clock.advance(1_000);
    expect(await runner.parts.host.jobs.purge({ olderThanMs: 0 })).toBe(1);
    expect((await runner.Snapshot()).stats.total).toBe(0);
  });
});
