/** What makes a dispatcher look for work, what it does with claims that come too late, and when it says that it has nothing to do. */
import { afterEach, describe, expect, it } from 'vitest';
import { StoreUnavailableError } from '../../src/domain/errors.js';
import { claiming, endClaiming } from './claiming.js';
import { jobs, type Stage } from './stage.js';

afterEach(endClaiming);

/** Well below the poll interval of the dispatchers here, which is a minute. */
const SOON = 10_000;

/** Calls `then` when an act of this owner has been committed, before whoever asked for it hears of it. */
function afterActs(stage: Stage, owner: string, then: (nth: number) => unknown): void {
  const write = stage.acts.write.bind(stage.acts);
  let count = 0;
  stage.acts.write = async (who, body) => {
    const result = await write(who, body);
    if (who === owner) await then(++count);
    return result;
  };
}

/** The first act of this owner finds no database. */
function failOnce(stage: Stage, owner: string): void {
  const write = stage.acts.write.bind(stage.acts);
  let failed = false;
  stage.acts.write = async (who, body) => {
    if (who !== owner || failed) return write(who, body);
    failed = true;
    throw new StoreUnavailableError('DATABASE_BUSY', 'is locked', { retryable: true });
  };
}

/** Resolves when so many claims have been made and what follows them has been done. */
function claims(stage: Stage, count: number): Promise<void> {
  return new Promise((resolve) => {
    afterActs(stage, 'claim', (nth) => {
      if (nth === count) setImmediate(() => setImmediate(resolve));
    });
  });
}

describe('[DURABLE] a run is found', () => {
  it('that was queued while a claim was under way', { timeout: SOON }, async () => {
    const { stage, pool, dispatcher } = await claiming(jobs({ slug: 'a' }));
    const enqueue = stage.acts.write.bind(stage.acts);
    afterActs(stage, 'claim', async (nth) => {
      if (nth > 1) return;
      await enqueue('test', (db) =>
        stage.acts.store.enqueue(db, { slug: 'a', data: '{}', queue: 'default', maxAttempts: 1, scheduledBy: 'system' }, stage.clock.now()),
      );
      dispatcher.wake();
    });
    dispatcher.start();
    await pool.until(1);
  });

  it('when its due time comes', { timeout: SOON }, async () => {
    const { stage, pool, dispatcher } = await claiming(jobs({ slug: 'a' }));
    await stage.enqueue('a', { dueAt: stage.clock.now() + 30 });
    const looked = claims(stage, 1);
    dispatcher.start();
    await looked;
    expect(pool.given).toEqual([]);
    stage.clock.time += 30;
    await pool.until(1);
  });

  it('soon after a claim that failed', { timeout: SOON }, async () => {
    const { stage, pool, dispatcher } = await claiming(jobs({ slug: 'a' }));
    await stage.enqueue('a');
    failOnce(stage, 'claim');
    dispatcher.start();
    await pool.until(1);
  });

  it('by the poll, when nobody has told of it', { timeout: SOON }, async () => {
    const { stage, pool, dispatcher } = await claiming(jobs({ slug: 'a' }), { pollMs: 20 });
    const looked = claims(stage, 1);
    dispatcher.start();
    await looked;
    await stage.enqueue('a');
    await pool.until(1);
  });
});

it('[ONCE] a claim that comes back after a stop is given back, not executed', async () => {
  const { stage, pool, dispatcher } = await claiming(jobs({ slug: 'a' }));
  const id = await stage.enqueue('a');
  let stopped: Promise<void> | undefined;
  const back = new Promise<void>((resolve) => stage.events.once('attempt:finished', () => resolve()));
  afterActs(stage, 'claim', () => {
    stopped ??= dispatcher.stop();
  });
  dispatcher.start();
  await back;
  await stopped;
  expect(pool.given).toEqual([]);
  expect(stage.run(id)).toMatchObject({ status: 'pending', attempt: 0 });
});

it('[CAPS] the limit of this host alone counts what runs already', async () => {
  const { stage, pool, dispatcher } = await claiming(jobs({ slug: 'a', concurrency: 50 }), { ownLimit: 2 });
  for (let i = 0; i < 5; i++) await stage.enqueue('a');
  const turns = new Promise<void>((resolve) => {
    const look = () => pool.given.length >= 2 && resolve();
    stage.events.on('run:claimed', () => setImmediate(look));
  });
  dispatcher.start();
  await turns;
  dispatcher.wake();
  // A claim needs two turns of the loop at most.
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(pool.given).toHaveLength(2);
  expect(stage.runs().filter((run) => run.status === 'running')).toHaveLength(2);
});

describe('a drain does not end', () => {
  it('while a run is running, although nothing else is due', async () => {
    let idle = 0;
    const { stage, pool, dispatcher, end } = await claiming(jobs({ slug: 'a', concurrency: 5 }), { onIdle: () => idle++ });
    const id = await stage.enqueue('a');
    const twice = claims(stage, 2);
    dispatcher.start();
    await pool.until(1);
    dispatcher.wake();
    await twice;
    expect(idle).toBe(0);
    const done = new Promise((resolve) => stage.events.once('host:idle', resolve));
    await end(id);
    await done;
  });

  it('while a run is due for which another host has no place left', async () => {
    let idle = 0;
    const { stage, pool, dispatcher } = await claiming(jobs({ slug: 'a' }), { onIdle: () => idle++ });
    const [theirs, due] = [await stage.enqueue('a'), await stage.enqueue('a')];
    const { acts, clock } = stage;
    const limits = { limit: 1, maxConcurrent: 9, concurrency: new Map([['a', 1]]) };
    const [taken] = await acts.write('test', (db) =>
      acts.store.claim(db, { host: 'h2', now: clock.now(), leaseUntil: clock.now() + 1, ...limits }),
    );
    expect(taken?.id).toBe(theirs);
    const looked = claims(stage, 1);
    dispatcher.start();
    await looked;
    expect([idle, pool.given]).toEqual([0, []]);
    await acts.write('test', (db) =>
      acts.store.complete(db, { run: theirs, claim: taken!.claim, now: clock.now(), result: null, log: [] }),
    );
    dispatcher.wake();
    await pool.until(1);
    expect(pool.given[0]?.id).toBe(due);
  });

  it('while the end of a run is not recorded because the database is away', async () => {
    const seen: string[] = [];
    const { stage, pool, dispatcher, end } = await claiming(jobs({ slug: 'a', concurrency: 5 }), {
      onIdle: () => seen.push(stage.run(id)!.status),
    });
    const id = await stage.enqueue('a');
    dispatcher.start();
    await pool.until(1);
    failOnce(stage, 'finish');
    const done = new Promise((resolve) => stage.events.once('attempt:finished', () => stage.events.once('host:idle', resolve)));
    const ended = end(id);
    dispatcher.wake();
    await ended;
    await done;
    expect(new Set(seen)).toEqual(new Set(['failed']));
  });
});
