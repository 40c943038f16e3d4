/** Opening a database that another program has for itself for a moment. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { openDatabase } from '../../src/store/sqlite/database.js';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const HOLD = `import Sqlite from ${JSON.stringify(fileURLToPath(import.meta.resolve('better-sqlite3')))};
const database = new Sqlite(process.argv[1]);
database.pragma('locking_mode = EXCLUSIVE');
database.exec('BEGIN IMMEDIATE; CREATE TABLE held (x); COMMIT');
process.stdin.once('data', (text) => setTimeout(() => { database.close(); process.exit(0); }, Number(text)));
console.log('held');
`;

it('Regression: waits for the moment instead of failing at once, and not longer than a second', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ml-open-'));
  folders.push(folder);
  const path = join(folder, 'x.db');
  openDatabase({ path, create: true }).close();
  const child = spawn(process.execPath, ['--input-type=module', '-e', HOLD, path], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  const begun = performance.now();
  expect(() => openDatabase({ path })).toThrow(expect.objectContaining({ code: 'DATABASE_BUSY' }));
  expect(performance.now() - begun).toBeGreaterThan(500);
  const gone = once(child, 'exit');
  await new Promise<void>((resolve) => child.stdin.write('200', () => resolve()));
  const database = openDatabase({ path });
  expect(database.all('SELECT * FROM held')).toEqual([]);
  // What is open never waits inside SQLite.
  expect(database.get('PRAGMA busy_timeout')?.['timeout']).toBe(0);
  database.close();
  await gone;
});
