/**
 * What the main thread and a worker thread know of each other without a message, in shared memory: which run the thread executes at this
 * moment (whoever ends the thread by itself is known by it, or by having been preempted), and for each place how far the run there has come.
 * A run that a blocked thread has not taken can be withdrawn and given to another; timeouts count from the instant at which the handler began
 * until it returned.
 */

import type { Turn } from './run-control.js';

export interface Places {
  /** The place of the run that is executed now, that of the one which was preempted last (0 = none); then a state for each place, numbered from 1. */
  words: Int32Array;
  /** At 0, since when the run that is executed now has been, without a pause. For each place, when its handler began. `monotonicMs`; written before the words say so. */
  begunAt: Float64Array;
}

const EXECUTING = 0;
const PREEMPTED = 1;
/** Where the state of place 1 stands. */
const FIRST = 2;
const GIVEN = 0;
const TAKEN = 1;
const WITHDRAWN = 2;
const BEGUN = 3;
const RETURNED = 4;

export function makePlaces(count: number): Places {
  return {
    words: new Int32Array(new SharedArrayBuffer((count + FIRST) * Int32Array.BYTES_PER_ELEMENT)),
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
  Atomics.store(words, indexOf(place), GIVEN);
}

/** Worker thread: false = the run was withdrawn, nothing of it may begin. */
export function takePlace({ words }: Places, place: number): boolean {
  // Race: the main thread withdraws it at the same time. Whoever changes the word first decides.
  return Atomics.compareExchange(words, indexOf(place), GIVEN, TAKEN) === GIVEN;
}

/** Main thread: false = the thread has taken the run already. */
export function withdrawPlace({ words }: Places, place: number): boolean {
  return Atomics.compareExchange(words, indexOf(place), GIVEN, WITHDRAWN) === GIVEN;
}

export function isTaken({ words }: Places, place: number): boolean {
  const state = Atomics.load(words, indexOf(place));
  return state !== GIVEN && state !== WITHDRAWN;
}

/** Worker thread: the handler's code is about to run. */
export function noteBegun({ words, begunAt }: Places, place: number): void {
  begunAt[place] = monotonicMs();
  Atomics.store(words, indexOf(place), BEGUN);
}

/** Worker thread: the handler has returned; its timeout counts no more, the completion may still wait for the write queue. */
export function noteReturned({ words }: Places, place: number): void {
  Atomics.store(words, indexOf(place), RETURNED);
}

export function hasReturned({ words }: Places, place: number): boolean {
  return Atomics.load(words, indexOf(place)) === RETURNED;
}

/** When the handler began, undefined before. */
export function begunAtOf({ words, begunAt }: Places, place: number): number | undefined {
  const state = Atomics.load(words, indexOf(place));
  return state === BEGUN || state === RETURNED ? begunAt[place] : undefined;
}

/** Worker thread: what the run in this place does from now on. A preempted one goes on after what else the event loop has to do. */
export function noteTurn({ words, begunAt }: Places, place: number, turn: Turn): void {
  if (turn === 'executed') begunAt[0] = monotonicMs();
  Atomics.store(words, EXECUTING, turn === 'executed' ? place : 0);
  if (turn === 'preempted') Atomics.store(words, PREEMPTED, place);
  else Atomics.compareExchange(words, PREEMPTED, place, 0);
}

/**
 * The run by which a thread ended; 0 = nobody knows. Memory may run out in anybody's allocation, so that `outOfMemory` the one that computes
 * is meant, also between its slices.
 */
export function culpritPlace({ words }: Places, outOfMemory: boolean): number {
  return Atomics.load(words, EXECUTING) || (outOfMemory ? Atomics.load(words, PREEMPTED) : 0);
}

/** Main thread: the run that has been executed without a pause since before `before`, so that no other of its thread went on; 0 = none. */
export function keptSince({ words, begunAt }: Places, before: number): number {
  const place = Atomics.load(words, EXECUTING);
  return begunAt[0]! < before ? place : 0;
}

function indexOf(place: number): number {
  return place - 1 + FIRST;
}
