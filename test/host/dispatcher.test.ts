import { afterEach, describe, expect, it } from 'vitest';
import { endClaiming, claiming as set } from './claiming.js';
import { createStage, jobs } from './stage.js';

afterEach(endClaiming);

describe('dispatcher', () => {
  it('claims what is due when woken and no more than fits', async () => {
    const { stage, pool, dispatcher, end } = await set(jobs({ slug: 'a', concurrency: 50 }), { slots: 3 });
    for (let i = 0; i < 5; i++) await stage.enqueue('a');
    dispatcher.start();
    await pool.until(3);
    expect(pool.given).toHaveLength(3);
    expect(stage.runs().filter((run) => run.status === 'running')).toHaveLength(3);
    await end(pool.given[0]!.id);
    await pool.until(4);
    expect(stage.runs().filter((run) => run.status === 'pending')).toHaveLength(1);
  });

  it('[CAPS] never exceeds run-wide, queue and job limits, also with two hosts over one file', async () => {
    const registry = jobs({ slug: 'a', concurrency: 3 }, { slug: 'b', concurrency: 9, queue: 'mail' });
    const limits = { maxConcurrent: 6, queueConcurrency: new Map([['mail', 2]]) };
    const first = await set(registry, limits);
    const other = await createStage(first.stage);
    const second = await set(registry, { ...limits, stage: other, host: 'h2' });
    for (let i = 0; i < 20; i++) {
      await first.stage.enqueue('a');
      await first.stage.enqueue('b', { queue: 'mail' });
    }
    first.dispatcher.start();
    second.dispatcher.start();
    let finished = 0;
    let most = { a: 0, b: 0 };
    const given = () => first.pool.given.length + second.pool.given.length;
    while (finished < 40) {
      if (given() === finished)
        await Promise.race([first.pool.until(first.pool.given.length + 1), second.pool.until(second.pool.given.length + 1)]);
      // Both have claimed what they may before anything ends: without these turns one would be through before the other begins.
      for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
      const running = first.stage.runs().filter((run) => run.status === 'running');
      most = {
        a: Math.max(most.a, running.filter((run) => run.slug === 'a').length),
        b: Math.max(most.b, running.filter((run) => run.slug === 'b').length),
      };
      expect(running.length).toBeLessThanOrEqual(6);
      const host = first.pool.running.size > 0 ? first : second;
      await host.end([...host.pool.running.keys()][0]!);
      finished++;
      first.dispatcher.wake();
      second.dispatcher.wake();
    }
    expect(most).toEqual({ a: 3, b: 2 });
    expect(new Set(first.stage.runs().map((run) => run.status))).toEqual(new Set(['failed']));
  });

  it('keeps to its queues and leaves jobs it does not know alone', async () => {
    const { stage, pool, dispatcher } = await set(jobs({ slug: 'a', concurrency: 5 }), { queues: ['fast'] });
    const fast = await stage.enqueue('a', { queue: 'fast' });
    const slow = await stage.enqueue('a', { queue: 'slow' });
    const unknown = await stage.enqueue('nobody', { queue: 'fast' });
    dispatcher.start();
    await pool.until(1);
    await dispatcher.stop();
    expect(pool.given.map((run) => run.id)).toEqual([fast]);
    expect([slow, unknown].map((id) => stage.run(id)?.status)).toEqual(['pending', 'pending']);
  });

  it('retries a failure after its backoff, then fails it; the attempt counts', async () => {
    const { stage, pool, dispatcher, end } = await set(jobs({ slug: 'a' }));
    const id = await stage.enqueue('a', { maxAttempts: 2 });
    dispatcher.start();
    await pool.until(1);
    expect(pool.given[0]).toMatchObject({ attempt: 1, maxAttempts: 2 });
    await end(id);
    expect(stage.run(id)).toMatchObject({ status: 'pending', attempt: 1, dueAt: stage.clock.now() + 5_000, error: 'x' });
    stage.clock.time += 4_999;
    dispatcher.wake();
    stage.clock.time += 1;
    dispatcher.wake();
    await pool.until(2);
    expect(pool.given[1]).toMatchObject({ id, attempt: 2, claim: pool.given[0]!.claim + 1 });
    await end(id);
    expect(stage.run(id)).toMatchObject({ status: 'failed', attempt: 2 });
  });

  it('gives a claim back unharmed when no slot takes it after all', async () => {
    const { stage, pool, dispatcher } = await set(jobs({ slug: 'a', concurrency: 5 }));
    const id = await stage.enqueue('a');
    pool.full = true;
    const back = new Promise<void>((resolve) => stage.events.once('attempt:finished', () => resolve()));
    dispatcher.start();
    await back;
    await dispatcher.stop();
    expect(stage.run(id)).toMatchObject({ status: 'pending', attempt: 0 });
  });

  it('a thread lost three times in a row fails its run without spending attempts', async () => {
    const { stage, pool, dispatcher, end } = await set(jobs({ slug: 'a' }));
    const id = await stage.enqueue('a', { maxAttempts: 5 });
    dispatcher.start();
    for (let loss = 1; loss <= 3; loss++) {
      await pool.until(loss);
      await end(id, { outcome: 'lost' });
      expect(stage.run(id)?.status).toBe(loss < 3 ? 'pending' : 'failed');
      expect(stage.run(id)?.attempt).toBeLessThanOrEqual(1);
      stage.clock.time += 10_000;
      dispatcher.wake();
    }
  });

  it('is idle only when nothing is due and nothing runs', async () => {
    let idle = 0;
    let tell = () => {};
    const once = new Promise<void>((resolve) => {
      tell = resolve;
    });
    const onIdle = () => {
      idle++;
      tell();
    };
    const { stage, pool, dispatcher, end } = await set(jobs({ slug: 'a' }), { onIdle });
    const first = await stage.enqueue('a');
    const second = await stage.enqueue('a');
    await stage.enqueue('a', { dueAt: stage.clock.now() + 60_000 });
    dispatcher.start();
    await pool.until(1);
    expect(idle).toBe(0);
    await end(first);
    await pool.until(2);
    expect(idle).toBe(0);
    await end(second);
    await once;
    expect(pool.given).toHaveLength(2);
  });
});
