// Interleaved samples: every contender once a round, in turn, so that what else the machine does falls on all of them alike.

/**
 * @param {Record<string, () => unknown>} contenders one sample each; may be async
 * @param {{ rounds: number, warmUp: number, operations: number }} options `operations`: in one sample
 * @returns {Promise<Record<string, { median: number, low: number, high: number }>>} microseconds an operation; low and high are quartiles
 */
export async function interleaved(contenders, { rounds, warmUp, operations }) {
  const names = Object.keys(contenders);
  const samples = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = -warmUp; round < rounds; round++) {
    for (let i = 0; i < names.length; i++) {
      const name = names[(i + Math.abs(round)) % names.length];
      const begun = performance.now();
      await contenders[name]();
      const took = ((performance.now() - begun) * 1000) / operations;
      if (round >= 0) samples[name].push(took);
    }
  }
  return Object.fromEntries(names.map((name) => [name, quartiles(samples[name])]));
}

/** @param {number[]} values */
export function quartiles(values) {
  return { median: quantile(values, 0.5), low: quantile(values, 0.25), high: quantile(values, 0.75) };
}

/** @param {number[]} values @param {number} q between 0 and 1 */
export function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}
