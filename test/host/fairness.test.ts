/** [FAIR] A backlog of one job does not delay another: counted in runs that are started between, not in milliseconds. */
import { afterEach, expect, it } from 'vitest';
import type { Db } from '../../src/store/db.js';
import { RunningHost } from './running.js';

const BACKLOG = 100_000;
const OTHERS = 20;
let running: RunningHost | undefined;
afterEach(async () => {
  await running?.dispose();
  running = undefined;
});

const job = (slug: string) =>
  `crap.jobs.define("${slug}", { handler = "jobs.${slug}.run", concurrency = 1 })\nreturn { run = function() crap.sleep(0.005) end }`;

it('[FAIR] 100,000 pending runs of a job with concurrency 1 delay a run of another by at most one claim cycle', async () => {
  running = await RunningHost.prepare({
    'moonlighter.toml': '[workers]\nthreads = 1\n',
    'jobs/backlog.lua': job('backlog'),
    'jobs/other.lua': job('other'),
  });
  // As crap-cms inserts them: what is ours has defaults that mean "ready".
  await running.write(function* (db: Db) {
    yield* db.run(
      `INSERT INTO _crap_jobs (id, slug, status, queue, data, attempt, max_attempts, created_at)
       WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
       SELECT 'b' || i, 'backlog', 'pending', 'default', '{}', 1, 1, '2026-01-01 00:00:00' FROM n`,
      [BACKLOG],
    );
  } as never);
  const { host, started } = running;
  await host.start();
  const of = (slug: string) => started.filter(({ run }) => run.slug === slug).length;
  await running.until(() => of('backlog') >= 3);
  const between: number[] = [];
  for (let i = 1; i <= OTHERS; i++) {
    const before = of('backlog');
    await running.enqueue('other');
    await running.until(() => of('other') === i);
    const at = started.findIndex(
      ({ run }) => run.slug === 'other' && run.id === started.filter((e) => e.run.slug === 'other')[i - 1]!.run.id,
    );
    between.push(started.slice(0, at).filter(({ run }) => run.slug === 'backlog').length - before);
  }
  // One that the claim under way has taken already, and one that is claimed together with it.
  expect(Math.max(...between)).toBeLessThanOrEqual(2);
  // The backlog was served meanwhile, one at a time.
  expect(of('backlog')).toBeGreaterThan(OTHERS / 2);
  const [left] = running.rows<{ n: number }>("SELECT count(*) AS n FROM _crap_jobs WHERE slug = 'backlog' AND status = 'pending'");
  expect(left!.n).toBeGreaterThan(BACKLOG - 1_000);
}, 60_000);

it('Regression: [FAIR] 20,000 runs of a full job that come due at once held back the one behind them by a poll for each thousand', async () => {
  running = await RunningHost.prepare({
    'crap.toml': '[jobs]\npoll_interval = 600\n',
    'moonlighter.toml': '[workers]\nthreads = 1\n[jobs]\nshutdown_grace = 0\n',
    'jobs/backlog.lua':
      'crap.jobs.define("backlog", { handler = "jobs.backlog.run", timeout = 600 })\nreturn { run = function() crap.sleep(500) end }',
    'jobs/other.lua': job('other'),
  });
  await running.write(function* (db: Db) {
    yield* db.run(
      `INSERT INTO _crap_jobs (id, slug, status, _ml_due, _ml_created, _ml_waits)
       WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20001)
       SELECT 'd' || i, CASE i WHEN 20001 THEN 'other' ELSE 'backlog' END, 'pending', 1000 + i, 1000, 1 FROM n`,
    );
  } as never);
  const { host, started } = running;
  await host.start();
  await running.until(() => started.some(({ run }) => run.slug === 'other'));
  expect(started.filter(({ run }) => run.slug === 'backlog')).toHaveLength(1);
}, 60_000);
