/**
 * What becomes of due instants: each is run, or skipped for a reason, by the rules of its job. One act accounts for everything between the
 * last look and now; consecutive skips for one reason are one row.
 */
import type { Op } from '../domain/op.js';
import { holdsTicks } from '../domain/pause.js';
import { requestOf } from '../domain/run.js';
import { nextInstant } from '../domain/schedule.js';
import type { Db } from '../store/db.js';
import type { Store } from '../store/store.js';
import type { HostEvents } from './events.js';
import { instantsWithin, runnable, type Watched } from './schedule-watch.js';

/** An instant noticed later than this was missed: the machine slept, the clock jumped, the database was away. */
const LATE_LIMIT_MS = 60_000;
const DEFAULT_MISFIRE_LIMIT = 100;

/** Why an instant was not run. */
export type SkipReason = 'overlap' | 'paused' | 'outside_window' | 'misfire' | 'host_down' | 'dst_gap';

/** The instant is in the ledger already: the throw takes the run back. */
export class AlreadyRecorded extends Error {}

const CRON_FIRED =
  'INSERT INTO _crap_cron_fired (slug, fired_at) VALUES (?, ?) ON CONFLICT (slug) DO UPDATE SET fired_at = excluded.fired_at';

export interface AccountOptions {
  store: Store;
  /** A tick is also skipped while a run of its job is pending (generation 10). */
  pendingOverlaps: boolean;
  random(): number;
}

type Event = HostEvents['tick:recorded'];

/**
 * Accounts for the instants t with after < t <= now that are not in the ledger yet: another host, or this one before its clock was set back,
 * may have recorded some. `missedUntil`: those up to it were missed whatever the hour (no host was up); what is
 * older than a minute was missed too.
 */
export function* accountFor(
  db: Db,
  options: AccountOptions,
  watched: Watched,
  after: number,
  now: number,
  missedUntil?: number,
): Op<Event[]> {
  const missed = Math.max(missedUntil ?? 0, now - LATE_LIMIT_MS - 1);
  const open = between(yield* options.store.ticksWithin(db, watched.job.slug, after, now), after, now).filter((each) =>
    instantsWithin(watched, each.after, each.until),
  );
  if (open.length === 0) return [];
  const isOpen = (at: number) => open.some((each) => each.after < at && at <= each.until);
  const runs = chosen(watched, after, now, missed).filter(isOpen);
  const obstacle = runs.length === 0 ? undefined : yield* obstacleOf(db, options, watched);
  const missedReason: SkipReason = watched.misfire !== 'skip' ? 'misfire' : missedUntil === undefined ? 'misfire' : 'host_down';
  const events: Event[] = [];
  for (const { after: begin, until } of open) {
    let from = begin;
    for (const at of runs) {
      if (at <= begin || at > until) continue;
      yield* skipRange(db, options, watched, from, at - 1, missed, missedReason, now, events);
      if (obstacle) yield* skip(db, options, watched, at - 1, at, obstacle, now, events);
      else events.push(yield* enqueueRun(db, options, watched, at, now));
      from = at;
    }
    yield* skipRange(db, options, watched, from, until, missed, missedReason, now, events);
  }
  return events;
}

/** What of after < t <= until lies outside of the rows. */
function between(rows: readonly { at: number; until: number }[], after: number, until: number): { after: number; until: number }[] {
  const edges = [{ at: after, until: after }, ...rows, { at: until + 1, until: until + 1 }];
  return edges.slice(1).flatMap((row, index) => {
    const begin = Math.max(edges[index]!.until, after);
    return row.at - 1 > begin ? [{ after: begin, until: row.at - 1 }] : [];
  });
}

/** The instants that are to be run, ascending. */
function chosen(watched: Watched, after: number, now: number, missed: number): number[] {
  if (watched.misfire === 'all') return runnable(watched, after, now, watched.job.misfireLimit ?? DEFAULT_MISFIRE_LIMIT);
  const punctual = runnable(watched, Math.max(after, missed), now, 1);
  return punctual.length > 0 || watched.misfire === 'skip' ? punctual : runnable(watched, after, now, 1);
}

/** What keeps the job from being run at all now. */
function* obstacleOf(db: Db, { store, pendingOverlaps }: AccountOptions, { job }: Watched): Op<SkipReason | undefined> {
  const paused = (yield* store.listPauses(db)).some((pause) => holdsTicks(pause, job));
  if (paused) return 'paused';
  if (!job.skipIfRunning) return undefined;
  const overlaps =
    (yield* store.hasActive(db, job.slug, 'running')) || (pendingOverlaps && (yield* store.hasActive(db, job.slug, 'pending')));
  return overlaps ? 'overlap' : undefined;
}

/** Skips everything in (from, until]: what is outside the window, what was missed, and instants in a gap of the clock. */
function* skipRange(
  db: Db,
  options: AccountOptions,
  watched: Watched,
  from: number,
  until: number,
  missed: number,
  missedReason: SkipReason,
  now: number,
  events: Event[],
): Op<void> {
  const open = Math.min(Math.max(watched.from - 1, from), until);
  const close = Math.max(Math.min(watched.until - 1, until), open);
  yield* skip(db, options, watched, from, open, 'outside_window', now, events);
  yield* skip(db, options, watched, open, Math.max(Math.min(missed, close), open), missedReason, now, events);
  for (let at = Math.max(missed, open); at < close; ) {
    // A minute at most is left here: gaps are told from instants that a newer one has overtaken.
    const instant = nextInstant(watched.schedule, at, watched.zone, watched.dst);
    if (!instant || instant.at > close) break;
    yield* skip(db, options, watched, at, instant.at, instant.gap ? 'dst_gap' : 'misfire', now, events);
    at = instant.at;
  }
  yield* skip(db, options, watched, close, until, 'outside_window', now, events);
}

function* skip(
  db: Db,
  { store }: AccountOptions,
  watched: Watched,
  from: number,
  until: number,
  reason: SkipReason,
  now: number,
  events: Event[],
): Op<void> {
  const range = instantsWithin(watched, from, until);
  if (!range) return;
  const { slug } = watched.job;
  // Between a row that was cut short and this one instants may still be to come.
  const follows = (end: number) => nextInstant(watched.schedule, end, watched.zone, watched.dst)?.at === range.at;
  const recorded = yield* store.recordTick(db, { slug, ...range, outcome: 'skipped', reason, follows }, now);
  if (recorded === false) return;
  const last = events.at(-1);
  if (recorded === 'folded' && last?.outcome === 'skipped') last.count += range.count;
  else events.push({ slug, at: range.at, outcome: 'skipped', reason, run: undefined, count: range.count, folded: recorded === 'folded' });
}

function* enqueueRun(db: Db, { store, random }: AccountOptions, { job }: Watched, at: number, now: number): Op<Event> {
  const { slug, jitter = 0 } = job;
  const dueAt = Math.max(now, at + Math.round(random() * jitter * 1000));
  const request = { ...requestOf(job, '{}'), scheduledBy: 'cron' as const };
  const { id } = yield* store.enqueue(db, { ...request, ...(dueAt > now && { dueAt }) }, now);
  if (!(yield* store.recordTick(db, { slug, at, outcome: 'run', run: id }, now))) throw new AlreadyRecorded();
  // crap-cms compares this text; it takes the instant for fired and does not run it again.
  yield* db.run(CRON_FIRED, [slug, new Date(now).toISOString().replace('Z', '+00:00')]);
  return { slug, at, outcome: 'run', reason: undefined, run: id, count: 1, folded: false };
}
