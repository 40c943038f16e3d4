/**
 * How often the hook looks at the clock. One instruction may be a library call of many milliseconds (a large `rep`, a native sort), so a
 * coroutine begins with few instructions between two looks and gets more while they pass quickly. The cost of a count hook in Lua 5.4 lies
 * in its being set at all (every instruction passes through it): 500 and 100,000 measured the same.
 */

/** Instructions between two looks where the engine has one pace for all coroutines. */
export const FIXED_INTERVAL = 10_000;
export const FIRST_INTERVAL = 100;
const LEAST = 5;
const MOST = 1_000;
/** Looks that are further apart than this come closer together. */
const SLOW_MS = 5;
const QUICK_MS = 1;

/** The interval that follows one of `interval` instructions which took `ms`. */
export function nextInterval(interval: number, ms: number): number {
  if (ms > SLOW_MS) return Math.max(LEAST, Math.floor((interval * SLOW_MS) / ms));
  return ms < QUICK_MS ? Math.min(MOST, interval * 4) : interval;
}
