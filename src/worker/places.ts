/**
 * What the main thread and a worker thread know of each other without a message, in shared words: which run the thread executes at this
 * moment (whoever ends the thread by itself is known by it), and for each place whether the run there has been taken. A run that a blocked
 * thread has not taken can be withdrawn and given to another.
 */

/** The first word: the place of the run that is executed now; 0 = none. Places are numbered from 1. */
const EXECUTING = 0;
const GIVEN = 0;
const TAKEN = 1;
const WITHDRAWN = 2;

export function makePlaces(count: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer((count + 1) * Int32Array.BYTES_PER_ELEMENT));
}

/** Main thread: a run is about to be posted for this place, which nothing else uses. */
export function givePlace(places: Int32Array, place: number): void {
  Atomics.store(places, place, GIVEN);
}

/** Worker thread: false = the run was withdrawn, nothing of it may begin. */
export function takePlace(places: Int32Array, place: number): boolean {
  // Race: the main thread withdraws it at the same time. Whoever changes the word first decides.
  return Atomics.compareExchange(places, place, GIVEN, TAKEN) === GIVEN;
}

/** Main thread: false = the thread has taken the run already. */
export function withdrawPlace(places: Int32Array, place: number): boolean {
  return Atomics.compareExchange(places, place, GIVEN, WITHDRAWN) === GIVEN;
}

export function isTaken(places: Int32Array, place: number): boolean {
  return Atomics.load(places, place) === TAKEN;
}

export function setExecuting(places: Int32Array, place: number): void {
  Atomics.store(places, EXECUTING, place);
}

/** 0 = none. */
export function executingPlace(places: Int32Array): number {
  return Atomics.load(places, EXECUTING);
}
