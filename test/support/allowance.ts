/**
 * Bounds of wall time that hold on a busy machine: they are widened by as much as other work slows this process down, measured where the bound begins
 * and again where it is asked for. On an idle machine they are what they say.
 */
const ROUNDS = 24;
const SPINS = 1_000_000;

/** From 1: how often longer a fixed piece of work takes than where nothing comes between. Takes some 40 ms. */
export function slowness(): number {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const begun = performance.now();
    let sum = 0;
    for (let i = 0; i < SPINS; i++) sum = (sum + i * 7) | 0;
    times.push(performance.now() - begun + (sum === 1 ? 1e-9 : 0));
  }
  // The first rounds are slow because they are not compiled yet.
  const warm = times.slice(4);
  return Math.max(1, warm.reduce((total, each) => total + each, 0) / (warm.length * Math.min(...warm)));
}

/** What is given back turns a bound (ms) into what may be allowed now. */
export function allowance(): (ms: number) => number {
  const before = slowness();
  return (ms) => ms * Math.max(before, slowness());
}
