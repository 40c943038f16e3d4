/** The kinds of values that settings have, as zod types over TOML values; each says what it expected and what it found. */
import { TomlDate } from 'smol-toml';
import { z } from 'zod';
import { DurationError, parseDuration, parsePreciseDuration } from '../domain/duration.js';
import { HostError } from '../domain/errors.js';
import { isTimeZone, timeZones } from '../domain/schedule.js';
import { parseSize } from '../domain/size.js';
import { didYouMean } from '../domain/suggest.js';
import { isAllowedHost } from './allowed-host.js';
import { isTable, plainValue, type TomlValue } from './toml-file.js';

/** What is wrong with a value; its message becomes the problem's. */
class Unfit extends Error {}

/** A zod type that reads a TOML value; what `read` throws becomes the issue's message. */
export function leaf<T>(read: (value: TomlValue) => T) {
  return z.unknown().transform((value, context): T => {
    try {
      return read(value as TomlValue);
    } catch (error) {
      if (!(error instanceof Unfit || error instanceof HostError)) throw error;
      context.addIssue({ code: 'custom', message: error.message, input: value });
      return z.NEVER;
    }
  });
}

/** `string "5"`, `integer `-1``, `float 1.5`, `boolean `true``, in the words of the reference's reports. */
export function found(value: TomlValue): string {
  if (typeof value === 'string') return `string ${JSON.stringify(value)}`;
  if (typeof value === 'bigint') return `integer \`${value}\``;
  if (typeof value === 'number') return `floating point \`${value}\``;
  if (typeof value === 'boolean') return `boolean \`${value}\``;
  if (value instanceof TomlDate) return 'a date';
  return Array.isArray(value) ? 'sequence' : 'map';
}

function unfit(value: TomlValue, expected: string, what = 'type'): Unfit {
  return new Unfit(`invalid ${what}: ${found(value)}, expected ${expected}`);
}

export function text() {
  return leaf((value) => {
    if (typeof value === 'string') return value;
    throw unfit(value, 'a string');
  });
}

export function flag() {
  return leaf((value) => {
    if (typeof value === 'boolean') return value;
    throw unfit(value, 'a boolean');
  });
}

/** A whole number of at least `min` (default 0) and at most `max`. */
export function integer(min = 0, max = Number.MAX_SAFE_INTEGER) {
  return leaf((value) => {
    const expected = max < Number.MAX_SAFE_INTEGER ? `an integer from ${min} to ${max}` : `an integer of at least ${min}`;
    if (typeof value !== 'bigint') throw unfit(value, expected);
    const number = Number(value);
    if (number < min || number > max) throw unfit(value, expected, 'value');
    return number;
  });
}

export function choice<const T extends string>(...values: readonly T[]) {
  return leaf((value) => {
    const chosen = values.find((candidate) => candidate === value);
    if (chosen !== undefined) return chosen;
    throw unfit(value, `one of ${values.map((candidate) => `"${candidate}"`).join(', ')}`, 'value');
  });
}

export function texts() {
  return leaf((value) => {
    if (!Array.isArray(value)) throw unfit(value, 'a list of strings');
    const other = value.find((item) => typeof item !== 'string');
    if (other !== undefined) throw new Unfit(`invalid type: ${found(other)} in the list, expected a list of strings`);
    return value as string[];
  });
}

/** Entries of [http] allow. */
export function allowedHosts() {
  return texts().transform((entries, context) => {
    for (const entry of entries.filter((text) => !isAllowedHost(text))) {
      const message = `invalid value: string ${JSON.stringify(entry)}, expected a host name, an address or a range: "localhost:8080", "10.1.0.0/16", "intranet.example"`;
      context.addIssue({ code: 'custom', message, input: entry });
    }
    return entries;
  });
}

/** Seconds, in the reference's form. */
export function duration() {
  return leaf(readDuration);
}

export function readDuration(value: TomlValue): number {
  if (typeof value === 'string' || (typeof value === 'bigint' && value >= 0n)) return parseDuration(value);
  throw unfit(value, 'an integer (seconds) or a string like "30s", "5m", "2h", "7d"');
}

/** Seconds; a written integer is milliseconds (database.busy_timeout). */
export function millisecondDuration() {
  return leaf((value) => {
    if (typeof value === 'bigint' && value >= 0n) return parseDuration(value) / 1000;
    if (typeof value === 'string') return parseDuration(value);
    throw unfit(value, 'an integer (milliseconds) or a string like "30s"');
  });
}

/** Seconds, fractional where need be, in our form; at least `min`. */
export function preciseDuration(min = 0) {
  return leaf((value) => {
    const number = typeof value === 'number' && value >= 0;
    if (!number && typeof value !== 'string' && !(typeof value === 'bigint' && value >= 0n)) {
      throw unfit(value, 'a number (seconds) or a string like "250ms", "30s", "5m", "2h", "7d"');
    }
    const seconds = parsePreciseDuration(value);
    if (seconds < min) throw new DurationError(`invalid duration '${value}': it must be at least ${min} s`);
    return seconds;
  });
}

/** Bytes. */
export function size() {
  return leaf((value) => {
    if (typeof value === 'string' || (typeof value === 'bigint' && value >= 0n)) return parseSize(value);
    throw unfit(value, 'an integer (bytes) or a string like "500B", "100KB", "50MB", "1GB"');
  });
}

/** The name of an IANA zone. */
export function timeZone() {
  return leaf((value) => {
    if (typeof value === 'string' && isTimeZone(value)) return value;
    const near = typeof value === 'string' ? didYouMean(value, timeZones()) : '';
    throw new Unfit(`unknown time zone: ${found(value)}, expected an IANA name such as "Europe/Berlin"${near}`);
  });
}

/** Whatever is written, as plain data. */
export function anything() {
  return leaf(plainValue);
}

/** A table of whatever is written. */
export function anyTable() {
  return leaf((value) => {
    if (isTable(value)) return plainValue(value) as Record<string, unknown>;
    throw unfit(value, 'a table');
  });
}
