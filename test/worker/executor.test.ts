import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/domain/clock.js';
import type { JobDefinition } from '../../src/domain/job.js';
import { type Op, runAsync, waitFor } from '../../src/domain/op.js';
import type { ClaimedRun, LogLine } from '../../src/domain/run.js';
import { FairWriteQueue } from '../../src/host/write-queue.js';
import type { Binding } from '../../src/lua/vm.js';
import { openDatabase } from '../../src/store/sqlite/database.js';
import { migrate } from '../../src/store/sqlite/migrate.js';
import { noQueue, readNow, writeTransaction } from '../../src/store/sqlite/short-transaction.js';
import { sqliteStore } from '../../src/store/sqlite/store.js';
import type { WriteGrant } from '../../src/store/writer.js';
import { Executor, type RunWatcher } from '../../src/worker/executor.js';
import type { RunReport } from '../../src/worker/protocol.js';
import { RunControl } from '../../src/worker/run-control.js';
import { ConnectionPool } from '../../src/worker/run-database.js';
import type { Slot, SlotPool } from '../../src/worker/slot.js';
import { engines, needing } from '../support/engines.js';
import { createVm } from '../support/vm.js';
import { TestSlot } from './test-slot.js';

describe.each(engines)('executor on $name', (engine) => {
  let dir: string;
  let made: number;
  let connections: ConnectionPool;
  let executor: Executor;
  let idle: TestSlot[];
  let dropped: number;
  let files: Record<string, string>;
  let queue: FairWriteQueue;
  let gate: { reached: Promise<void>; reach(): void; opened: Promise<void>; open(): void };

  beforeEach(async () => {
    let open = () => {};
    let reach = () => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    const reached = new Promise<void>((resolve) => {
      reach = resolve;
    });
    gate = { opened, open, reached, reach };
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
      async acquire(): Promise<Slot> {
        const known = idle.pop();
        if (known) {
          for (const [name, text] of Object.entries(files)) writeFileSync(join(known.made.dir, name), text);
          return known as unknown as Slot;
        }
        made++;
        let slot: TestSlot;
        const bindings: Record<string, Binding> = {
          write: { params: ['integer'], run: (n: number) => slot.context!.db.run('INSERT INTO numbers VALUES (?)', [n]) },
          count: {
            params: [],
            *run(): Op<number> {
              return Number((yield* slot.context!.db.get('SELECT COUNT(*) AS n FROM numbers'))!['n']);
            },
          },
          // Outside until the test opens the gate.
          gate: {
            params: [],
            *run(): Op<undefined> {
              slot.context!.onOutside?.('gate');
              gate.reach();
              yield* waitFor({ reason: 'http', start: () => gate.opened });
            },
          },
          // The same within the host: nothing outside has been called.
          hold: {
            params: [],
            *run(): Op<undefined> {
              gate.reach();
              yield* waitFor({ reason: 'preempted', start: () => gate.opened });
            },
          },
          sleep: {
            params: ['number'],
            *run(seconds: number): Op<undefined> {
              slot.context!.onOutside?.('sleep');
              let timer: NodeJS.Timeout;
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
          pause: { params: [], run: () => waitFor<undefined>({ reason: 'preempted', start: () => new Promise(setImmediate) }) },
          say: { params: ['string'], run: (text: string) => slot.sink({ at: 0, level: 'info', text }) as undefined },
        };
        slot = new TestSlot(await createVm(engine, { bindings, files }));
        return slot as unknown as Slot;
      },
      release(slot: Slot, broken = false) {
        if (!broken && !slot.vm.spent) idle.push(slot as unknown as TestSlot);
        else {
          dropped++;
          (slot as unknown as TestSlot).made.dispose();
        }
      },
    } as unknown as SlotPool;
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

  const rows = <T>(sql: string): T[] => {
    const database = connections.acquire();
    try {
      return database.all(sql) as T[];
    } finally {
      connections.release(database);
    }
  };
  const status = (id: string) => readNowOf((db) => sqliteStore.findRun(db, id));
  const readNowOf: <T>(body: Parameters<typeof readNow<T>>[1]) => T = (body) => {
    const database = connections.acquire();
    try {
      return readNow(database, body);
    } finally {
      connections.release(database);
    }
  };

  /** Enqueues and claims a run of a job whose handler has this body. */
  async function claimed(slug: string, body: string, data = '{}'): Promise<{ run: ClaimedRun; job: JobDefinition }> {
    files[`jobs/${slug}.lua`] = `return { run = function(ctx)\n${body}\nend }`;
    const database = connections.acquire();
    const run = await runAsync(
      writeTransaction(database, queue, 'test', function* (db) {
        const now = Date.now();
        yield* sqliteStore.enqueue(db, { slug, data, queue: 'default', maxAttempts: 1, scheduledBy: 'system' }, now);
        const limits = { limit: 1, maxConcurrent: 1_000, concurrency: new Map([[slug, 100]]) };
        return (yield* sqliteStore.claim(db, { host: 'h', now, leaseUntil: now + 30_000, ...limits }))[0]!;
      }),
    );
    connections.release(database);
    const job: JobDefinition = {
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

  async function execute(
    slug: string,
    body: string,
    more: { timeoutMs?: number; watcher?: RunWatcher; control?: RunControl; transaction?: JobDefinition['transaction'] } = {},
  ): Promise<RunReport & { id: string }> {
    const { run, job } = await claimed(slug, body);
    const { timeoutMs = 60_000, watcher, control = new RunControl(), transaction = true } = more;
    const report = await executor.execute({ run, job: { ...job, transaction }, timeoutMs, control, ...(watcher && { watcher }) });
    return { ...report, id: run.id };
  }

  it('commits what a handler wrote together with its completion', async () => {
    const order: string[] = [];
    const report = await execute('write', 'host.write(1) return { n = host.count() }', {
      watcher: { started: () => order.push('started'), completing: () => order.push('completing') },
    });
    expect(report).toMatchObject({ outcome: 'completed', committed: true, result: '{"n":1}' });
    expect(order).toEqual(['started', 'completing']);
    expect(status(report.id)).toMatchObject({ status: 'completed', result: '{"n":1}' });
    expect(queue.holder).toBeUndefined();
  });

  it('lets other runs have its slot while its completion waits for the writer', async () => {
    const [first, second] = [await claimed('read', 'return host.count()'), await claimed('fail', 'error("no", 0)')];
    const blocker = (await queue.request('blocker').start()) as WriteGrant;
    const order: string[] = [];
    const limits = { timeoutMs: 60_000, control: new RunControl() };
    let end: Promise<unknown> = Promise.resolve();
    await new Promise<void>((returned) => {
      const watcher = { completing: () => setImmediate(returned) };
      end = executor.execute({ ...first, ...limits, watcher }).then(({ outcome }) => order.push(outcome));
    });
    const { outcome } = await executor.execute({ ...second, ...limits, control: new RunControl() });
    order.push(outcome);
    expect([made, order]).toEqual([1, ['failed']]);
    blocker.release();
    await end;
    expect(order).toEqual(['failed', 'completed']);
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

  needing(engine, 'memoryCap')('[STOP] a job has a memory budget of its own', async () => {
    const grow = 'host.write(1)\nlocal t = {}; for i = 1, 2000 do t[i] = ("x"):rep(30000) .. i end return #t';
    const { run, job } = await claimed('grow', grow);
    const report = await executor.execute({
      run,
      job: { ...job, maxMemory: 8 * 1024 * 1024 },
      timeoutMs: 60_000,
      control: new RunControl(),
    });
    expect(report).toMatchObject({ outcome: 'failed', error: { code: 'MEMORY_LIMIT', message: 'memory error: not enough memory' } });
    expect(rows('SELECT * FROM numbers')).toEqual([]);
    expect(await execute('larger', grow)).toMatchObject({ outcome: 'completed', result: '2000' });
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
    const lines: string[] = [];
    const prepared = await Promise.all(Array.from({ length: 20 }, (_, i) => i).map((i) => claimed(`next${i}`, body)));
    const reports = await Promise.all(
      prepared.map(({ run, job }) =>
        executor.execute({ run, job, timeoutMs: 10_000, control: new RunControl(), watcher: { log: (line) => lines.push(line.text) } }),
      ),
    );
    expect(reports.map((r) => r.outcome)).toEqual(Array(20).fill('completed'));
    expect(reports.every((r) => r.log.length === 1)).toBe(true);
    expect(lines.map((line) => Number(line.slice(3))).sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i));
    expect(rows<{ n: number }>('SELECT COUNT(DISTINCT number) AS n FROM numbers')).toEqual([{ n: 20 }]);
  });

  it('Regression: runs that are preempted between read and write say each line once', async () => {
    const body = 'local n = host.count()\nhost.say("at " .. n)\nhost.pause()\nhost.write(n + 1)';
    const lines: string[] = [];
    const watcher = { log: (line: LogLine) => lines.push(line.text) };
    const prepared = await Promise.all([0, 1, 2, 3].map((i) => claimed(`paused${i}`, body)));
    await Promise.all(
      prepared.map(({ run, job }) => executor.execute({ run, job, timeoutMs: 10_000, control: new RunControl(), watcher })),
    );
    expect(lines.sort()).toEqual(['at 0', 'at 1', 'at 2', 'at 3']);
  });

  it('[ONCE] a conflict after a call outside is WRITE_CONFLICT', async () => {
    const slow = await claimed('slow', 'host.count()\nhost.gate()\nhost.write(1)');
    const running = executor.execute({ ...slow, timeoutMs: 10_000, control: new RunControl() });
    await gate.reached;
    await execute('quick', 'host.write(2)');
    gate.open();
    expect(await running).toMatchObject({ outcome: 'failed', error: { code: 'WRITE_CONFLICT' } });
    expect(rows('SELECT number FROM numbers')).toEqual([{ number: 2 }]);
  });

  it('[ONCE] the attempt that follows a lost race is the writer from its start, so that it cannot lose again', async () => {
    const slow = await claimed('slow', 'host.count()\nhost.gate()\nhost.write(1)');
    const running = executor.execute({ ...slow, run: { ...slow.run, contended: true }, timeoutMs: 10_000, control: new RunControl() });
    await gate.reached;
    expect(queue.holder?.owner).toContain(slow.run.id);
    gate.open();
    expect(await running).toMatchObject({ outcome: 'completed', committed: true });
  });

  it('[ONCE] the second passage of a run is the writer from its start, so that there is no third', async () => {
    const slow = await claimed('slow', 'if host.count() > 0 then host.say("second") end\nhost.hold()\nhost.write(1)');
    const owners: (string | undefined)[] = [];
    const watcher = { log: () => void owners.push(queue.holder?.owner) };
    const running = executor.execute({ ...slow, timeoutMs: 10_000, control: new RunControl(), watcher });
    await gate.reached;
    await execute('quick', 'host.write(2)');
    gate.open();
    expect(await running).toMatchObject({ outcome: 'completed', committed: true });
    expect(owners).toEqual([expect.stringContaining(slow.run.id)]);
  });

  it('[STOP] the second passage of a run ends at the timeout of both', async () => {
    const body = 'if host.count() > 0 then host.sleep(60) end\nhost.hold()\nhost.write(1)';
    const slow = await claimed('slow', body);
    const running = executor.execute({ ...slow, timeoutMs: 500, control: new RunControl() });
    await gate.reached;
    await execute('quick', 'host.write(2)');
    gate.open();
    expect(await running).toMatchObject({ outcome: 'timed_out', committed: false });
  });

  it('a run that has returned is not timed out while it waits to be completed', async () => {
    const { run, job } = await claimed('returned', 'return 1');
    const held = (await queue.request('somebody').start()) as { release(): void };
    // Let go of when the timeout is over.
    const completing = () => setTimeout(() => held.release(), 150);
    const report = await executor.execute({ run, job, timeoutMs: 100, control: new RunControl(), watcher: { completing } });
    expect(report).toMatchObject({ outcome: 'completed', committed: true });
  });

  it('names a run that waits while it is the writer, once', async () => {
    const named: string[] = [];
    await execute('holder', 'host.write(1)\nhost.sleep(0.01)\nhost.sleep(0.01)', {
      watcher: { writerSuspended: (wait, _fromStart, at) => named.push(`${wait.reason} ${at?.file.split('/').at(-1)}:${at?.line}`) },
    });
    expect(named).toEqual(['sleep holder.lua:3']);
  });

  it('Regression: of a run that is the writer from its start it was said that it waits after it has written', async () => {
    const named: boolean[] = [];
    const watcher = { writerSuspended: (_wait: unknown, fromStart: boolean) => named.push(fromStart) };
    await execute('late', 'host.write(1)\nhost.sleep(0.01)', { watcher });
    await execute('early', 'host.count()\nhost.sleep(0.01)', { watcher, transaction: 'immediate' });
    expect(named).toEqual([false, true]);
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
    const [begun, used] = [performance.now(), process.cpuUsage()];
    const report = await execute('stuck', `host.write(1)\n${body}`, { timeoutMs: 100 });
    // What other programs take of the processor is not its fault.
    expect(process.cpuUsage(used).user / 1_000).toBeLessThan(100 + 250);
    expect(performance.now() - begun).toBeLessThan(3_000);
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

    const grant = (await queue.request('somebody').start()) as { release(): void };
    const { run, job } = { ...(await prepareWithout(grant)) };
    const second = new RunControl();
    const waiting = executor.execute({ run, job, timeoutMs: 60_000, control: second });
    setTimeout(() => second.stop('released'), 20);
    expect(await waiting).toMatchObject({ outcome: 'released', committed: false });
    expect(queue.waiting).toBe(0);
  });

  /** Claims a writing run although somebody else holds the queue afterwards. */
  async function prepareWithout(grant: { release(): void }) {
    grant.release();
    const prepared = await claimed('writer', 'host.write(1)');
    await queue.request('somebody').start();
    return prepared;
  }
});
