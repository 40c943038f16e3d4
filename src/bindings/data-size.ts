/** The limit on what a run carries, for scripts. */
import { oversizedData } from '../domain/run.js';
import { BindingError } from '../lua/errors.js';

/** Throws DATA_TOO_LARGE. */
export function checkDataSize(slug: string, text: string): void {
  const oversized = oversizedData(slug, text);
  if (oversized) throw new BindingError('DATA_TOO_LARGE', oversized.message, oversized);
}
