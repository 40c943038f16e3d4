/**
 * Names of the `crap` table that the reference of a generation does not have. Scripts reach them by name; those that walk the tables with
 * pairs or next (plugins that wrap every function do) meet the names that they know.
 */
import { isLater } from '../config/generation.js';
import type { Vm } from '../lua/vm.js';

type Names = Readonly<Record<string, readonly string[]>>;

/** By table: what no generation of the reference has. */
const OURS: Names = {
  crap: ['sleep'],
  'crap.http': ['all'],
  'crap.jobs': ['discard', 'queue_many', 'retry_later'],
};
/** By table: what only the later generation has. */
const LATER: Names = { crap: ['any', 'null', 'transaction', 'tx', 'validation_error'] };

/** By table: the names that stay out of walks. */
export function hiddenNames(generation: 8 | 10): Names {
  if (isLater(generation, 'namesAreShown')) return OURS;
  return Object.fromEntries(Object.entries(OURS).map(([path, names]) => [path, [...names, ...(LATER[path] ?? [])]]));
}

/** After everything is registered and frozen. */
export function hideNames(vm: Vm, generation: 8 | 10): void {
  for (const [path, names] of Object.entries(hiddenNames(generation))) vm.hide(path, names);
}
