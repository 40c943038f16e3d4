/** Durations that scripts give: numbers of seconds, or texts such as "30s" and "250ms". */
import { DurationError, parsePreciseDuration } from '../domain/duration.js';
import { numberOf } from '../domain/json.js';
import type { LuaValue } from './value.js';

/** Seconds; undefined for what is no duration. */
export function secondsOf(value: LuaValue): number | undefined {
  const given = typeof value === 'string' ? value : numberOf(value);
  if (given === undefined) return undefined;
  try {
    return parsePreciseDuration(given);
  } catch (error) {
    if (error instanceof DurationError) return undefined;
    throw error;
  }
}
