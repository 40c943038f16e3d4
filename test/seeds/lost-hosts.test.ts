/** What the other systems left running for ever, or deleted, when a process died: here it is run again, or kept where it can be seen. */
import { mkdtempSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, expect, it } from 'vitest';
import { createQueues, defineQueue } from '../../src/compat/joystick.js';
import { BaseJob, type JobRunner, New } from '../../src/compat/lazyjobs.js';
import { createWorker } from '../../src/compat/quickdapp.js';

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

function databaseFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ml-lost-'));
  open.push(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'jobs.db');
}

/** As a host leaves them that was killed while it ran them, for the `losses`th time in a row. */
function leaveRunning(database: string, ids: readonly string[], losses = 1): void {
  const client = new Sqlite(database);
  const now = Date.now();
  const text = new Date(now).toISOString().slice(0, 19).replace('T', ' ');
  client
    .prepare(
      "INSERT INTO _ml_hosts (id, pid, hostname, socket, started_at, seen_at, version) VALUES ('dead', 1, ?, '/nowhere/dead.sock', ?, ?, '0')",
    )
    .run(hostname(), now - 600_000, now - 600_000);
  const take = client.prepare(
    `UPDATE _crap_jobs SET status = 'running', attempt = attempt + 1, _ml_attempt = attempt + 1, _ml_claim = _ml_claim + 1, _ml_host = 'dead',
       _ml_lease = ?, started_at = ?, heartbeat_at = ?, _ml_started = ?, _ml_losses = ? WHERE id = ?`,
  );
  for (const id of ids) expect(take.run(now - 60_000, text, text, now, losses - 1, id).changes).toBe(1);
  client.close();
}

it('Joystick: retry_jobs_running_before_restart decides, and without it they are incomplete (there: deleted)', async () => {
  const database = databaseFile();
  const jobs = { note: { run: () => {} } };
  const definitions = { again: defineQueue({ retry_jobs_running_before_restart: true, jobs }), kept: defineQueue({ jobs }) };
  const before = await createQueues(definitions, { database, threads: 1, env: { HALT_QUEUES: '1' } });
  const [again, kept] = [(await before.queues.again.add({ job: 'note' }))!, (await before.queues.kept.add({ job: 'note' }))!];
  await before.host.stop();
  leaveRunning(database, [again, kept]);
  const after = await createQueues(definitions, { database, threads: 1 });
  open.push(() => after.host.stop());
  expect(await after.host.jobs.wait(again)).toMatchObject({ status: 'completed' });
  expect(await after.queues.kept.list('incomplete')).toMatchObject([{ _id: kept, attempts: expect.any(Number) }]);
});

it('lazyjobs: a running job of a dead process is run again (there: running for ever)', async () => {
  const database = databaseFile();
  class Note extends BaseJob {
    Kind() {
      return 'note';
    }
    Work() {}
  }
  const config = { Backend: { database }, Define: (runner: JobRunner) => runner.MustRegister(new Note()), host: { threads: 1 } };
  const before = await New(config);
  const { id } = await before.Enqueue(new Note());
  await before.Stop();
  leaveRunning(database, [id]);
  const after = await New(config);
  open.push(() => after.Stop());
  await after.Start();
  expect(await after.parts.host.jobs.wait(id)).toMatchObject({ status: 'completed', attempt: 1 });
});

it('QuickDapp: a cron row that is lost for the third time is stale, and its chain goes on', async () => {
  const database = databaseFile();
  const options = { app: () => ({}), jobs: { watch: { run: async () => 1 } }, host: { database, threads: 1 } };
  const before = await createWorker(options);
  const { id } = await before.scheduleCronJob({ type: 'watch' }, '0 0 1 1 *');
  await before.host.stop();
  leaveRunning(database, [id], 3);
  const after = await createWorker(options);
  open.push(() => after.host.stop());
  await after.host.start();
  await after.host.idle();
  expect(await after.getJobById(id)).toMatchObject({ success: false, result: { error: expect.stringContaining('stale') } });
  expect(await after.getNextPendingJob()).toMatchObject({ rescheduledFromJob: id, cronSchedule: '0 0 1 1 *' });
});
