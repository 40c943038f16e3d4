/** Lua values to JSON and back by the reference's rules (Lua API 7.1, 7.2); errors carry the path of the offending value as `details.at`. */
import { isUtf8 } from 'node:buffer';
import { Float, formatPlain, type Json, type JsonObject } from '../domain/json.js';
import { JsonTextError, parseJson, stringifyJson } from '../domain/json-text.js';
import { BindingError, conversionError } from './errors.js';
import { LuaTable, type LuaValue, Opaque } from './value.js';

/** The outermost value is level 0; anything at level 65 is refused. */
const DEPTH_LIMIT = 64;
/** Longer paths are cut. */
const PATH_LIMIT = 80;

/** nil, `crap.null` and what has no JSON form (functions, userdata, coroutines) become null. Throws BindingError code CONVERSION. */
export function luaToJson(value: LuaValue): Json {
  return convert(value, 0, '');
}

export function luaToJsonText(value: LuaValue): string {
  return stringifyJson(luaToJson(value));
}

/** null becomes nil: object members vanish; in lists it stays null, which is a hole or `crap.null` (Vm.listNulls). */
export function jsonToLua(json: Json): LuaValue {
  return toLua(json, 0);
}

/** Throws JsonTextError where the text is no JSON, BindingError where it nests too deep. */
export function jsonTextToLua(text: string): LuaValue {
  return jsonToLua(parseJson(text));
}

export { JsonTextError };

function convert(value: LuaValue, depth: number, path: string): Json {
  if (depth > DEPTH_LIMIT) throw new BindingError('JSON_DEPTH', `Table nesting exceeds maximum depth of ${DEPTH_LIMIT}`, at(path));
  if (value === undefined || value === null) return null;
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'bigint':
      return value;
    case 'number':
      if (!Number.isFinite(value)) throw invalidFloat(path);
      return value;
    default:
  }
  if (value instanceof Float) {
    if (!Number.isFinite(value.value)) throw invalidFloat(path);
    return value;
  }
  if (value instanceof LuaTable) return convertTable(value, depth, path);
  if (value instanceof Uint8Array) throw invalidUtf8(value, path);
  if (value instanceof Opaque) return null;
  if (Array.isArray(value)) return value.map((entry, i) => convert(entry, depth + 1, `${path}[${i + 1}]`));
  if ((value as { kind?: unknown }).kind === 'function' && 'ref' in value) return null;
  const object: JsonObject = {};
  for (const [key, entry] of Object.entries(value)) put(object, key, convert(entry as LuaValue, depth + 1, join(path, key)));
  return object;
}

function convertTable(table: LuaTable, depth: number, path: string): Json {
  let named = table.length === 0;
  if (!named) {
    for (const key of table.entries.keys()) {
      if (typeof key === 'string' || key instanceof Uint8Array) {
        named = true;
        break;
      }
    }
  }
  if (!named) {
    const list: Json[] = [];
    for (let i = 1; i <= table.length; i++) list.push(convert(table.entries.get(i), depth + 1, `${path}[${i}]`));
    return list;
  }
  const object: JsonObject = {};
  for (const [key, entry] of table.entries) {
    const text = keyText(key, table.length > 0, path);
    if (text !== undefined) put(object, text, convert(entry, depth + 1, join(path, text)));
  }
  return object;
}

/** Keys of other types are dropped beside a list part, an error without one. */
function keyText(key: unknown, lenient: boolean, path: string): string | undefined {
  if (typeof key === 'string') return key;
  if (typeof key === 'bigint') return key.toString();
  if (typeof key === 'number') return Number.isInteger(key) ? String(key) : formatPlain(key);
  if (key instanceof Float) return formatPlain(key.value);
  if (key instanceof Uint8Array) throw invalidUtf8(key, path);
  if (lenient) return undefined;
  const type = typeof key === 'boolean' ? 'boolean' : key instanceof Opaque ? key.type : 'table';
  throw conversionError(`error converting Lua ${type} to String (expected string or number)`, at(path));
}

function toLua(json: Json, depth: number): LuaValue {
  if (depth > DEPTH_LIMIT) throw new BindingError('JSON_DEPTH', `JSON nesting exceeds maximum depth of ${DEPTH_LIMIT}`);
  if (json === null || json === undefined) return undefined;
  if (typeof json !== 'object' || json instanceof Float) return json;
  if (Array.isArray(json)) return json.map((entry) => (entry === null ? null : toLua(entry, depth + 1)));
  const out: { [key: string]: LuaValue } = {};
  for (const key of Object.keys(json)) put(out as JsonObject, key, toLua(json[key]!, depth + 1) as Json);
  return out;
}

/** A key named `__proto__` is data. */
function put(object: JsonObject, key: string, value: Json): void {
  if (key === '__proto__') Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
  else object[key] = value;
}

function invalidFloat(path: string): BindingError {
  return new BindingError('INVALID_FLOAT', 'Invalid float value', at(path));
}

function invalidUtf8(bytes: Uint8Array, path: string): BindingError {
  return conversionError(`error converting Lua string to &str (${utf8Fault(bytes)})`, at(path));
}

/** What Rust says of bytes that are no UTF-8: `invalid utf-8 sequence of 1 bytes from index 2`, `incomplete utf-8 byte sequence from index 0`. */
export function utf8Fault(bytes: Uint8Array): string {
  let i = 0;
  while (i < bytes.length) {
    const lead = bytes[i]!;
    const size =
      lead < 0x80 ? 1 : lead >= 0xc2 && lead <= 0xdf ? 2 : lead >= 0xe0 && lead <= 0xef ? 3 : lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
    if (size === 0) return `invalid utf-8 sequence of 1 bytes from index ${i}`;
    if (size > 1) {
      const rest = bytes.subarray(i, i + size);
      if (!isUtf8(rest)) {
        let good = 1;
        while (good < rest.length && continues(lead, good, rest[good]!)) good++;
        return i + good >= bytes.length && good === rest.length
          ? `incomplete utf-8 byte sequence from index ${i}`
          : `invalid utf-8 sequence of ${good} bytes from index ${i}`;
      }
    }
    i += size;
  }
  return 'valid';
}

function continues(lead: number, position: number, byte: number): boolean {
  if (position > 1) return byte >= 0x80 && byte <= 0xbf;
  const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  return byte >= low && byte <= high;
}

/** The path tells more than the text only below the outermost value. */
function at(path: string): { details?: { at: string } } {
  if (path === '') return {};
  const text = path.startsWith('.') ? path.slice(1) : path;
  return { details: { at: text.length > PATH_LIMIT ? `${text.slice(0, PATH_LIMIT)}…` : text } };
}

function join(path: string, key: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
}
