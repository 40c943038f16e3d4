/**
 * Verify: reads a real database in one snapshot and reports every breach of a promise: lost runs, effects that happened twice, steps that the
 * state machine does not know, limits exceeded, due instants without an outcome. Changes nothing; hosts may run meanwhile.
 */
import type { Op } from '../domain/op.js';
import { projectLimits } from '../host/claim-limits.js';
import { hostSettings } from '../host/settings.js';
import type { Db } from '../store/db.js';
import type { BreachCode, ClaimLimits, FoundBreach } from '../store/history.js';
import type { Store } from '../store/store.js';
import type { OpenedProject } from './open-project.js';
import { iso } from './run-view.js';
import { DoubtfulTimes } from './verify-clock.js';
import { LimitHistory } from './verify-eras.js';
import { LimitCheck } from './verify-limits.js';
import { BREACHES } from './verify-sentences.js';
import { LedgerCheck } from './verify-ticks.js';

const PAGE = 20_000;
/** A host records what is due within seconds; ticks of another schedule prove that one was there. */
const LEDGER_SLACK_MS = 120_000;

export interface Breach {
  code: BreachCode;
  /** The promise that is broken. */
  promise: string;
  run: string | null;
  slug: string | null;
  at: string | null;
  sentence: string;
  /** Instants are epoch ms. */
  evidence: FoundBreach['evidence'];
}

export interface VerifyReport {
  ok: boolean;
  runs: number;
  attempts: number;
  /** Due instants in the ledger. */
  ticks: number;
  since: string | null;
  /** What could not be judged, and why. */
  notes: string[];
  breaches: Breach[];
}

export interface VerifyOptions {
  now: number;
  /** Epoch ms: what was before is not judged. */
  since?: number | undefined;
  /** Of today: they count where no host has recorded by which it claimed. */
  limits: ClaimLimits;
  /** Age of a lease after which somebody should have rescued the run, in ms. */
  rescueWithinMs: number;
  /** Age of ended runs after which another program may have removed them, in ms; undefined = none does. */
  purgeAfterMs?: number | undefined;
}

export function verify(opened: OpenedProject, since?: number): Promise<VerifyReport> {
  const { config, moonlighter } = opened.project;
  const { foreignStaleMs, purgeAfterMs } = hostSettings(config, moonlighter, undefined);
  const limits = projectLimits(opened.project);
  const now = opened.clock.now();
  return opened.read((db) => verifyStore(db, opened.store, { now, since, limits, rescueWithinMs: 2 * foreignStaleMs, purgeAfterMs }));
}

/** Over one snapshot. */
export function* verifyStore(db: Db, store: Store, options: VerifyOptions): Op<VerifyReport> {
  const { now, limits, since = Number.NEGATIVE_INFINITY } = options;
  const marks = yield* store.readMarks(db, now);
  const doubtful = new DoubtfulTimes(marks.clockSetBack);
  const history = new LimitHistory(yield* store.limitsHistory(db), { ...limits, total: Math.max(limits.total, marks.runWideLimit) });
  const inTime = new LimitCheck(history);
  for (let after = 0; ; ) {
    const page = yield* store.readAttempts(db, after, PAGE);
    for (const attempt of page) {
      doubtful.look(attempt);
      inTime.add(attempt);
    }
    if (page.length < PAGE) break;
    after = page.at(-1)!.row;
  }
  for (const running of yield* store.readRunning(db)) inTime.add(running);
  const found = (yield* store.findBreaches(db, now - options.rescueWithinMs)).filter(({ at }) => at === null || at >= since);
  found.push(...inTime.breaches(doubtful, since));

  const runsKeptSince = Math.max(marks.purged.runs, now - (options.purgeAfterMs ?? Number.POSITIVE_INFINITY));
  for (const slug of marks.scheduled) {
    const ledger = new LedgerCheck({
      slug,
      history: yield* store.scheduleHistory(db, slug),
      repeated: yield* store.repeatedStretches(db, slug),
      after: Math.max(marks.purged.ticks, since),
      until: Math.min(marks.newestTickRecord ?? Number.NEGATIVE_INFINITY, now) - LEDGER_SLACK_MS,
      mustHaveRun: (recordedAt) => recordedAt >= runsKeptSince && recordedAt >= since && !doubtful.touches(recordedAt),
    });
    for (let after = Number.NEGATIVE_INFINITY; ; ) {
      const page = yield* store.readTicks(db, slug, Math.max(after, Number.MIN_SAFE_INTEGER), PAGE);
      for (const tick of page) ledger.add(tick);
      if (page.length < PAGE) break;
      after = page.at(-1)!.at;
    }
    found.push(...ledger.end());
  }

  const { runs, attempts, ticks } = marks;
  return {
    ok: found.length === 0,
    runs,
    attempts,
    ticks,
    since: options.since === undefined ? null : iso(options.since),
    notes: notesOf(marks.purged, doubtful.count, inTime.earliest < history.knownSince ? history.knownSince : undefined),
    breaches: found.map(toView),
  };
}

function notesOf(purged: { runs: number; ticks: number }, setBack: number, limitsSince: number | undefined): string[] {
  const notes: string[] = [];
  if (purged.runs > 0) notes.push(`ended runs from before ${iso(purged.runs)} may have been purged`);
  if (purged.ticks > 0) notes.push(`the ledger begins at ${iso(purged.ticks)}: earlier ticks have been purged`);
  if (setBack > 0) notes.push(`the clock was set back ${setBack} time(s): limits are not judged over these stretches`);
  if (limitsSince !== undefined) notes.push(`limits are on record since ${iso(limitsSince)}: what started before is not judged by them`);
  return notes;
}

function toView({ code, run, slug, at, evidence }: FoundBreach): Breach {
  const { promise, sentence } = BREACHES[code];
  return { code, promise, run, slug, at: at === null ? null : iso(at), sentence: sentence(evidence), evidence };
}
