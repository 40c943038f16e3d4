/**
 * Notes of clocks that were set back (or differ between machines): a claim that is earlier than the end of an attempt which was recorded
 * before it, or than a start that counts for a rate, says so, once. `verify` judges nothing by instants between the two.
 */
import type { Op } from '../../domain/op.js';
import type { Db } from '../db.js';
import { LAST_MS } from './times.js';

const NEWEST_END = 'SELECT ended_at FROM _ml_attempts ORDER BY rowid DESC LIMIT 1';
const NOTE = `INSERT INTO _ml_clock (seen_at, was) SELECT ?, ? WHERE NOT EXISTS (SELECT 1 FROM _ml_clock WHERE was >= ? AND seen_at <= ?)`;

/** `now`: of the claim, read as the writer. */
export function* noteClock(db: Db, now: number): Op<void> {
  const row = yield* db.get(NEWEST_END);
  const ended = row?.['ended_at'];
  if (typeof ended === 'number' && ended > now) yield* noteSetBack(db, now, ended);
}

/** The clock shows `now`, after it had shown `was`; epoch ms. What no clock shows is not noted: nothing could be judged any more. */
export function* noteSetBack(db: Db, now: number, was: number): Op<void> {
  if (was > LAST_MS) return;
  yield* db.run(NOTE, [now, was, was, now]);
}

/** Epoch ms, both ends included. */
export function* clockNotes(db: Db): Op<{ from: number; until: number }[]> {
  const rows = yield* db.all('SELECT seen_at, was FROM _ml_clock ORDER BY seen_at');
  return rows.map((row) => ({ from: Number(row['seen_at']), until: Number(row['was']) }));
}
