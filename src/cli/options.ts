/** Values of options, parsed where the command line is parsed, so that a wrong one is wrong usage. */
import { Option } from 'commander';
import { parsePreciseDuration } from '../domain/duration.js';
import { UsageError } from '../domain/errors.js';
import { parseInstant } from '../domain/instant.js';

function invalid(option: string, expected: string, found: string): UsageError {
  return new UsageError('INVALID_OPTION', `${option}: expected ${expected}, found '${found}'`, { details: { option, found } });
}

/** A whole number from `least` to `most`. */
export function integer(option: string, least = Number.MIN_SAFE_INTEGER, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  const bounds = [least > Number.MIN_SAFE_INTEGER && `at least ${least}`, most < Number.MAX_SAFE_INTEGER && `at most ${most}`];
  const expected = ['a whole number', ...bounds.filter(Boolean)].join(', ');
  return (text) => {
    const value = Number(text);
    if (!/^[+-]?\d+$/.test(text.trim()) || !Number.isSafeInteger(value) || value < least || value > most)
      throw invalid(option, expected, text);
    return value;
  };
}

/** Milliseconds of "5m", "250ms", "30" (seconds). */
export function durationMs(option: string): (text: string) => number {
  return (text) => {
    try {
      return Math.round(parsePreciseDuration(text) * 1000);
    } catch {
      throw invalid(option, 'a duration like "30s", "5m", "2h" or "7d"', text);
    }
  };
}

/** Epoch ms of an ISO instant; one without a zone is UTC. */
export function isoInstant(option: string): (text: string) => number {
  return (text) => {
    // Zones may be written without the colon, and behind a blank.
    const at = parseInstant(text.trim().replace(/\s*([+-]\d{2}):?(\d{2})$/, '$1:$2'));
    if (at === undefined) throw invalid(option, 'an instant like 2026-12-01T08:00:00Z', text);
    return at;
  };
}

/** Names separated by commas. */
export function nameList(option: string): (text: string) => string[] {
  return (text) => {
    const names = text.split(',').map((name) => name.trim());
    if (names.some((name) => name === '')) throw invalid(option, 'names separated by commas', text);
    return names;
  };
}

export const userOption = () =>
  new Option('--user <json>', 'act as this user, a document or collection/id: access rules are enforced unless a call overrides them');
export const dataOption = () => new Option('-d, --data <json>', 'input data');
export const localeOption = () => new Option('--locale <code>', "the texts of this locale, or all of them with 'all'");
export const depthOption = () =>
  new Option('--depth <n>', 'levels of references that are shown as documents').argParser(integer('--depth', 0, 10));
