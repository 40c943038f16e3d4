/**
 * Verify, attempts in time: no two of one run at once, no limit exceeded at any instant (run-wide, queue, job, key), no more starts of a job
 * within a window than its rate allows. Each start is judged by the limits that counted then.
 */
import type { FoundBreach, PastAttempt } from '../store/history.js';
import type { DoubtfulTimes } from './verify-clock.js';
import type { LimitHistory } from './verify-eras.js';

interface Span {
  start: number;
  end: number;
  limit: number;
  run: string;
}

interface Group {
  kind: 'total' | 'queue' | 'job' | 'key';
  name: string;
  slug: string | null;
  spans: Span[];
}

export class LimitCheck {
  readonly #history: LimitHistory;
  /** What was ever limited: nothing else is kept. */
  readonly #limited: { total: boolean; queues: ReadonlySet<string>; jobs: ReadonlySet<string>; rates: ReadonlySet<string> };
  readonly #groups = new Map<string, Group>();
  readonly #starts = new Map<string, { at: number; run: string }[]>();
  readonly #last = new Map<string, { claim: number; end: number }>();
  readonly #overlaps: FoundBreach[] = [];
  /** Epoch ms of the first start; Infinity = none. */
  earliest = Number.POSITIVE_INFINITY;

  constructor(history: LimitHistory) {
    this.#history = history;
    const { sets } = history;
    const named = (of: 'queues' | 'jobs' | 'rates') => new Set(sets.flatMap((set) => [...set[of].keys()]));
    this.#limited = {
      total: sets.some(({ total }) => total !== Number.POSITIVE_INFINITY),
      queues: named('queues'),
      jobs: named('jobs'),
      rates: named('rates'),
    };
  }

  /** To be called in the order of recording, those that run last. */
  add(attempt: PastAttempt): void {
    const { run, claim, slug, queue, key, keyLimit, startedAt: start } = attempt;
    if (start === null) return;
    this.earliest = Math.min(this.earliest, start);
    const end = attempt.endedAt ?? Number.POSITIVE_INFINITY;
    const before = this.#last.get(run);
    if (before && start < before.end) {
      const evidence = { claim, started_at: start, earlier_claim: before.claim, earlier_ended_at: before.end };
      this.#overlaps.push({ code: 'ATTEMPTS_OVERLAP', run, slug, at: start, evidence });
    }
    this.#last.set(run, { claim, end });
    if (this.#limited.rates.has(slug)) {
      const starts = this.#starts.get(slug) ?? [];
      this.#starts.set(slug, starts);
      starts.push({ at: start, run });
    }
    const span = (limit: number): Span => ({ start, end, limit, run });
    const { total, queues, jobs } = this.#limited;
    if (total) this.#group('total', '', null).push(span(this.#history.totalLimit(start)));
    if (queues.has(queue)) this.#group('queue', queue, null).push(span(this.#history.queueLimit(queue, start)));
    if (jobs.has(slug)) this.#group('job', slug, slug).push(span(this.#history.jobLimit(slug, start)));
    if (key !== null) this.#group('key', key, slug).push(span(keyLimit));
  }

  /** `since`: only what started then or later is judged. */
  breaches(doubtful: DoubtfulTimes, since: number): FoundBreach[] {
    const found = this.#overlaps.filter(({ at }) => at! >= since && !doubtful.touches(at!));
    for (const group of this.#groups.values()) {
      const breach = exceeded(group, doubtful, since);
      if (breach) found.push(breach);
    }
    for (const [slug, starts] of this.#starts) {
      const breach = tooFast(slug, starts, this.#history, doubtful, since);
      if (breach) found.push(breach);
    }
    return found;
  }

  #group(kind: Group['kind'], name: string, slug: string | null): Span[] {
    const id = `${kind} ${slug ?? ''} ${name}`;
    let group = this.#groups.get(id);
    if (!group) {
      group = { kind, name, slug, spans: [] };
      this.#groups.set(id, group);
    }
    return group.spans;
  }
}

/** One breach for a limit: the first start beyond it, how many there were, and the most at one instant. */
function exceeded({ kind, name, slug, spans }: Group, doubtful: DoubtfulTimes, since: number): FoundBreach | undefined {
  const real = spans.filter(({ start, end }) => end > start);
  const ends = real.map(({ end }) => end).sort((a, b) => a - b);
  real.sort((a, b) => a.start - b.start);
  let ended = 0;
  let first: Span | undefined;
  let times = 0;
  let most = 0;
  for (const [index, span] of real.entries()) {
    while (ends[ended]! <= span.start) ended++;
    const active = index + 1 - ended;
    if (active <= span.limit || span.start < since || doubtful.touches(span.start)) continue;
    first ??= span;
    times++;
    most = Math.max(most, active);
  }
  if (!first) return undefined;
  return { code: 'LIMIT_EXCEEDED', run: first.run, slug, at: first.start, evidence: { kind, name, limit: first.limit, most, times } };
}

/** A start that every rate of that time forbids: hosts with different ones may have been there at once. */
function tooFast(
  slug: string,
  starts: { at: number; run: string }[],
  history: LimitHistory,
  doubtful: DoubtfulTimes,
  since: number,
): FoundBreach | undefined {
  starts.sort((a, b) => a.at - b.at);
  let first: { at: number; run: string; limit: number; perMs: number } | undefined;
  let times = 0;
  for (const [index, { at, run }] of starts.entries()) {
    const rates = history.rates(slug, at);
    const kept = rates.find(({ rate: { limit, perMs }, since: recorded }) => {
      const earlier = starts[index - limit];
      return !earlier || at - earlier.at >= perMs || earlier.at < Math.max(since, recorded) || doubtful.touches(earlier.at, at);
    });
    if (rates.length === 0 || kept) continue;
    first ??= { at, run, ...rates[0]!.rate };
    times++;
  }
  if (!first) return undefined;
  const { limit, perMs } = first;
  return { code: 'RATE_EXCEEDED', run: first.run, slug, at: first.at, evidence: { limit, per_ms: perMs, times } };
}
