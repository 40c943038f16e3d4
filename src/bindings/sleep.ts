/** crap.sleep(seconds): a wait that holds no thread; other runs go on meanwhile. */
import { type Op, waitFor } from '../domain/op.js';
import { BindingError } from '../lua/errors.js';
import type { Binding, Multi } from '../lua/vm.js';
import { binding, NOTHING, plainNumber } from './binding.js';
import type { Session } from './session.js';

/** Longest wait of one timer (2^31 - 1 ms), about 24.8 days. */
const LONGEST_MS = 2 ** 31 - 1;

export function sleepBindings(session: Session): Record<string, Binding> {
  return {
    sleep: binding(['number'], (seconds) => sleep(session, plainNumber(seconds))),
  };
}

function* sleep(session: Session, seconds: number): Op<Multi> {
  const ms = Math.ceil(seconds * 1000);
  if (!(ms >= 0 && ms <= LONGEST_MS)) {
    throw new BindingError('SLEEP', `crap.sleep: seconds must be between 0 and ${Math.floor(LONGEST_MS / 1000)}; got ${seconds}`);
  }
  session.reachesOutside('sleep');
  let timer: NodeJS.Timeout | undefined;
  yield* waitFor<void>({
    reason: 'sleep',
    start: () =>
      new Promise<void>((resolve) => {
        timer = setTimeout(resolve, ms);
      }),
    cancel: () => clearTimeout(timer),
  });
  return NOTHING;
}
