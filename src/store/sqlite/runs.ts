/** Reading runs: one, lists, counts. */
import type { Op } from '../../domain/op.js';
import { noRuns, RUN_STATUSES, type Run, type RunStatus, type Waiting } from '../../domain/run.js';
import type { Db, Row, SqlValue } from '../db.js';
import type { RunFilter } from '../store.js';
import { DUE, WAITS } from './schema.js';
import { lanesWithRuns, slugsWithRuns } from './slugs.js';
import { fromText } from './times.js';

const COLUMNS = `*, ${DUE} AS due, rowid AS row`;

export function* findRun(db: Db, id: string): Op<Run | undefined> {
  const row = yield* db.get(`SELECT ${COLUMNS} FROM _crap_jobs WHERE id = ?`, [id]);
  return row && toRun(row);
}

/** Newest first; within one instant in the order of insertion, as the reference lists them. */
const NEWEST_FIRST = 'ORDER BY created_at DESC, _ml_created DESC, rowid ASC LIMIT ?';
const ROWS = 'SELECT rowid AS row FROM _crap_jobs';
const FEW = 1_000;
const NEWEST_OF_LANE = `${ROWS} WHERE status = ? AND queue = ? AND priority = ? ${NEWEST_FIRST}`;
/** More (every run has its own priority) are no shorter way than sorting. */
const MOST_SEARCHES = 2_000;
/** Beyond so many, reading all runs and sorting them is no worse. */
const NEAR = 10_000;

export function* listRuns(db: Db, filter: RunFilter): Op<Run[]> {
  const { limit, offset = 0 } = filter;
  const most = limit + offset;
  const near = limit >= 0 && most <= NEAR;
  const rowids = near ? yield* newestOf(db, filter, most) : undefined;
  const { condition, params } = rowids
    ? { condition: 'WHERE rowid IN (SELECT value FROM json_each(?))', params: [`[${rowids.join(',')}]`] }
    : conditionOf(filter);
  const rows = yield* db.all(`SELECT ${COLUMNS} FROM _crap_jobs ${condition} ${NEWEST_FIRST} OFFSET ?`, [...params, limit, offset]);
  return rows.map(toRun);
}

/** Rows among which the newest of the filter are; undefined where an index has them all, or none the newest. */
function* newestOf(db: Db, filter: RunFilter, most: number): Op<SqlValue[] | undefined> {
  const { slug, slugs, status, queue, uniqueKey } = filter;
  if (uniqueKey !== undefined) return undefined;
  const lanes = slug === undefined && slugs === undefined && (status !== undefined || queue !== undefined);
  return lanes ? yield* newestOfLanes(db, { status, queue }, most) : yield* newestOfJobs(db, filter, most);
}

/** The newest of all are among the newest of each job, which an index has: sorting a million runs takes a second. */
function* newestOfJobs(db: Db, filter: RunFilter, most: number): Op<SqlValue[]> {
  const { slug, slugs, ...which } = filter;
  const named = slugs ?? (slug === undefined ? yield* slugsWithRuns(db) : [slug]);
  const found: SqlValue[] = [];
  for (const each of new Set(named)) {
    if (slug !== undefined && each !== slug) continue;
    const { condition, params } = conditionOf({ ...which, slug: each });
    // Few of a status may stand behind very many of others, which the order of age would walk through.
    const some = which.status === undefined ? undefined : yield* db.all(`${ROWS} ${condition} LIMIT ?`, [...params, FEW]);
    const rows = some && some.length < FEW ? some : yield* db.all(`${ROWS} ${condition} ${NEWEST_FIRST}`, [...params, most]);
    for (const { row } of rows) found.push(row as number);
  }
  return found;
}

/** The same by status, queue and priority, of each of which the reference's index has the order of age. */
function* newestOfLanes(
  db: Db,
  which: { status: string | undefined; queue: string | undefined },
  most: number,
): Op<SqlValue[] | undefined> {
  const lanes = yield* lanesWithRuns(db, which, MOST_SEARCHES);
  if (!lanes) return undefined;
  const found: SqlValue[] = [];
  for (const { status, queue, priority } of lanes) {
    for (const row of yield* db.all(NEWEST_OF_LANE, [status, queue, priority, most])) found.push(row['row'] as number);
  }
  return found;
}

export function* countRuns(db: Db, filter: Omit<RunFilter, 'limit' | 'offset'>): Op<number> {
  const { condition, params } = conditionOf(filter);
  return Number((yield* db.get(`SELECT COUNT(*) AS n FROM _crap_jobs ${condition}`, params))?.['n'] ?? 0);
}

