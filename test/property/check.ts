/**
 * How much the properties try, and from which seed. `npm test` runs the short form from a fresh seed; a failure prints seed and path.
 * MOONLIGHTER_PROPERTY_RUNS multiplies the runs, MOONLIGHTER_PROPERTY_SEED repeats a seed.
 */
import fc from 'fast-check';

const factor = Math.max(Number(process.env['MOONLIGHTER_PROPERTY_RUNS'] ?? 1) || 1, 0.1);

/** Where sampling outside of fast-check's own runs starts too. */
export const SEED = Number(process.env['MOONLIGHTER_PROPERTY_SEED'] ?? Date.now() ^ (Math.random() * 0x7fffffff)) | 0;

export function runs(n: number): number {
  return Math.max(1, Math.round(n * factor));
}

/** Throws with the seed, the path and the smallest counterexample. */
export function holds<T>(arbitrary: fc.Arbitrary<T>, n: number, property: (value: T) => void): void {
  fc.assert(fc.property(arbitrary, property), { numRuns: runs(n), seed: SEED, interruptAfterTimeLimit: 20_000 * factor });
}

/** The same for what Lua executes. */
export async function holdsAsync<T>(arbitrary: fc.Arbitrary<T>, n: number, property: (value: T) => Promise<void>): Promise<void> {
  await fc.assert(fc.asyncProperty(arbitrary, property), { numRuns: runs(n), seed: SEED, interruptAfterTimeLimit: 20_000 * factor });
}

/** Long forms take longer than a test usually may. */
export const TIMEOUT = 40_000 * factor;
