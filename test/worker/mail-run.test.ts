/** A queued mail in a worker, with a provider of the test: what is sent is completed, whatever happens in between. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/domain/clock.js';
import { HostError, StoreUnavailableError } from '../../src/domain/errors.js';
import { runAsync } from '../../src/domain/op.js';
import type { ClaimedRun } from '../../src/domain/run.js';
import { FairWriteQueue } from '../../src/host/write-queue.js';
import { EMAIL_SLUG } from '../../src/mail/message.js';
import type { MailProvider } from '../../src/mail/provider.js';
import { type Database, openDatabase } from '../../src/store/sqlite/database.js';
import { migrate } from '../../src/store/sqlite/migrate.js';
import { noQueue, readNow, writeTransaction } from '../../src/store/sqlite/short-transaction.js';
import { sqliteStore } from '../../src/store/sqlite/store.js';
import type { Store } from '../../src/store/store.js';
import { MailSender } from '../../src/worker/mail-run.js';
import { RunControl } from '../../src/worker/run-control.js';
import { ConnectionPool } from '../../src/worker/run-database.js';

describe('a queued mail', () => {
  let dir: string;
  let database: Database;
  let connections: ConnectionPool;
  const queue = new FairWriteQueue();

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'ml-m-'));
    const path = join(dir, 'crap.db');
    database = openDatabase({ path, create: true });
    await runAsync(writeTransaction(database, noQueue, 'test', migrate));
    connections = new ConnectionPool(path, 'normal', 1_000, queue);
  });
  afterEach(() => {
    connections.close();
    database.close();
    rmSync(dir, { recursive: true, force: true });
  });

  async function claimed(): Promise<ClaimedRun> {
    const runs = await runAsync(
      writeTransaction(database, noQueue, 'test', function* (db) {
        const data = JSON.stringify({ to: 'a@example.com', subject: 's', html: 'h' });
        yield* sqliteStore.enqueue(db, { slug: EMAIL_SLUG, data, queue: 'email', maxAttempts: 4, scheduledBy: 'system' }, 1);
        return yield* sqliteStore.claim(db, {
          host: 'h',
          now: Date.now(),
          leaseUntil: Date.now() + 60_000,
          limit: 1,
          maxConcurrent: 9,
          concurrency: new Map([[EMAIL_SLUG, 1]]),
        });
      }),
    );
    return runs[0]!;
  }

  function sender(provider: MailProvider, store: Store = sqliteStore): MailSender {
    return new MailSender({ provider, connections, queue, store, clock: systemClock });
  }

  const status = (run: ClaimedRun) => readNow(database, (db) => sqliteStore.findRun(db, run.id))?.status;

  it('is completed although its run is stopped once it is out', async () => {
    const run = await claimed();
    const control = new RunControl();
    const report = await sender({ send: async () => {} }).execute({
      run,
      timeoutMs: 10_000,
      control,
      watcher: { completing: () => control.stop('released') },
    });
    expect(report).toMatchObject({ outcome: 'completed', committed: true, result: null, queued: false });
    expect(status(run)).toBe('completed');
  });

  it('is not sent again because the database was away for a moment', async () => {
    const run = await claimed();
    let sent = 0;
    let tries = 0;
    const store: Store = {
      ...sqliteStore,
      complete(db, request) {
        if (++tries < 3) throw new StoreUnavailableError('DISK_FULL', 'the disk is full');
        return sqliteStore.complete(db, request);
      },
    };
    const report = await sender({ send: async () => void sent++ }, store).execute({ run, timeoutMs: 10_000, control: new RunControl() });
    expect(report).toMatchObject({ outcome: 'completed', committed: true });
    expect([sent, tries]).toEqual([1, 3]);
    expect(status(run)).toBe('completed');
  });

  it('whose claim was lost meanwhile is not completed', async () => {
    const run = await claimed();
    const lost = { ...run, claim: run.claim + 1 };
    const report = await sender({ send: async () => {} }).execute({ run: lost, timeoutMs: 10_000, control: new RunControl() });
    expect(report).toMatchObject({ outcome: 'completed', committed: false });
    expect(status(run)).toBe('running');
  });

  it('is not sent when its run was stopped before it began', async () => {
    const run = await claimed();
    const control = new RunControl();
    control.stop('cancelled');
    let sent = 0;
    const report = await sender({ send: async () => void sent++ }).execute({ run, timeoutMs: 10_000, control });
    expect(report).toMatchObject({ outcome: 'cancelled', committed: false });
    expect(sent).toBe(0);
  });

  it('is given up with its run: the provider is told', async () => {
    const run = await claimed();
    const control = new RunControl();
    let told = false;
    const provider: MailProvider = {
      send: (_mail, { signal, messageId }) =>
        new Promise((_, reject) => {
          expect(messageId).toBe(run.id);
          signal.addEventListener('abort', () => {
            told = true;
            reject(signal.reason);
          });
          control.stop('timed_out');
        }),
    };
    const report = await sender(provider).execute({ run, timeoutMs: 3_000, control });
    expect(report).toMatchObject({ outcome: 'timed_out', error: { message: 'timeout after 3s' } });
    expect(told).toBe(true);
  });

  it('that fails reports code and text, and the lines that were written', async () => {
    const run = await claimed();
    const provider: MailProvider = {
      async send(_mail, { log }) {
        log('warn', 'half way');
        throw new HostError('MAIL_SMTP', 'mail server x:25: 550 no');
      },
    };
    const report = await sender(provider).execute({ run, timeoutMs: 3_000, control: new RunControl() });
    expect(report).toMatchObject({
      outcome: 'failed',
      error: { code: 'MAIL_SMTP', message: 'mail server x:25: 550 no' },
      log: [{ level: 'warn', text: 'half way' }],
    });
  });
});
