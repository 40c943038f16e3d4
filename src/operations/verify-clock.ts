/** The stretches of wall time that say nothing, because the clock was set back over them: instants within are not compared. */
import type { PastAttempt } from '../store/history.js';

/** Ends are recorded a moment after the clock was read; a larger step back was the clock's. */
const STEP_MS = 1_000;

export class DoubtfulTimes {
  #ranges: { from: number; until: number }[];
  #newestEnd = Number.NEGATIVE_INFINITY;
  #sorted = false;

  /** `noted`: what claims have noted; epoch ms, both ends included. */
  constructor(noted: readonly { from: number; until: number }[]) {
    this.#ranges = [...noted];
  }

  get count(): number {
    this.#sort();
    return this.#ranges.length;
  }

  /** To be called in the order of recording. */
  look({ startedAt, endedAt }: PastAttempt): void {
    if (endedAt === null) return;
    if (endedAt < this.#newestEnd - STEP_MS) this.#add(endedAt, this.#newestEnd);
    if (startedAt !== null && endedAt < startedAt) this.#add(endedAt, startedAt);
    this.#newestEnd = Math.max(this.#newestEnd, endedAt);
  }

  /** Whether some of it lies within `from` to `until`. */
  touches(from: number, until = from): boolean {
    this.#sort();
    let low = 0;
    let high = this.#ranges.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#ranges[middle]!.until < from) low = middle + 1;
      else high = middle;
    }
    return (this.#ranges[low]?.from ?? Number.POSITIVE_INFINITY) <= until;
  }

  #add(from: number, until: number): void {
    const last = this.#ranges.at(-1);
    if (last && from >= last.from && from <= last.until) last.until = Math.max(last.until, until);
    else this.#ranges.push({ from, until });
    this.#sorted = false;
  }

  #sort(): void {
    if (this.#sorted) return;
    const merged: { from: number; until: number }[] = [];
    for (const range of this.#ranges.sort((a, b) => a.from - b.from)) {
      const last = merged.at(-1);
      if (last && range.from <= last.until) last.until = Math.max(last.until, range.until);
      else merged.push({ ...range });
    }
    this.#ranges = merged;
    this.#sorted = true;
  }
}
