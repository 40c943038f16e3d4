/** Handlers of module jobs that misbehave, and one that gives its data back. */
export const echo = ({ data }) => data;

export const exits = () => process.exit(3);

export function spins() {
  for (;;);
}

/** Leaves a promise behind that is rejected and that nobody handles. */
export function floats() {
  Promise.reject(new Error('left behind'));
  setImmediate(() => Promise.reject(new Error('left behind later')));
  return new Promise((resolve) => setTimeout(() => resolve('done'), 50));
}

/** Throws where no handler can catch it: from a timer. */
export function bursts() {
  setTimeout(() => {
    throw new Error('from a timer');
  }, 1);
  return new Promise(() => {});
}
