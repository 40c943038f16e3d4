/** A timer that may be further away than the longest of Node, 24.8 days, beyond which it would fire at once. */
const LONGEST_MS = 2 ** 31 - 1;

/** Calls `act` once after `ms` (Infinity: never); the returned function forgets it. */
export function farTimer(ms: number, act: () => void): () => void {
  const at = performance.now() + ms;
  let timer: NodeJS.Timeout;
  const arm = () => {
    const left = at - performance.now();
    timer = left > LONGEST_MS ? setTimeout(arm, LONGEST_MS) : setTimeout(act, left);
  };
  arm();
  return () => clearTimeout(timer);
}
