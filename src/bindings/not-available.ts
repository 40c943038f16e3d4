/** Functions of the reference that this version does not have yet: they exist, and say so when called. */
import { BindingError } from '../lua/errors.js';
import type { Binding, ParamType } from '../lua/vm.js';

/** `name` as a script writes it. */
export function notAvailable(name: string, params: readonly ParamType[]): Binding {
  return {
    params,
    run: () => {
      throw new BindingError('NOT_AVAILABLE', `${name} is not available in this version of moonlighter`, {
        remedy: `remove the call of ${name}, or guard it with pcall`,
      });
    },
  };
}
