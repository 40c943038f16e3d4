/** Rows that nobody of ours has written: none of them holds up another run, in any pass; doctor names and mends them. */
import Sqlite from 'better-sqlite3';
import { afterEach, describe, expect, it } from 'vitest';
import type { LogLine } from '../../src/domain/run.js';
import { Rescuer } from '../../src/host/rescuer.js';
import { Scheduler } from '../../src/host/scheduler.js';
import { createStage, jobs, type Stage } from './stage.js';

const stages: Stage[] = [];
const schedulers: Scheduler[] = [];
afterEach(async () => {
  await Promise.all(schedulers.splice(0).map((scheduler) => scheduler.stop()));
  for (const stage of stages.splice(0)) stage.dispose();
});

async function set() {
  const stage = await createStage();
  stages.push(stage);
  const { acts, clock } = stage;
  const write = (sql: string, ...params: unknown[]) => {
    const database = new Sqlite(stage.path);
    database.prepare(sql).run(...params);
    database.close();
  };
  const claim = (limit = 10, concurrency = 10) =>
    acts.write('test', (db) =>
      acts.store.claim(db, {
        host: 'me',
        now: clock.now(),
        leaseUntil: clock.now() + 30_000,
        limit,
        maxConcurrent: 100,
        concurrency: new Map([['a', concurrency]]),
      }),
    );
  const lines: string[] = [];
  stage.events.on('log', ({ line }: { line: LogLine }) => lines.push(line.text));
  const rescue = async () => {
    const rescuer = new Rescuer({
      host: 'me',
      acts,
      events: stage.events,
      clock,
      leaseMs: 30_000,
      foreignStaleMs: 70_000,
      periodMs: 5_000,
      own: () => new Set(),
      onRescued: () => {},
      onLost: () => undefined,
      probe: async () => 'dead',
    });
    await rescuer.rescue();
    await rescuer.rescue();
    await rescuer.stop();
  };
  const deadHost = (id: unknown = 'dead') =>
    write(
      "INSERT INTO _ml_hosts (id, pid, hostname, socket, started_at, seen_at, version) VALUES (?, 1, 'elsewhere', '/no', 1, 1, '0')",
      id,
    );
  /** A running run of the dead host, with these columns besides. */
  const running = (id: string, more: Record<string, unknown> = {}) => {
    const row = { id, slug: 'a', status: 'running', attempt: 1, _ml_attempt: 1, _ml_claim: 1, _ml_host: 'dead', ...more };
    const names = Object.keys(row);
    write(`INSERT INTO _crap_jobs (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`, ...Object.values(row));
  };
  return { stage, write, claim, lines, rescue, deadHost, running };
}

const BLOB = Buffer.from([0xff, 0]);

describe('a claim', () => {
  it.each([
    ['an id that is no text', "INSERT INTO _ml_dependencies (run, after, ended) VALUES (x'ff00', 'b', 'completed')"],
    ['text that is not in UTF-8', "INSERT INTO _ml_dependencies (run, after, ended) VALUES (CAST(x'ff80' AS TEXT), 'b', 'failed')"],
  ])('Regression: a dependency with %s was settled for ever, and the host with it stood still', async (_, sql) => {
    const { stage, write, claim } = await set();
    write(sql);
    const id = await stage.enqueue('a');
    expect((await claim()).map((run) => run.id)).toEqual([id]);
  });

  it('Regression: an end at no instant among the attempts refused every claim, and one beyond the calendar made every limit doubtful', async () => {
    const { stage, write, claim } = await set();
    for (const ended of ['text', 9e18]) {
      write(
        "INSERT INTO _ml_attempts (run, claim, attempt, ended_at, outcome) VALUES ('x', ?, 1, ?, 'failed')",
        stage.runs().length + 1,
        ended,
      );
      const id = await stage.enqueue('a');
      expect((await claim()).map((run) => run.id)).toEqual([id]);
    }
    expect(stage.acts.read((db) => db.all('SELECT * FROM _ml_clock'))).toEqual([]);
  });

  it.each([
    ['_ml_claim', -7],
    ['_ml_claim', 'text'],
    ['_ml_claim', 9e18],
    ['attempt', -5],
    ['attempt', BLOB],
    ['_ml_created', 1e300],
  ])('[ONCE] Regression: a run with %s = %s was claimed and could not be ended any more', async (column, value) => {
    const { stage, write, claim } = await set();
    const id = await stage.enqueue('a');
    write(`UPDATE _crap_jobs SET ${column} = ? WHERE id = ?`, value, id);
    const [run] = await claim();
    expect(run).toMatchObject({ id, claim: 1, attempt: 1, createdAt: stage.clock.time });
    const { acts } = stage;
    const completed = { run: id, claim: 1, now: stage.clock.time, result: null, log: [] };
    expect(await acts.write('test', (db) => acts.store.complete(db, completed))).toBe(true);
  });

  it('[ONCE] counts on from the attempts on record where the row has forgotten its claims', async () => {
    const { stage, write, claim } = await set();
    const id = await stage.enqueue('a');
    write("INSERT INTO _ml_attempts (run, claim, attempt, ended_at, outcome) VALUES (?, 3, 1, 1, 'released')", id);
    expect(await claim()).toMatchObject([{ id, claim: 4 }]);
  });

  it('Regression: a run without an id, or of a key with no place, stood before the others of its job', async () => {
    const { stage, write, claim } = await set();
    write("INSERT INTO _crap_jobs (id, slug, created_at) VALUES (NULL, 'a', '2020-01-01 00:00:00'), (x'00ff', 'a', '2020-01-01 00:00:00')");
    write("INSERT INTO _crap_jobs (id, slug, created_at, _ml_key, _ml_key_limit) VALUES ('k', 'a', '2020-01-01 00:00:01', 'k', -1)");
    const id = await stage.enqueue('a');
    expect((await claim(1, 1)).map((run) => run.id)).toEqual(['k']);
    expect((await claim(1, 2)).map((run) => run.id)).toEqual([id]);
  });
});

