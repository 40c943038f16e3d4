/** The table `_crap_migrations`, shared with the reference: which files of a project's migrations are applied. */
import type { Op } from '../../domain/op.js';
import type { Db } from '../db.js';

export interface AppliedMigration {
  filename: string;
  /** `YYYY-MM-DD HH:MM:SS` in UTC, as the reference writes it. */
  appliedAt: string | null;
}

/** The last applied first; of one second, by name from the end. None where the table is not there yet. */
export function* appliedMigrations(db: Db): Op<AppliedMigration[]> {
  const table = yield* db.get("SELECT 1 AS found FROM sqlite_master WHERE type = 'table' AND name = '_crap_migrations'");
  if (!table) return [];
  const rows = yield* db.all('SELECT filename, applied_at FROM _crap_migrations ORDER BY applied_at DESC, filename DESC');
  return rows.map((row) => ({
    filename: String(row['filename']),
    appliedAt: row['applied_at'] === null ? null : String(row['applied_at']),
  }));
}

export function* isApplied(db: Db, filename: string): Op<boolean> {
  return (yield* db.get('SELECT 1 AS found FROM _crap_migrations WHERE filename = ?', [filename])) !== undefined;
}

export function* recordMigration(db: Db, filename: string): Op<void> {
  yield* db.run('INSERT INTO _crap_migrations (filename) VALUES (?)', [filename]);
}

export function* forgetMigration(db: Db, filename: string): Op<void> {
  yield* db.run('DELETE FROM _crap_migrations WHERE filename = ?', [filename]);
}
