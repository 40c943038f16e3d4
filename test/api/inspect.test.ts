/** Verify and doctor of a host over a database that is not small: they read in a thread, and say what they would say on this one. */
import Sqlite from 'better-sqlite3';
import { afterEach, describe, expect, it } from 'vitest';
import { createHost, defineJob, type EmbeddedHost } from '../../src/index.js';

const hosts: EmbeddedHost[] = [];
const threads: unknown[] = [];
const noted = (worker: unknown) => threads.push(worker);
afterEach(async () => {
  process.off('worker', noted);
  threads.length = 0;
  for (const host of hosts.splice(0)) await host.stop();
});

async function open(clock?: { now(): number; monotonic(): number }) {
  const job = defineJob({ slug: 'a', handler: () => 1 });
  const host = await createHost({ jobs: [job], threads: 1, ...(clock && { clock }) });
  hosts.push(host as unknown as EmbeddedHost);
  const write = (...statements: string[]) => {
    const database = new Sqlite(host.databasePath);
    for (const sql of statements) database.exec(sql);
    database.close();
  };
  const grow = () => write('CREATE TABLE filler (x BLOB)', 'INSERT INTO filler VALUES (zeroblob(4000000))');
  process.on('worker', noted);
  return { host, write, grow };
}

const ORPHAN = "INSERT INTO _ml_attempts (run, claim, attempt, ended_at, outcome) VALUES ('nobody', 1, 1, 1, 'failed')";

describe('verify and doctor of a host', () => {
  it('Regression: read a large database in a thread, instead of on that of the application', async () => {
    const { host, write, grow } = await open();
    write(ORPHAN);
    const small = [await host.verify(), await host.doctor()] as const;
    expect(threads).toHaveLength(0);
    grow();
    expect([await host.verify(), await host.doctor()]).toEqual(small);
    expect(small[0].breaches.map(({ code }) => code)).toEqual(['ATTEMPT_ORPHAN']);
    expect(threads).toHaveLength(2);
    expect(await host.doctor({ repair: true })).toMatchObject({ ok: true, repaired: [expect.stringContaining('removed 1 row(s)')] });
    expect(await host.verify({ since: new Date(5) })).toMatchObject({ ok: true, since: '1970-01-01T00:00:00.005Z' });
  });

  it('go by the clock of the host and know its jobs, also there', async () => {
    const ahead = { now: () => Date.now() + 3_600_000, monotonic: () => performance.now() };
    const { host, grow } = await open(ahead);
    grow();
    await host.enqueue('a');
    expect((await host.doctor()).findings).toEqual([]);
    expect(threads).toHaveLength(1);
  });

  it('Regression: a clock of fractions of a millisecond makes no rows that are taken for somebody else’s', async () => {
    const { host } = await open({ now: () => performance.timeOrigin + performance.now(), monotonic: () => performance.now() });
    await host.enqueue('a');
    await host.start();
    await host.idle();
    expect([(await host.doctor()).findings, (await host.verify()).breaches]).toEqual([[], []]);
  });

  it('refuse behind a stop, as on this thread', async () => {
    const { host, grow } = await open();
    grow();
    await host.stop();
    await expect(host.verify()).rejects.toMatchObject({ code: 'HOST_STOPPED' });
    await expect(host.doctor()).rejects.toMatchObject({ code: 'HOST_STOPPED' });
    expect(threads).toHaveLength(0);
  });
});
