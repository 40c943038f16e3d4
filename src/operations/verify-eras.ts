/**
 * Verify, which limits counted when: hosts record by what they claim, so that a run of yesterday is judged by yesterday's limits. Where hosts
 * with different ones were there at once (a new version beside an old one), the widest counts.
 */
import type { ClaimLimits, LimitsEra } from '../store/history.js';
import type { RateLimit } from '../store/store.js';

/** The sets that counted from `from` until the next stretch. */
interface Stretch {
  from: number;
  sets: readonly ClaimLimits[];
}

export class LimitHistory {
  readonly #stretches: Stretch[];
  /** All sets that ever counted. */
  readonly sets: readonly ClaimLimits[];

  /** `today`: counts for all time where nothing is recorded. Times between two hosts belong to both. */
  constructor(eras: readonly LimitsEra[], today: ClaimLimits) {
    this.sets = eras.length === 0 ? [today] : eras.map(({ limits }) => limits);
    this.#stretches = eras.length === 0 ? [{ from: Number.NEGATIVE_INFINITY, sets: [today] }] : stretchesOf(eras);
  }

  /** Epoch ms before which nothing is known. */
  get knownSince(): number {
    return this.#stretches[0]!.from;
  }

  /** Runs of the job at a time, at that instant; Infinity where none is known. */
  jobLimit(slug: string, at: number): number {
    return this.#widest(at, ({ jobs }) => jobs.get(slug));
  }

  queueLimit(queue: string, at: number): number {
    return this.#widest(at, ({ queues }) => queues.get(queue) ?? Number.POSITIVE_INFINITY);
  }

  totalLimit(at: number): number {
    return this.#widest(at, ({ total }) => total);
  }

  /**
   * The rates of the job at that instant, each with the time since when its starts are on record without a gap: a host without the rate
   * records none, one with a shorter window forgets them sooner. Empty where some host had none.
   */
  rates(slug: string, at: number): { rate: RateLimit; since: number }[] {
    const index = this.#indexAt(at);
    const serving = (this.#stretches[index]?.sets ?? []).filter(({ jobs }) => jobs.has(slug));
    const rates = serving.map((set) => set.rates.get(slug));
    if (rates.some((rate) => rate === undefined)) return [];
    return (rates as RateLimit[]).map((rate) => ({ rate, since: this.#recordedSince(slug, rate, index) }));
  }

  #recordedSince(slug: string, rate: RateLimit, index: number): number {
    const keeps = ({ jobs, rates }: ClaimLimits) => !jobs.has(slug) || (rates.get(slug)?.perMs ?? 0) >= rate.perMs;
    let first = index;
    while (first > 0 && this.#stretches[first - 1]!.sets.every(keeps)) first--;
    return this.#stretches[index]!.sets.every(keeps) ? this.#stretches[first]!.from : Number.POSITIVE_INFINITY;
  }

  #widest(at: number, of: (set: ClaimLimits) => number | undefined): number {
    const limits = (this.#stretches[this.#indexAt(at)]?.sets ?? []).map(of).filter((limit) => limit !== undefined);
    return limits.length === 0 ? Number.POSITIVE_INFINITY : Math.max(...limits);
  }

  /** -1 = before everything known. */
  #indexAt(at: number): number {
    let low = 0;
    let high = this.#stretches.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#stretches[middle]!.from <= at) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

function stretchesOf(eras: readonly LimitsEra[]): Stretch[] {
  const edges = new Set(eras.flatMap(({ since, until }) => (until === undefined ? [since] : [since, until + 1])));
  const stretches = [...edges]
    .sort((a, b) => a - b)
    .map((from) => ({
      from,
      sets: eras.filter(({ since, until = Infinity }) => since <= from && from <= until).map(({ limits }) => limits),
    }));
  // Nobody claims while no host is there, but clocks differ, and a host that was taken for dead may have been alive.
  return stretches.map(({ from, sets }, index) => ({
    from,
    sets: sets.length > 0 ? sets : [...(stretches[index - 1]?.sets ?? []), ...(stretches[index + 1]?.sets ?? [])],
  }));
}
