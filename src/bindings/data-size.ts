/** The limit on what a run carries. */
import { BindingError } from '../lua/errors.js';

/** Largest `data` of a run, in bytes of its JSON text. */
const MAX_DATA_BYTES = 1024 * 1024;

/** Throws DATA_TOO_LARGE. */
export function checkDataSize(slug: string, text: string): void {
  const bytes = Buffer.byteLength(text);
  if (bytes <= MAX_DATA_BYTES) return;
  throw new BindingError('DATA_TOO_LARGE', `data of job '${slug}' has ${bytes} bytes as JSON; at most ${MAX_DATA_BYTES} are allowed`, {
    remedy: 'store the data in a collection and queue its id',
    details: { slug, bytes, max: MAX_DATA_BYTES },
  });
}
