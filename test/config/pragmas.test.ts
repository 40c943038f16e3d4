/** What [database] and the reference's own settings become on a connection. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openDatabase, WAL_LIMIT_BYTES } from '../../src/store/sqlite/database.js';

it.each([
  ['normal', 1],
  ['full', 2],
] as const)('a connection is set as crap-cms sets it, but for temp_store; synchronous %s', (synchronous, level) => {
  const dir = mkdtempSync(join(tmpdir(), 'ml-p-'));
  const database = openDatabase({ path: join(dir, 'data', 'crap.db'), create: true, synchronous });
  const value = (name: string) => Object.values(database.all(`PRAGMA ${name}`)[0]!)[0];
  try {
    expect({ journal: value('journal_mode'), synchronous: value('synchronous'), keys: value('foreign_keys') }).toEqual({
      journal: 'wal',
      synchronous: level,
      keys: 1,
    });
    expect([value('wal_autocheckpoint'), value('cache_size'), value('mmap_size'), value('temp_store')]).toEqual([
      1000, -16384, 268_435_456, 1,
    ]);
    // What crap-cms does not set: the log is cut back, and no statement waits inside SQLite.
    expect([value('journal_size_limit'), value('busy_timeout')]).toEqual([WAL_LIMIT_BYTES, 0]);
  } finally {
    database.close();
    rmSync(dir, { recursive: true, force: true });
  }
});
