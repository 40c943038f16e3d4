/**
 * The database cannot be written for a while (disk full, read-only, broken disk): the host says so once, claims nothing, loses nothing of what it
 * holds, spends no attempt, and goes on when it can be written again. The faults are made at the seam of the store, in the host and its threads.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { watchStatements } from '../../src/store/sqlite/database.js';
import { engines } from '../support/engines.js';
import { hostOf, job, RunningHost } from './running.js';

const RUNS = 12;
let running: RunningHost | undefined;
afterEach(async () => {
  watchStatements(undefined);
  await running?.dispose();
  running = undefined;
});

const WRITES = /^\s*(INSERT|UPDATE|DELETE|COMMIT|BEGIN IMMEDIATE)/i;

describe.each(engines)('on $name', (engine) => {
  it.each([
    ['SQLITE_FULL', 'cannot grow: the disk is full'],
    ['SQLITE_READONLY', 'cannot be written'],
    ['SQLITE_IOERR_WRITE', 'cannot be read or written now'],
  ])('[DURABLE] %s is said once, loses no run and spends no attempt', async (code, text) => {
    running = await RunningHost.start(
      {
        'moonlighter.toml': `[lua]\nengine = "${engine.name}"\n[workers]\nthreads = 1\n`,
        'collections/notes.lua': 'crap.collections.define("notes", { fields = { { name = "n", type = "number" } } })',
        'jobs/note.lua':
          'crap.jobs.define("note", { handler = "jobs.note.run", concurrency = 3 })\nreturn { run = function(ctx) crap.sleep(0.02) crap.collections.create("notes", { n = ctx.data.n }) end }',
      },
      { workerEntry: new URL('./faulty-thread.mjs', import.meta.url) },
    );
    const { host, folder, log, finished } = running;
    await running.enqueue(
      'note',
      Array.from({ length: RUNS }, (_, n) => ({ n })),
    );
    await running.until(() => finished.some(({ outcome }) => outcome === 'completed'));
    writeFileSync(join(folder.dir, 'fault'), code);
    watchStatements((sql) => {
      if (WRITES.test(sql)) throw Object.assign(new Error(`simulated ${code}`), { code });
    });
    const errors = () => log.filter(({ line }) => line.text.includes(text)).map(({ line }) => line.text.split(':')[0]);
    await running.until(
      () => errors().includes('Scheduler poll error') && errors().includes('The database cannot be written, trying again'),
    );
    const before = host.stats.outcomes.completed;
    // What is in the database can be read meanwhile.
    expect(running.runs()).toHaveLength(RUNS);
    watchStatements(undefined);
    rmSync(join(folder.dir, 'fault'));
    await running.until(() => finished.filter(({ next }) => next === 'completed').length === RUNS);
    expect(host.stats.outcomes.completed).toBeGreaterThan(before);
    const each = errors();
    expect(each).toEqual([...new Set(each)]);
    expect(log.some(({ line }) => line.text === 'The database can be claimed from again')).toBe(true);
    expect(running.runs().map(({ status, attempt }) => [status, attempt])).toEqual(Array.from({ length: RUNS }, () => ['completed', 1]));
    expect(running.rows<{ n: number }>('SELECT n FROM notes ORDER BY n').map(({ n }) => n)).toEqual(
      Array.from({ length: RUNS }, (_, n) => n),
    );
  });

  it.each([
    ['nothing could be written', WRITES],
    ['the end of a run could not be written, but less could', /^\s*(INSERT INTO _ml_attempts|UPDATE _crap_jobs)/i],
  ])(
    '[DURABLE] Regression: the runs of a host that stopped while %s are given back by the next at its start, without waiting for the lease',
    async (_, refused) => {
      running = await RunningHost.start({
        'moonlighter.toml': `[lua]\nengine = "${engine.name}"\n[workers]\nthreads = 1\n`,
        ...job('long', '', 'if ctx.data.n then crap.sleep(60) end'),
      });
      const { host, project, databasePath } = running;
      const [id] = await running.enqueue('long', [{ n: 1 }]);
      await running.until(() => running!.started.length === 1);
      watchStatements((sql) => {
        if (refused.test(sql)) throw Object.assign(new Error('simulated'), { code: 'SQLITE_FULL' });
      });
      await host.stop('test', 0);
      watchStatements(undefined);
      expect(running.run(id!)).toMatchObject({ status: 'running', host: host.id });
      const [row] = running.rows<{ socket: string }>('SELECT socket FROM _ml_hosts');
      const next = hostOf(project, databasePath, { queues: ['none'] });
      try {
        await next.start();
        expect(running.run(id!)).toMatchObject({ status: 'pending', attempt: 0 });
        expect(running.rows('SELECT id FROM _ml_hosts')).toEqual([{ id: next.id }]);
      } finally {
        await next.stop();
        rmSync(dirname(row!.socket), { recursive: true });
      }
    },
  );
});
