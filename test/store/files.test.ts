import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runAsync } from '../../src/domain/op.js';
import { openDatabase } from '../../src/store/sqlite/database.js';
import { isMigrated, migrate } from '../../src/store/sqlite/migrate.js';
import { noQueue, readTransaction, writeTransaction } from '../../src/store/sqlite/short-transaction.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ml-f-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The layout of a database that crap-cms alpha.8 made. */
const REFERENCE = `
CREATE TABLE _crap_jobs (id TEXT PRIMARY KEY, slug TEXT NOT NULL, status TEXT NOT NULL DEFAULT 'pending', queue TEXT NOT NULL DEFAULT 'default', data TEXT DEFAULT '{}', result TEXT, error TEXT, attempt INTEGER NOT NULL DEFAULT 0, max_attempts INTEGER NOT NULL DEFAULT 1, scheduled_by TEXT, created_at TEXT DEFAULT (datetime('now')), started_at TEXT, completed_at TEXT, heartbeat_at TEXT, retry_after TEXT);
CREATE INDEX idx_crap_jobs_status ON _crap_jobs (status);
INSERT INTO _crap_jobs (id, slug, data) VALUES ('theirs', 'a', '{"k":1}');`;

it('migrates a database that crap-cms made, keeps its rows, and is repeatable', async () => {
  const database = openDatabase({ path: join(folder, 'crap.db'), create: true });
  database.exec(REFERENCE);
  expect(await runAsync(readTransaction(database, isMigrated))).toBe(false);
  for (let i = 0; i < 2; i++) await runAsync(writeTransaction(database, noQueue, 'migrate', migrate));
  expect(await runAsync(readTransaction(database, isMigrated))).toBe(true);
  expect(database.all('SELECT id, data, _ml_claim, priority FROM _crap_jobs')).toEqual([
    { id: 'theirs', data: '{"k":1}', _ml_claim: 0, priority: 0 },
  ]);
  // crap-cms goes on inserting with its own columns.
  database.exec(
    "INSERT INTO _crap_jobs (id, slug, status, queue, data, max_attempts, scheduled_by) VALUES ('more', 'a', 'pending', 'default', '{}', 1, 'grpc')",
  );
  expect(database.get('SELECT COUNT(*) AS n FROM _crap_jobs')).toEqual({ n: 2 });
  database.close();
});

it('refuses a database written by a newer version and changes nothing', async () => {
  const database = openDatabase({ path: join(folder, 'crap.db'), create: true });
  await runAsync(writeTransaction(database, noQueue, 'migrate', migrate));
  database.exec("UPDATE _ml_meta SET value = '999' WHERE key = 'schema_version'");
  await expect(runAsync(writeTransaction(database, noQueue, 'migrate', migrate))).rejects.toMatchObject({
    code: 'DATABASE_NEWER',
    details: { found: 999 },
  });
  expect(() => database.get('SELECT 1')).not.toThrow();
  database.close();
});

it('says what is wrong with a file that cannot be used', () => {
  const attempt = (path: string, more = {}) => {
    try {
      openDatabase({ path, ...more }).close();
      return undefined;
    } catch (error) {
      return error;
    }
  };
  expect(attempt(join(folder, 'none.db'))).toMatchObject({ code: 'DATABASE_MISSING', remedy: expect.stringContaining('migrate') });
  writeFileSync(join(folder, 'text.db'), 'this is not a database, and long enough to have a header of a hundred bytes: '.repeat(3));
  expect(attempt(join(folder, 'text.db'))).toMatchObject({ code: 'DATABASE_CORRUPT' });
  writeFileSync(join(folder, 'file'), '');
  expect(attempt(join(folder, 'file', 'crap.db'), { create: true })).toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
});

it('a read-only connection refuses to write', () => {
  const path = join(folder, 'crap.db');
  openDatabase({ path, create: true }).close();
  chmodSync(path, 0o444);
  const database = openDatabase({ path, readonly: true });
  expect(() => database.exec('CREATE TABLE t (x)')).toThrow(expect.objectContaining({ code: 'DATABASE_READ_ONLY' }));
  database.close();
});
