/** Time, injectable: wall time is stored, monotonic time is measured. */
export interface Clock {
  /** Wall time, epoch ms. */
  now(): number;
  /** Monotonic ms, for durations and deadlines. */
  monotonic(): number;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};
