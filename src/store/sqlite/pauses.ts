/** Pauses: switches that claims and schedules look at. They are rows, so they hold over restarts and for every host. */
import type { Op } from '../../domain/op.js';
import type { PauseTarget } from '../../domain/pause.js';
import type { Db } from '../db.js';
import type { Pause } from '../store.js';

export function* pause(db: Db, { kind, name }: PauseTarget, reason: string | undefined, now: number): Op<boolean> {
  const sql = 'INSERT INTO _ml_pauses (kind, name, since, reason) VALUES (?, ?, ?, ?) ON CONFLICT (kind, name) DO NOTHING';
  return (yield* db.run(sql, [kind, name, now, reason ?? null])) === 1;
}

export function* resume(db: Db, { kind, name }: PauseTarget): Op<boolean> {
  return (yield* db.run('DELETE FROM _ml_pauses WHERE kind = ? AND name = ?', [kind, name])) === 1;
}

export function* listPauses(db: Db): Op<Pause[]> {
  const rows = yield* db.all('SELECT kind, name, since, reason FROM _ml_pauses ORDER BY since, kind, name');
  return rows.map((row) => ({
    kind: String(row['kind']) as Pause['kind'],
    name: String(row['name']),
    since: Number(row['since']),
    reason: row['reason'] === null ? null : String(row['reason']),
  }));
}
