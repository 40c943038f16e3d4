/** What becomes of a run when an attempt of it has ended, beyond the backoff: losses, final failures, runs that follow. */
import { afterEach, describe, expect, it } from 'vitest';
import { watchStatements } from '../../src/store/sqlite/database.js';
import { claiming, endClaiming } from './claiming.js';
import { jobs } from './stage.js';

afterEach(async () => {
  watchStatements(undefined);
  await endClaiming();
});

async function claimed(registry: ReturnType<typeof jobs>) {
  const made = await claiming(registry);
  const id = await made.stage.enqueue('a', { maxAttempts: 5 });
  made.dispatcher.start();
  await made.pool.until(1);
  return { ...made, id };
}

it('[ONCE] a job with on_lost = "stale" is not executed again when its thread is gone', async () => {
  const { stage, id, end } = await claimed(jobs({ slug: 'a', onLost: 'stale' }));
  await end(id, { outcome: 'lost' });
  expect(stage.run(id)).toMatchObject({ status: 'stale', losses: 1 });
});

it('a failure that is final is not tried again', async () => {
  const { stage, id, end } = await claimed(jobs({ slug: 'a' }));
  await end(id, { final: true });
  expect(stage.run(id)).toMatchObject({ status: 'failed', attempt: 1, maxAttempts: 5 });
});

it('[ONCE] what was recorded of an attempt stands once, whatever is reported later', async () => {
  const { stage, id, end, pool, ends } = await claimed(jobs({ slug: 'a' }));
  const [run] = pool.given;
  await end(id, { final: true });
  const told = new Promise((resolve) => stage.events.once('attempt:finished', resolve));
  ends.finished(run!, { outcome: 'released', committed: false, log: [], queued: false }, 1);
  expect(await told).toMatchObject({ next: 'unknown' });
  expect(stage.run(id)?.status).toBe('failed');
});

describe('[ONCE] the run that on_failed asks for', () => {
  it('is queued in the transaction that records the end', async () => {
    const { stage, id, end } = await claimed(jobs({ slug: 'a', onFailed: 'tidy' }, { slug: 'tidy' }));
    const statements: string[] = [];
    watchStatements((sql) => statements.push(sql.trim()));
    await end(id, { final: true });
    watchStatements(undefined);
    const ended = statements.findIndex((sql) => sql.startsWith('UPDATE _crap_jobs SET status = ?'));
    const queued = statements.findIndex((sql) => sql.startsWith('INSERT INTO _crap_jobs'));
    expect(ended).toBeGreaterThanOrEqual(0);
    expect(queued).toBeGreaterThan(ended);
    expect(statements.slice(ended, queued)).not.toContain('COMMIT');
    expect(stage.runs().find((run) => run.slug === 'tidy')).toBeDefined();
  });

  it('is not queued while retries are left', async () => {
    const { stage, id, end } = await claimed(jobs({ slug: 'a', onFailed: 'tidy' }, { slug: 'tidy' }));
    await end(id);
    expect(stage.runs().map((run) => [run.slug, run.status])).toEqual([['a', 'pending']]);
  });
});
