/** Doctor over a real project: healthy ones are healthy, and each state that is brought about is named, mended where that is safe, and then gone. */
import { hostname } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHost, defineJob } from '../../src/index.js';
import { examine, type Finding } from '../../src/operations/doctor.js';
import { repair } from '../../src/operations/doctor-repair.js';
import { type OpenedProject, openProject } from '../../src/operations/open-project.js';
import { openDatabase } from '../../src/store/sqlite/database.js';
import { sqliteStore as store } from '../../src/store/sqlite/store.js';
import { TRIGGERS } from '../../src/store/sqlite/triggers.js';
import { notesProject } from '../cli/project.js';
import { runCli } from '../support/cli.js';
import type { ProjectFolder } from '../support/project.js';

let folder: ProjectFolder;
let opened: OpenedProject;
beforeEach(async () => {
  folder = await notesProject();
  opened = await openProject({ cwd: folder.dir, env: {} });
});
afterEach(async () => {
  await opened.close();
  await folder.dispose();
});

const codes = (findings: readonly Finding[]) => findings.map(({ code }) => code);

/** Writes around the triggers. */
function tamper(...statements: string[]): void {
  const database = openDatabase({ path: join(folder.dir, 'data', 'crap.db') });
  const triggers = Object.entries(TRIGGERS);
  for (const [name] of triggers) database.exec(`DROP TRIGGER ${name}`);
  for (const sql of statements) database.exec(sql);
  for (const [name, text] of triggers) database.exec(`CREATE TRIGGER ${name} ${text}`);
  database.close();
}

const RUN = (id: string, waits = 0, status = 'pending', key = '') =>
  `INSERT INTO _crap_jobs (id, slug, status, _ml_waits, _ml_key) VALUES ('${id}', 'echo', '${status}', ${waits}, nullif('${key}', ''))`;

async function deadHost(): Promise<string> {
  const now = Date.now() - 600_000;
  return await opened.write('test', function* (db) {
    yield* store.registerHost(db, {
      id: 'gone',
      pid: 1,
      hostname: hostname(),
      socket: '/nowhere',
      startedAt: now,
      seenAt: now,
      version: '1',
    });
    const request = { slug: 'echo', data: '{}', queue: 'default', maxAttempts: 1, scheduledBy: 'cli' as const };
    const { id } = yield* store.enqueue(db, request, now);
    const claim = { host: 'gone', now, leaseUntil: now, limit: 1, maxConcurrent: 9, concurrency: new Map([['echo', 1]]) };
    yield* store.claim(db, claim);
    return id;
  });
}

