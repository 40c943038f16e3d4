import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/domain/clock.js';
import { runAsync, waitFor } from '../../src/domain/op.js';
import { FairWriteQueue } from '../../src/host/write-queue.js';
import { openDatabase } from '../../src/store/sqlite/database.js';
import { migrate } from '../../src/store/sqlite/migrate.js';
import { noQueue, readNow, writeTransaction } from '../../src/store/sqlite/short-transaction.js';
import { sqliteStore } from '../../src/store/sqlite/store.js';
import { Executor } from '../../src/worker/executor.js';
import { RunControl } from '../../src/worker/run-control.js';
import { ConnectionPool } from '../../src/worker/run-database.js';
import { engines } from '../support/engines.js';
import { createVm } from '../support/vm.js';

/** A slot without a project: bindings `host.write(n)`, `host.count()`, `host.sleep(seconds)` over a table of numbers. */
class TestSlot {
  context;
  sink = () => {};
  session = {};
  made;
  constructor(made) {
    this.made = made;
  }
  get vm() {
    return this.made.vm;
  }
  enter(context, limits, sink) {
    this.context = context;
    this.sink = sink;
    this.vm.begin(limits);
  }
  leave() {
    this.vm.end();
    this.context = undefined;
  }
}
describe.each(engines)('executor on $name', (engine) => {
  let dir;
  let made;
  let connections;
  let executor;
  let idle;
  let dropped;
  let files;
  let queue;
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'ml-x-'));
    made = 0;
    queue = new FairWriteQueue();
    dropped = 0;
    idle = [];
    files = {};
    const path = join(dir, 'crap.db');
    const database = openDatabase({ path, create: true });
    await runAsync(
      writeTransaction(database, noQueue, 'test', function* (db) {
        yield* migrate(db);
        yield* db.run('CREATE TABLE numbers (number INTEGER UNIQUE)');
      }),
    );
    database.close();
    connections = new ConnectionPool(path, 'normal', 1_000, queue);
    const slots = {
      async acquire() {
        const known = idle.pop();
        if (known) {
          for (const [name, text] of Object.entries(files)) writeFileSync(join(known.made.dir, name), text);
          return known;
        }
        made++;
        let slot;
        const bindings = {
          write: { params: ['integer'], run: (n) => slot.context.db.run('INSERT INTO numbers VALUES (?)', [n]) },
          count: {
            params: [],
            *run() {
              return Number((yield* slot.context.db.get('SELECT COUNT(*) AS n FROM numbers'))['n']);
            },
          },
          sleep: {
            params: ['number'],
            *run(seconds) {
              slot.context.onOutside?.('sleep');
              let timer;
              yield* waitFor({
                reason: 'sleep',
                start: () =>
                  new Promise((resolve) => {
                    timer = setTimeout(resolve, seconds * 1000);
                  }),
                cancel: () => clearTimeout(timer),
              });
              return undefined;
            },
          },
          say: { params: ['string'], run: (text) => slot.sink({ at: 0, level: 'info', text }) },
        };
        slot = new TestSlot(await createVm(engine, { bindings, files }));
        return slot;
      },
      release(slot, broken = false) {
        if (!broken && !slot.vm.spent) idle.push(slot);
        else {
          dropped++;
          slot.made.dispose();
        }
      },
    };
    executor = new Executor({
      slots,
      connections,
      queue,
      store: sqliteStore,
      clock: systemClock,
      generation: 8,
      maxInstructions: Number.POSITIVE_INFINITY,
      log: () => {},
    });
  });
  afterEach(() => {
    for (const slot of idle) slot.made.dispose();
    connections.close();
    rmSync(dir, { recursive: true, force: true });
  });
  const rows = (sql) => {
    const database = connections.acquire();
    try {
      return database.all(sql);
    } finally {
      connections.release(database);
    }
  };
  const status = (id) => readNowOf((db) => sqliteStore.findRun(db, id));
  const readNowOf = (body) => {
    const database = connections.acquire();
    try {
      return readNow(database, body);
    } finally {
      connections.release(database);
    }
  };
  /** Enqueues and claims a run of a job whose handler has this body. */
  async function claimed(slug, body, data = '{}') {
    files[`jobs/${slug}.lua`] = `return { run = function(ctx)\n${body}\nend }`;
    const database = connections.acquire();
    const run = await runAsync(
      writeTransaction(database, queue, 'test', function* (db) {
        const now = Date.now();
        yield* sqliteStore.enqueue(db, { slug, data, queue: 'default', maxAttempts: 1, scheduledBy: 'system' }, now);
        const limits = { limit: 1, maxConcurrent: 1_000, concurrency: new Map([[slug, 100]]) };
        return (yield* sqliteStore.claim(db, { host: 'h', now, leaseUntil: now + 30_000, ...limits }))[0];
      }),
    );
    connections.release(database);
    const job = {
      slug,
      handler: { ref: `jobs.${slug}.run` },
      queue: 'default',
      retries: 0,
      timeout: 60,
      concurrency: 100,
      skipIfRunning: true,
      priority: 0,
      transaction: true,
    };
    return { run, job };
  }
  async function execute(slug, body, more = {}) {
    const { run, job } = await claimed(slug, body);
    const { timeoutMs = 60_000, watcher, control = new RunControl(), transaction = true } = more;
    const report = await executor.execute({ run, job: { ...job, transaction }, timeoutMs, control, ...(watcher && { watcher }) });
    return { ...report, id: run.id };
  }
  it('commits what a handler wrote together with its completion', async () => {
    const order = [];
    const report = await execute('write', 'host.write(1) return { n = host.count() }', {
      watcher: { started: () => order.push('started'), completing: () => order.push('completing') },
    });
    expect(report).toMatchObject({ outcome: 'completed', committed: true, result: '{"n":1}' });
    expect(order).toEqual(['started', 'completing']);
    expect(status(report.id)).toMatchObject({ status: 'completed', result: '{"n":1}' });
    expect(queue.holder).toBeUndefined();
  });
  it('completes a run that only read or touched nothing', async () => {
    expect(await execute('read', 'return host.count()')).toMatchObject({ outcome: 'completed', committed: true, result: '0' });
    expect(await execute('none', 'return')).toMatchObject({ outcome: 'completed', committed: true, result: null });
  });
  it('[ONCE] rolls back a handler that raises, with its text and traceback', async () => {
    const report = await execute('raise', 'host.write(1)\nerror("boom")');
    expect(report).toMatchObject({ outcome: 'failed', committed: false });
    expect(report.error?.message).toMatch(/^runtime error: .*raise\.lua:3: boom$/);
    expect(report.error?.traceback).toMatch(/^stack traceback:\n/);
    expect(rows('SELECT * FROM numbers')).toEqual([]);
    expect(status(report.id)?.status).toBe('running');
    expect(queue.holder).toBeUndefined();
  });
  it('[ONCE] a lost claim rolls everything back', async () => {
    const { run, job } = await claimed('lost', 'host.write(1)');
    const report = await executor.execute({ run: { ...run, claim: run.claim + 1 }, job, timeoutMs: 1000, control: new RunControl() });
    expect(report).toMatchObject({ outcome: 'completed', committed: false });
    expect(rows('SELECT * FROM numbers')).toEqual([]);
    const reader = await claimed('reader', 'host.count()');
    const read = await executor.execute({ ...reader, run: { ...reader.run, claim: 99 }, timeoutMs: 1000, control: new RunControl() });
    expect(read).toMatchObject({ outcome: 'completed', committed: false });
  });
  it('[ONCE] runs that read and then write side by side lose no update and are seen once each', async () => {
    const body = 'local n = host.count()\nhost.say("at " .. n)\nhost.write(n + 1)\nreturn n + 1';
    const lines = [];
    const prepared = await Promise.all(Array.from({ length: 20 }, (_, i) => i).map((i) => claimed(`next${i}`, body)));
    const reports = await Promise.all(
      prepared.map(({ run, job }) =>
        executor.execute({ run, job, timeoutMs: 10_000, control: new RunControl(), watcher: { log: (line) => lines.push(line.text) } }),
      ),
    );
    expect(reports.map((r) => r.outcome)).toEqual(Array(20).fill('completed'));
    expect(reports.every((r) => r.log.length === 1)).toBe(true);
    expect(lines.map((line) => Number(line.slice(3))).sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i));
    expect(rows('SELECT COUNT(DISTINCT number) AS n FROM numbers')).toEqual([{ n: 20 }]);
  });
  it('[ONCE] a conflict after a call outside is WRITE_CONFLICT', async () => {
    const slow = await claimed('slow', 'host.count()\nhost.sleep(0.1)\nhost.write(1)');
    const running = executor.execute({ ...slow, timeoutMs: 10_000, control: new RunControl() });
    await execute('quick', 'host.write(2)');
    expect(await running).toMatchObject({ outcome: 'failed', error: { code: 'WRITE_CONFLICT' } });
    expect(rows('SELECT number FROM numbers')).toEqual([{ number: 2 }]);
  });
  it('names a run that waits while it is the writer, once', async () => {
    const named = [];
    await execute('holder', 'host.write(1)\nhost.sleep(0.01)\nhost.sleep(0.01)', {
      watcher: { writerSuspended: (wait, at) => named.push(`${wait.reason} ${at?.file.split('/').at(-1)}:${at?.line}`) },
    });
    expect(named).toEqual(['sleep holder.lua:3']);
  });
  it('transaction = false keeps what each call wrote', async () => {
    const report = await execute('each', 'host.write(1)\nerror("later")', { transaction: false });
    expect(report.outcome).toBe('failed');
    expect(rows('SELECT number FROM numbers')).toEqual([{ number: 1 }]);
  });
  it.each([
    ['a loop', 'while true do end'],
    ['a loop of pcalls', 'while true do pcall(function() while true do end end) end'],
    ['a sort comparator', 'table.sort({ 3, 1, 2, 5, 4 }, function() while true do end end)'],
    ['a coroutine', 'local co = coroutine.wrap(function() while true do end end) while true do pcall(co) end'],
    ['a wait', 'pcall(host.sleep, 60) pcall(host.sleep, 60)'],
  ])('[STOP] ends %s at the deadline, rolls it back, and frees the writer', async (name, body) => {
    const begun = performance.now();
    const report = await execute('stuck', `host.write(1)\n${body}`, { timeoutMs: 100 });
    expect(performance.now() - begun).toBeLessThan(100 + 250);
    expect(report).toMatchObject({ outcome: 'timed_out', committed: false, error: { message: 'timeout after 0.1s' } });
    expect(rows('SELECT number FROM numbers')).toEqual([]);
    expect(queue.holder).toBeUndefined();
    // Whatever becomes of the slot, the next run works.
    expect(await execute(`next_${name.length}`, 'host.write(7) return 1')).toMatchObject({ outcome: 'completed', committed: true });
    expect(idle.length + dropped).toBe(made);
  });
  it('[STOP] stops when told to, while the code loops or waits for the write queue', async () => {
    const control = new RunControl();
    const looping = execute('loop', 'while true do end', { control });
    setTimeout(() => control.stop('cancelled'), 30);
    expect(await looping).toMatchObject({ outcome: 'cancelled', committed: false });
    const grant = await queue.request('somebody').start();
    const { run, job } = { ...(await prepareWithout(grant)) };
    const second = new RunControl();
    const waiting = executor.execute({ run, job, timeoutMs: 60_000, control: second });
    setTimeout(() => second.stop('released'), 20);
    expect(await waiting).toMatchObject({ outcome: 'released', committed: false });
    expect(queue.waiting).toBe(0);
  });
  /** Claims a writing run although somebody else holds the queue afterwards. */
  async function prepareWithout(grant) {
    grant.release();
    const prepared = await claimed('writer', 'host.write(1)');
    await queue.request('somebody').start();
    return prepared;
  }
});
