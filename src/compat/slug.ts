/** Names of other systems as slugs: `sendMail`, `send-mail` and `send.mail` are all `send_mail`. */
import type { FailedRun, Json } from '../index.js';

/** Texts without a letter or digit give an empty slug, which defineJob refuses. */
export function slugFor(...names: string[]): string {
  const words = names.map((name) => name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase());
  return words
    .join('__')
    .replace(/[^a-z0-9_]+/g, '_')
    .replace(/^_+/, '');
}

/** Longer than any installation: runs that only their adapter removes. */
export const KEPT = 100 * 365 * 86_400_000;

/** `retentionMs` of a job whose ended runs are kept `ms`. */
export function retention(ms: number) {
  return { completed: ms, failed: ms, stale: ms, cancelled: ms };
}

/** What a job of `onFailed` is given, with the data of the failed run decoded. */
export function failedRun<Data>(data: Json): Omit<FailedRun, 'data'> & { data: Data } {
  const failed = data as unknown as FailedRun;
  return { ...failed, data: JSON.parse(failed.data) as Data };
}