describe('doctor', () => {
  it('finds a fresh project healthy', async () => {
    expect((await examine(opened, true)).findings).toEqual([]);
    const { code, stdout } = await runCli(['doctor'], { cwd: folder.dir });
    expect([code, stdout]).toEqual([0, 'healthy\n']);
  });

  it('[DURABLE] names a dead host and what it left running, and gives that back', async () => {
    const id = await deadHost();
    const found = await examine(opened, true);
    expect(codes(found.findings)).toEqual(['HOST_DEAD']);
    expect(found.findings[0]!.message).toContain('1 run(s)');
    expect(await repair(opened, found)).toEqual(['removed the dead host gone; gave back 1 run(s)']);
    expect((await examine(opened, true)).findings).toEqual([]);
    expect(await opened.read((db) => store.findRun(db, id))).toMatchObject({ status: 'pending', attempt: 0, losses: 1 });
  });

  it('Regression: a run that it gave up as stale queued none of those that its job wants to follow', async () => {
    const { jobs } = opened.project.registry;
    jobs.set('echo', { ...jobs.get('echo')!, onLost: 'stale', onFailed: 'after_echo' });
    jobs.set('after_echo', { ...jobs.get('echo')!, slug: 'after_echo' });
    const id = await deadHost();
    expect(await repair(opened, await examine(opened, true))).toEqual(['removed the dead host gone; gave back 1 run(s)']);
    const [next] = await opened.read((db) => store.listRuns(db, { slug: 'after_echo', limit: 1 }));
    expect(next).toMatchObject({ status: 'pending' });
    expect(JSON.parse(next!.data)).toMatchObject({
      run: id,
      slug: 'echo',
      status: 'stale',
      error: 'stale: its host is gone, lost 1 time(s)',
    });
  });

  it.each([
    ['WAIT_STUCK', ["INSERT INTO _crap_jobs (id, slug, _ml_waits, _ml_key) VALUES ('s', 'echo', 2, 'k'), ('t', 'echo', 2, 'k')"]],
    ['WAIT_STUCK', ["INSERT INTO _crap_jobs (id, slug, _ml_waits) VALUES ('s', 'echo', 4)"]],
    ['WAIT_STUCK', [RUN('a'), RUN('s', 4), "INSERT INTO _ml_dependencies (run, after) VALUES ('s', 'a'), ('s', 'gone')"]],
    ['WAIT_STUCK', [RUN('a', 0, 'completed'), RUN('s', 4), "INSERT INTO _ml_dependencies (run, after) VALUES ('s', 'a')"]],
    ['WAIT_STUCK', [RUN('a', 0, 'failed', 'k'), RUN('s', 2, 'pending', 'k'), RUN('t', 2, 'pending', 'k')]],
    ['WAIT_MISSING', [RUN('a'), RUN('s'), "INSERT INTO _ml_dependencies (run, after) VALUES ('s', 'a')"]],
    ['ATTEMPT_ORPHAN', ["INSERT INTO _ml_attempts (run, claim, attempt, ended_at, outcome) VALUES ('nobody', 1, 1, 1, 'failed')"]],
    ['DEPENDENCY_ORPHAN', ["INSERT INTO _ml_dependencies (run, after) VALUES ('nobody', 'nothing')"]],
    ['SCHEMA_INCOMPLETE', ['DROP INDEX _ml_jobs_claimable', 'DROP INDEX _ml_jobs_later']],
    ['SCHEMA_OUTDATED', ["UPDATE _ml_meta SET value = '3' WHERE key = 'schema_version'"]],
    ['SCHEMA_INCOMPLETE', ['ALTER TABLE _ml_hosts DROP COLUMN limits']],
    ['SEARCH_INCOMPLETE', ["INSERT INTO _fts_notes (id, title) VALUES ('x', 'left over')"]],
    ['SEARCH_INCOMPLETE', ["INSERT INTO notes (id, title) VALUES ('x', 'not found')"]],
    [
      'SEARCH_INCOMPLETE',
      [
        "INSERT INTO notes (id, title) VALUES ('x', 'new')",
        "INSERT INTO _fts_notes (rowid, id, title) VALUES (1, 'x', 'as it was called before')",
      ],
    ],
    [
      'SEARCH_INCOMPLETE',
      ["INSERT INTO notes (id, title) VALUES ('x', 'one')", "INSERT INTO _fts_notes (rowid, id, title) VALUES (77, 'x', 'two')"],
    ],
    ['TABLES_MISSING', ['DROP TABLE notes']],
    ['TABLES_MISSING', ['DROP TABLE _fts_notes']],
    [
      'RUN_ABANDONED',
      ["INSERT INTO _crap_jobs (id, slug, status, attempt, heartbeat_at) VALUES ('s', 'echo', 'running', 1, '2020-01-01 00:00:00')"],
    ],
  ])('names and mends %s', async (code, statements) => {
    tamper(...statements);
    const found = await examine(opened, true);
    expect(codes(found.findings)).toEqual([code]);
    expect(found.findings[0]).toMatchObject({ level: 'problem', repairable: true });
    expect((await repair(opened, found)).length).toBeGreaterThan(0);
    expect((await examine(opened, true)).findings).toEqual([]);
  });

  it('a search table that SQLite itself finds broken is made anew, and no damage of the file', async () => {
    await opened.write('test', (db) => db.run("INSERT INTO notes (id, title) VALUES ('x', 'hello world')") as never);
    await repair(opened, await examine(opened, true));
    const driver = new Sqlite(join(folder.dir, 'data', 'crap.db'));
    driver.unsafeMode(true);
    driver.exec('DELETE FROM _fts_notes_data WHERE id > 10');
    driver.close();
    await opened.close();
    opened = await openProject({ cwd: folder.dir, env: {} });
    const found = await examine(opened, true);
    expect(codes(found.findings)).toEqual(['SEARCH_INCOMPLETE']);
    expect(await repair(opened, found)).toEqual(['filled the search tables of notes']);
    expect((await examine(opened, true)).findings).toEqual([]);
    expect(await opened.read((db) => db.all("SELECT id FROM _fts_notes WHERE _fts_notes MATCH 'hello'"))).toEqual([{ id: 'x' }]);
  });

  it('accepts a search table under other row numbers, as crap-cms fills it', async () => {
    tamper("INSERT INTO notes (id, title) VALUES ('x', 'one')", "INSERT INTO _fts_notes (rowid, id, title) VALUES (77, 'x', 'one')");
    expect((await examine(opened, true)).findings).toEqual([]);
  });

  it('notes runs of jobs that are not defined, and definitions that have changed', async () => {
    tamper("INSERT INTO _crap_jobs (id, slug) VALUES ('a', 'former'), ('b', 'former'), ('c', '_system_email')");
    const [finding, ...others] = (await examine(opened, true)).findings;
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ code: 'JOB_UNDEFINED', level: 'note', message: expect.stringContaining('2 pending run(s)') });
    expect(finding!.message).toContain('former (2)');
    await folder.write({ 'collections/more.lua': 'crap.collections.define("notes_too", { fields = { { name = "a", type = "text" } } })' });
    const { code, stdout } = await runCli(['doctor', '--repair'], { cwd: folder.dir });
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^repaired: brought the tables to what the definitions ask for/)]);
  });

  it('knows the jobs of an application whose host runs', async () => {
    const mine = defineJob({ slug: 'of_the_application', handler: () => {} });
    const host = await createHost({ project: folder.dir, jobs: [mine], env: {} });
    await host.start();
    try {
      await host.enqueue(mine, {}, { delayMs: 3_600_000 });
      expect((await examine(opened, true)).findings).toEqual([]);
    } finally {
      await host.stop();
    }
    expect(codes((await examine(opened, true)).findings)).toEqual(['JOB_UNDEFINED']);
  });

  it('mends nothing that it cannot: a newer schema, a clock that is behind, orphans that are data', async () => {
    tamper(`INSERT INTO _crap_jobs (id, slug, _ml_created, status) VALUES ('s', 'echo', ${Date.now() + 3_600_000}, 'completed')`);
    const found = await examine(opened, true);
    expect(codes(found.findings)).toEqual(['CLOCK_BEHIND']);
    expect(found.findings[0]!.repairable).toBe(false);
    expect(await repair(opened, found)).toEqual([]);
    tamper("UPDATE _ml_meta SET value = '99' WHERE key = 'schema_version'");
    const newer = await examine(opened, true);
    expect(codes(newer.findings)).toEqual(['DATABASE_NEWER']);
    expect(await repair(opened, newer)).toEqual([]);
  });

  it('says what it found, did and left, with its exit code', async () => {
    await deadHost();
    await folder.write({ 'data/crap.pid': '999999999' });
    const looked = await runCli(['doctor', '--quick'], { cwd: folder.dir });
    expect(looked.code).toBe(1);
    expect(looked.stdout).toMatch(/^HOST_DEAD: .*\n {2}start a host.*\nnote: PID_FILE_STALE/);
    const mended = await runCli(['--json', 'doctor', '--repair'], { cwd: folder.dir });
    expect(mended.code).toBe(0);
    expect(JSON.parse(mended.stdout)).toMatchObject({
      ok: true,
      repaired: [expect.stringContaining('gone')],
      findings: [{ level: 'note' }],
    });
    const verified = await runCli(['verify'], { cwd: folder.dir });
    expect([verified.code, verified.stdout]).toEqual([0, '1 run, 1 attempt, 0 ticks: no breach\n']);
  });
});
