/**
 * What the main thread and a worker thread know of each other without a message, in shared memory: which run the thread executes at this
 * moment (whoever ends the thread by itself is known by it), and for each place how far the run there has come. A run that a blocked thread has
 * not taken can be withdrawn and given to another; timeouts count from the instant at which the handler began until it returned.
 */

export interface Places {
  /** The first word: the place of the run that is executed now; 0 = none. Then a state for each place, numbered from 1. */
  words: Int32Array;
  /** For each place, when its handler began (`monotonicMs`); written before its state says so. */
  begunAt: Float64Array;
}

const EXECUTING = 0;
const GIVEN = 0;
const TAKEN = 1;
const WITHDRAWN = 2;
const BEGUN = 3;
const RETURNED = 4;

export function makePlaces(count: number): Places {
  return {
    words: new Int32Array(new SharedArrayBuffer((count + 1) * Int32Array.BYTES_PER_ELEMENT)),
    begunAt: new Float64Array(new SharedArrayBuffer((count + 1) * Float64Array.BYTES_PER_ELEMENT)),
  };
}

/** The same clock in every thread, which `performance.now()` is not. */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000 + nanoseconds / 1_000_000;
}

/** Main thread: a run is about to be posted for this place, which nothing else uses. */
export function givePlace({ words }: Places, place: number): void {
  Atomics.store(words, place, GIVEN);
}

/** Worker thread: false = the run was withdrawn, nothing of it may begin. */
export function takePlace({ words }: Places, place: number): boolean {
  // Race: the main thread withdraws it at the same time. Whoever changes the word first decides.
  return Atomics.compareExchange(words, place, GIVEN, TAKEN) === GIVEN;
}

/** Main thread: false = the thread has taken the run already. */
export function withdrawPlace({ words }: Places, place: number): boolean {
  return Atomics.compareExchange(words, place, GIVEN, WITHDRAWN) === GIVEN;
}

export function isTaken({ words }: Places, place: number): boolean {
  const state = Atomics.load(words, place);
  return state !== GIVEN && state !== WITHDRAWN;
}

/** Worker thread: the handler's code is about to run. */
export function noteBegun({ words, begunAt }: Places, place: number): void {
  begunAt[place] = monotonicMs();
  Atomics.store(words, place, BEGUN);
}

/** Worker thread: the handler has returned; its timeout counts no more, the completion may still wait for the write queue. */
export function noteReturned({ words }: Places, place: number): void {
  Atomics.store(words, place, RETURNED);
}

export function hasReturned({ words }: Places, place: number): boolean {
  return Atomics.load(words, place) === RETURNED;
}

/** When the handler began, undefined before. */
export function begunAtOf({ words, begunAt }: Places, place: number): number | undefined {
  const state = Atomics.load(words, place);
  return state === BEGUN || state === RETURNED ? begunAt[place] : undefined;
}

export function setExecuting({ words }: Places, place: number): void {
  Atomics.store(words, EXECUTING, place);
}

/** 0 = none. */
export function executingPlace({ words }: Places): number {
  return Atomics.load(words, EXECUTING);
}