/** By job or by queue: an index of the reference's covers each; all three columns at once would read and sort every row. */
export function* countBy(db: Db, what: 'slug' | 'queue'): Op<{ name: string; status: RunStatus; count: number }[]> {
  const rows = yield* db.all(
    `SELECT ${what} AS name, status, count(*) AS n FROM _crap_jobs GROUP BY ${what}, status ORDER BY ${what}, status`,
  );
  return rows.map((row) => ({ name: String(row['name']), status: statusOf(row['status']), count: Number(row['n']) }));
}

function conditionOf(filter: Omit<RunFilter, 'limit'>): { condition: string; params: SqlValue[] } {
  const where: string[] = [];
  const params: SqlValue[] = [];
  for (const [column, value] of [
    ['slug', filter.slug],
    ['status', filter.status],
    ['queue', filter.queue],
    ['_ml_unique', filter.uniqueKey],
  ] as const) {
    if (value === undefined) continue;
    where.push(`${column} = ?`);
    params.push(value);
  }
  if (filter.slugs) {
    where.push(`slug IN (${marks(filter.slugs)})`);
    params.push(...filter.slugs);
  }
  return { condition: where.length === 0 ? '' : `WHERE ${where.join(' AND ')}`, params };
}

export function* recentRuns(db: Db, last: number): Op<Map<string, Record<RunStatus, number>>> {
  const summary = new Map<string, Record<RunStatus, number>>();
  for (const slug of yield* slugsWithRuns(db)) {
    const counts = noRuns();
    const rows = yield* db.all(`SELECT status FROM _crap_jobs WHERE slug = ? ${NEWEST_FIRST}`, [slug, last]);
    for (const row of rows) counts[statusOf(row['status'])]++;
    summary.set(slug, counts);
  }
  return summary;
}

/** Unknown text is shown as pending, as the reference does. */
function statusOf(text: unknown): RunStatus {
  return RUN_STATUSES.find((status) => status === text) ?? 'pending';
}

function toRun(row: Row): Run {
  const created = Number(row['_ml_created'] ?? fromText(row['created_at']) ?? 0);
  const retryAfter = foreignRetryAfter(row);
  return {
    id: String(row['id']),
    slug: String(row['slug']),
    status: statusOf(row['status']),
    queue: String(row['queue']),
    data: row['data'] === null ? '' : String(row['data']),
    result: textOrNull(row['result']),
    error: textOrNull(row['error']),
    attempt: Number(row['attempt']),
    maxAttempts: Number(row['max_attempts']),
    scheduledBy: textOrNull(row['scheduled_by']),
    priority: Number(row['priority']),
    uniqueKey: textOrNull(row['unique_key'] ?? row['_ml_unique']),
    claim: Number(row['_ml_claim']),
    host: textOrNull(row['_ml_host']),
    createdAt: created,
    dueAt: Math.max(Number(row['due'] ?? created), retryAfter ?? 0),
    startedAt: exact(row['_ml_started'], row['started_at']),
    completedAt: exact(row['_ml_completed'], row['completed_at']),
    key: textOrNull(row['_ml_key']),
    waiting: row['status'] === 'pending' ? waitingOf(Number(row['_ml_waits'])) : [],
    cancelRequestedAt: row['status'] === 'running' && row['_ml_cancel'] !== null ? Number(row['_ml_cancel']) : null,
    losses: Number(row['_ml_losses']),
  };
}

function waitingOf(bits: number): Waiting[] {
  const waiting: Waiting[] = [];
  if (bits & WAITS.time) waiting.push('due_time');
  if (bits & WAITS.key) waiting.push('key');
  if (bits & WAITS.dependencies) waiting.push('dependencies');
  return waiting;
}

/** What crap-cms wrote there; beside a due time of ours it is only that, rounded up. */
function foreignRetryAfter(row: Row): number | null {
  const at = fromText(row['retry_after']);
  if (at === null) return null;
  const roundedBy = at - Number(row['_ml_due']);
  return roundedBy >= 0 && roundedBy < 1000 ? null : at;
}

/** Our milliseconds where they belong to the text beside them (crap-cms writes only the text). */
function exact(ms: SqlValue | undefined, text: SqlValue | undefined): number | null {
  const coarse = fromText(text);
  if (coarse === null) return null;
  return typeof ms === 'number' && Math.floor(ms / 1000) * 1000 === coarse ? ms : coarse;
}

function textOrNull(value: SqlValue | undefined): string | null {
  return value === null || value === undefined ? null : String(value);
}

function marks(values: readonly unknown[]): string {
  return values.map(() => '?').join(', ');
}
