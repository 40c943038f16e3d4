/** crap.util (Lua API 2.8): the helpers that need the host. The pure Lua ones stand in lua-stdlib/crap/util.lua. */
import { nanoid } from 'nanoid';
import { BindingError } from '../lua/errors.js';
import type { Binding } from '../lua/vm.js';
import { binding } from './binding.js';
import { formatDate } from './date-format.js';
import { parseDate } from './date-parse.js';
import { decodeJson, encodeJson } from './json.js';
import type { Session } from './session.js';
import { slugify } from './slugify.js';

const I64_MIN = -(2n ** 63n);
const I64_MAX = 2n ** 63n - 1n;

/** An exact 64-bit sum or difference; integers that need no bigint stay numbers. */
function integer(value: bigint): number | bigint {
  const wrapped = value < I64_MIN || value > I64_MAX ? BigInt.asIntN(64, value) : value;
  const small = Number(wrapped);
  return Number.isSafeInteger(small) ? small : wrapped;
}

export function utilBindings(session: Session): Record<string, Binding> {
  const { clock } = session.options;
  return {
    slugify: binding(['string'], slugify),
    nanoid: binding([], () => nanoid(21)),
    json_encode: encodeJson,
    json_decode: decodeJson,
    date_now: binding([], () => `${new Date(clock.now()).toISOString().slice(0, -1)}000000+00:00`),
    date_timestamp: binding([], () => Math.floor(clock.now() / 1000)),
    date_parse: binding(['string'], (text) => {
      const seconds = parseDate(text);
      if (seconds === undefined) throw new BindingError('DATE_PARSE', `could not parse date: ${text}`);
      return seconds;
    }),
    date_format: binding(['integer', 'string'], (seconds, format) => formatDate(Number(seconds), format)),
    date_add: binding(['integer', 'integer'], (seconds, more) => integer(BigInt(seconds) + BigInt(more))),
    date_diff: binding(['integer', 'integer'], (a, b) => integer(BigInt(a) - BigInt(b))),
  };
}
