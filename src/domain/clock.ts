/** Time, injectable: wall time is stored, monotonic time is measured. */
export interface Clock {
  /** Wall time, epoch ms, whole. */
  now(): number;
  /** Monotonic ms, for durations and deadlines. */
  monotonic(): number;
}

/** A clock of the application's: fractions of a millisecond would make rows that are taken for somebody else's. */
export function wholeClock(clock: Clock): Clock {
  return { now: () => Math.floor(clock.now()), monotonic: () => clock.monotonic() };
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};