describe('[DURABLE] a rescue', () => {
  it.each([
    ['_ml_claim', -3],
    ['_ml_claim', 0],
    ['attempt', -2],
    ['attempt', 9e18],
    ['_ml_losses', 'text'],
  ])('Regression: a lost run with %s = %s held up all others of its host', async (column, value) => {
    const { stage, lines, rescue, deadHost, running } = await set();
    deadHost();
    const both = column === 'attempt' ? { _ml_attempt: value } : {};
    running('bad', { [column]: value, ...both });
    running('good');
    await rescue();
    expect(['bad', 'good'].map((id) => stage.run(id)?.status)).toEqual(['pending', 'pending']);
    expect(lines.filter((line) => line.includes('bad'))).toHaveLength(1);
  });

  it('names a run once that cannot be given back, and gives the others back', async () => {
    const { stage, write, lines, rescue, deadHost, running } = await set();
    deadHost();
    running('bad');
    running('good');
    write("CREATE TRIGGER stubborn BEFORE UPDATE ON _crap_jobs WHEN OLD.id = 'bad' BEGIN SELECT RAISE(ABORT, 'no'); END");
    await rescue();
    expect(['bad', 'good'].map((id) => stage.run(id)?.status)).toEqual(['running', 'pending']);
    expect(lines).toEqual(['run bad of a dead host cannot be given back: no']);
  });

  it('Regression: one host without an id kept the runs of all that are gone', async () => {
    const { stage, rescue, deadHost, running } = await set();
    deadHost(null);
    running('left', { _ml_host: 'nobody', heartbeat_at: 'never' });
    await rescue();
    expect(stage.run('left')?.status).toBe('pending');
  });

  it('Regression: a cancelled run of a dead host said that it was queued again', async () => {
    const { stage, rescue, deadHost, running } = await set();
    deadHost();
    running('asked', { _ml_cancel: 5 });
    await rescue();
    expect(stage.run('asked')).toMatchObject({ status: 'cancelled', error: 'cancelled: its host is gone' });
  });
});

it('[TICK] Regression: one row of no instant in the ledger or among the schedules ended a schedule, or all of them', async () => {
  const { stage, write } = await set();
  const { acts, clock, events } = stage;
  const at = clock.time + 60_000;
  const tick = "INSERT INTO _ml_ticks (slug, at, until, outcome, reason, recorded_at) VALUES ('a', ?, ?, 'skipped', 'paused', 1)";
  write(tick, 'text', 'text');
  write(tick, 9e18, 9e18);
  write(tick, at, 9e18);
  const entry = "INSERT INTO _ml_schedules (slug, since, schedule, timezone, dst) VALUES (?, ?, '* * * * *', ?, ?)";
  write(entry, 'a', 'text', 'UTC', null);
  write(entry, 'a', 1e300, 'UTC', null);
  write(entry, 'a', 5, 'UTC', '{"broken');
  write(entry, 'b', 5, 'Nowhere/At all', null);
  write("INSERT INTO _ml_meta (key, value) VALUES ('schedule_repeats:a', '{broken')");
  const recorded: string[] = [];
  events.on('tick:recorded', (event) => recorded.push(`${event.slug} ${event.at - at} ${event.outcome}`));
  const registry = jobs({ slug: 'a', schedule: '* * * * *' }, { slug: 'b', schedule: '* * * * *' });
  const options = { acts, events, clock, jobs: registry.jobs.values(), timezone: 'UTC', generation: 8 as const, onEnqueued: () => {} };
  const scheduler = new Scheduler(options);
  schedulers.push(scheduler);
  await scheduler.start();
  for (let minute = 0; minute < 2; minute++) {
    clock.time = at + minute * 60_000 + 5;
    await scheduler.check();
  }
  expect(recorded).toEqual(['a 0 run', 'b 0 run', 'a 60000 run', 'b 60000 run']);
});

it('a log or a set of limits that is no JSON is none; doctor counts what is not sound, and mends it', async () => {
  const { stage, write } = await set();
  const { acts } = stage;
  const id = await stage.enqueue('a');
  write("INSERT INTO _ml_attempts (run, claim, attempt, ended_at, outcome, log) VALUES (?, 1, 1, 1, 'failed', '[broken')", id);
  write("INSERT INTO _ml_limits (since, id, limits) VALUES (1, 'x', '{broken'), (2, 'y', '{}')");
  write("INSERT INTO _ml_starts (slug, at) VALUES ('a', 'text')");
  write('UPDATE _crap_jobs SET priority = ?, _ml_waits = 64 WHERE id = ?', 'high', id);
  expect(acts.read((db) => acts.store.listAttempts(db, id))).toMatchObject([{ claim: 1, log: [] }]);
  const eras = acts.read((db) => acts.store.limitsHistory(db));
  expect(eras.map(({ limits }) => limits.total)).toEqual([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
  const unsound = () => acts.read((db) => acts.store.inspectDatabase(db, false)).unsound;
  expect(unsound()).toEqual([
    { table: '_crap_jobs', rows: 1, rowids: [1] },
    { table: '_ml_attempts', rows: 1 },
    { table: '_ml_limits', rows: 2 },
    { table: '_ml_starts', rows: 1 },
  ]);
  expect(await acts.write('test', (db) => acts.store.mendUnsound(db))).toBe(5);
  expect(unsound()).toEqual([]);
  expect(stage.run(id)).toMatchObject({ status: 'pending', priority: 0, waiting: [] });
});
