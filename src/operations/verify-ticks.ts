/**
 * Verify, the ledger of schedules: every due instant since the schedule is known stands in it exactly once, by the rules that it had at the
 * time, and the run of a tick is there unless it may have been purged. Where the clock was set back over an edit, instants of the rules of the first
 * time may stand beside them.
 */
import type { DstPolicy } from '../domain/job.js';
import { countInstants, isTimeZone, nextInstant, parseSchedule, type Schedule } from '../domain/schedule.js';
import type { FoundBreach } from '../store/history.js';
import type { RecordedTick, RepeatedStretch, ScheduleEntry } from '../store/store.js';

/** The rules of a schedule for the instants t with since < t <= until. */
interface Era {
  since: number;
  until: number;
  schedule: Schedule;
  zone: string;
  dst: DstPolicy | undefined;
}

export interface LedgerOptions {
  slug: string;
  /** Every entry of the schedule, oldest first. */
  history: readonly ScheduleEntry[];
  /** Where the ledger may hold more than what was due. */
  repeated: readonly RepeatedStretch[];
  /** Epoch ms: instants up to here are not judged; purged, or not asked for. */
  after: number;
  /** Epoch ms up to which all that was due must have been recorded; later instants count only where a later one stands in the ledger. */
  until: number;
  /** Whether the run of a tick that was recorded then must be there. */
  mustHaveRun(recordedAt: number): boolean;
}

type Tick = RecordedTick & { runExists: boolean };

export class LedgerCheck {
  readonly #options: LedgerOptions;
  readonly #eras: Era[];
  readonly #found: FoundBreach[] = [];
  /** Everything up to here is accounted for. */
  #position: number;

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.#eras = erasOf(options.history);
    this.#position = Math.max(options.after, options.history[0]?.since ?? Number.POSITIVE_INFINITY);
  }

  /** To be called ascending. */
  add(tick: Tick): void {
    const { at, until, outcome, run, recordedAt, runExists } = tick;
    if (outcome === 'run' && !runExists && this.#options.mustHaveRun(recordedAt))
      this.#breach('TICK_RUN_MISSING', at, { recorded_at: recordedAt }, run);
    if (at <= this.#position) {
      if (at > this.#judgedFrom) this.#breach('TICK_DOUBLE', at, { until, accounted_until: this.#position }, run);
      this.#position = Math.max(this.#position, until);
      return;
    }
    const next = this.#next(this.#position);
    if (next !== undefined && next < at) this.#missing(next, at - 1);
    this.#position = until;
    if (this.#options.repeated.some((stretch) => stretch.from < until && at <= stretch.until)) return;
    const begins = next === at || this.#next(at - 1) === at;
    const due = begins && until === at ? 1 : this.#count(at - 1, until);
    if (due !== tick.count || !begins) this.#breach('TICK_NOT_DUE', at, { until, recorded: tick.count, due }, run);
  }

  /** After the last one. */
  end(): FoundBreach[] {
    const next = this.#next(this.#position);
    if (next !== undefined && next <= this.#options.until) this.#missing(next, this.#options.until);
    return this.#found;
  }

  get #judgedFrom(): number {
    return Math.max(this.#options.after, this.#options.history[0]?.since ?? Number.POSITIVE_INFINITY);
  }

  /** Due instants from `first` to `until`, but for those of stretches that no host has accounted for yet. */
  #missing(first: number, until: number): void {
    const open = this.#options.repeated.filter((stretch) => stretch.settled < stretch.until).sort((a, b) => a.settled - b.settled);
    let from = first - 1;
    for (const { settled, until: end } of [...open, { settled: until, until }]) {
      const next = this.#next(from);
      const to = Math.min(settled, until);
      if (next !== undefined && next <= to) this.#breach('TICK_MISSING', next, { until: to, count: this.#count(from, to) });
      from = Math.max(from, end);
    }
  }

  #breach(code: FoundBreach['code'], at: number, evidence: FoundBreach['evidence'], run: string | null = null): void {
    this.#found.push({ code, run, slug: this.#options.slug, at, evidence });
  }

  /** The first due instant after `after`, whatever became of the rules. */
  #next(after: number): number | undefined {
    for (const era of this.#eras) {
      if (era.until <= after) continue;
      const at = nextInstant(era.schedule, Math.max(after, era.since), era.zone, era.dst)?.at;
      if (at !== undefined && at <= era.until) return at;
    }
    return undefined;
  }

  /** Due instants t with after < t <= until. */
  #count(after: number, until: number): number {
    let count = 0;
    for (const era of this.#eras) {
      const [from, to] = [Math.max(after, era.since), Math.min(until, era.until)];
      if (from < to) count += countInstants(era.schedule, from, to, era.zone, era.dst);
    }
    return count;
  }
}

/** Entries without a schedule, and texts and zones that are not read (any more), are gaps. */
function erasOf(history: readonly ScheduleEntry[]): Era[] {
  return history.flatMap(({ since, schedule: text, timezone: zone, dst }, index) => {
    if (text === undefined || !isTimeZone(zone)) return [];
    const until = history[index + 1]?.since ?? Number.POSITIVE_INFINITY;
    try {
      return [{ since, until, schedule: parseSchedule(text, 0), zone, dst }];
    } catch {
      return [];
    }
  });
}
