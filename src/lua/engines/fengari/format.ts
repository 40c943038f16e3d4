/** string.format with the results and messages of PUC Lua 5.4; integers beyond 32 bits print where a float holds them exactly. */
import type { Fn, L } from 'fengari';
import { fengariPackage } from './package.js';
import { type Form, pad, printNumber } from './printf.js';

const PERCENT = 0x25;
const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));
/** Flags that each conversion takes, and whether a precision. */
const ACCEPTED: Record<string, { flags: string; precision: boolean }> = {
  c: { flags: '-', precision: false },
  d: { flags: '-+0 ', precision: true },
  i: { flags: '-+0 ', precision: true },
  u: { flags: '-0', precision: true },
  o: { flags: '-#0', precision: true },
  x: { flags: '-#0', precision: true },
  X: { flags: '-#0', precision: true },
  a: { flags: '-+#0 ', precision: true },
  A: { flags: '-+#0 ', precision: true },
  e: { flags: '-+#0 ', precision: true },
  E: { flags: '-+#0 ', precision: true },
  f: { flags: '-+#0 ', precision: true },
  F: { flags: '-+#0 ', precision: true },
  g: { flags: '-+#0 ', precision: true },
  G: { flags: '-+#0 ', precision: true },
  p: { flags: '-', precision: false },
  s: { flags: '-', precision: true },
  q: { flags: '', precision: false },
};

export function formatFunction(): Fn {
  const { lua, lauxlib } = fengariPackage();
  const fail = (state: L, message: string) => lauxlib.luaL_error(state, bytesOf(message.replaceAll('%', '%%')));

  function item(state: L, spec: string, form: Form, conversion: string, argument: number): string {
    switch (conversion) {
      case 'c':
        return pad(form, String.fromCharCode(integer(state, argument) & 0xff));
      case 'q':
        if (spec.length > 2) fail(state, "specifier '%q' cannot have modifiers");
        return literal(state, argument);
      case 'p':
        return pad(form, pointer(state, argument));
      case 's': {
        const text = latin1(lauxlib.luaL_tolstring(state, argument));
        lua.lua_settop(state, -2);
        if (spec.length === 2) return text;
        if (text.includes('\0')) lauxlib.luaL_argerror(state, argument, bytesOf('string contains zeros'));
        return pad(form, form.precision === undefined ? text : text.slice(0, form.precision));
      }
      case 'd':
      case 'i':
      case 'u':
      case 'o':
      case 'x':
      case 'X':
        return printNumber(form, conversion, integer(state, argument));
      default:
        return printNumber(form, conversion, lauxlib.luaL_checknumber(state, argument));
    }
  }

  function integer(state: L, argument: number): number {
    const value = lauxlib.luaL_checknumber(state, argument);
    if (!Number.isInteger(value) || Math.abs(value) > 2 ** 63)
      lauxlib.luaL_argerror(state, argument, bytesOf('number has no integer representation'));
    return value;
  }

  function literal(state: L, argument: number): string {
    switch (lua.lua_type(state, argument)) {
      case 4:
        return quoted(latin1(lua.lua_tolstring(state, argument)!));
      case 3: {
        const value = lua.lua_tonumber(state, argument);
        if (lua.lua_isinteger(state, argument)) return value === -(2 ** 31) ? '0x80000000' : String(value);
        if (value === Number.POSITIVE_INFINITY) return '1e9999';
        if (value === Number.NEGATIVE_INFINITY) return '-1e9999';
        if (Number.isNaN(value)) return '(0/0)';
        if (Number.isInteger(value) && Math.abs(value) < 2 ** 53)
          return `${value < 0 || Object.is(value, -0) ? '-' : ''}0x${printNumber(plain, 'a', Math.abs(value)).slice(2)}`;
        return printNumber(plain, 'a', value);
      }
      case 0:
      case 1: {
        const text = latin1(lauxlib.luaL_tolstring(state, argument));
        lua.lua_settop(state, -2);
        return text;
      }
      default:
        return lauxlib.luaL_argerror(state, argument, bytesOf('value has no literal form'));
    }
  }

  function pointer(state: L, argument: number): string {
    const type = lua.lua_type(state, argument);
    if (type < 2 || type === 3) return '(null)';
    if (type === 4) return '(string)';
    const text = latin1(lauxlib.luaL_tolstring(state, argument));
    lua.lua_settop(state, -2);
    return /0x[0-9a-f]+/.exec(text)?.[0] ?? '(object)';
  }

  return (state) => {
    const given = lua.lua_gettop(state);
    const source = lauxlib.luaL_checkstring(state, 1);
    const format = latin1(source);
    let out = '';
    let argument = 1;
    let at = 0;
    for (;;) {
      const next = source.indexOf(PERCENT, at);
      if (next < 0) break;
      out += format.slice(at, next);
      if (source[next + 1] === PERCENT) {
        out += '%';
        at = next + 2;
        continue;
      }
      argument++;
      if (argument > given) lauxlib.luaL_argerror(state, argument, bytesOf('no value'));
      const found = /^%([-+ #0]*)(\d*)(?:(\.)(\d*))?/.exec(format.slice(next))!;
      const conversion = format[next + found[0].length] ?? '';
      const spec = found[0] + conversion;
      const [, flags = '', width = '', dot, precision = ''] = found;
      const accepted = ACCEPTED[conversion];
      if (spec.length > 22) fail(state, "invalid format string to 'format'");
      if (!accepted) fail(state, `invalid conversion '${spec}' to 'format'`);
      const good =
        width.length <= 2 &&
        precision.length <= 2 &&
        [...flags].every((flag) => accepted!.flags.includes(flag)) &&
        (!dot || accepted!.precision);
      if (!good && conversion !== 'q') fail(state, `invalid conversion specification: '${spec}'`);
      const form: Form = {
        left: flags.includes('-'),
        plus: flags.includes('+'),
        blank: flags.includes(' '),
        alternative: flags.includes('#'),
        zero: flags.includes('0'),
        width: Number(width),
        precision: dot ? Number(precision) : undefined,
      };
      out += item(state, spec, form, conversion, argument);
      at = next + spec.length;
    }
    lua.lua_pushstring(state, bytesOf(out + format.slice(at)));
    return 1;
  };
}

const plain: Form = { left: false, plus: false, blank: false, alternative: false, zero: false, width: 0, precision: undefined };

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

/** A string as a literal that Lua reads back. */
function quoted(text: string): string {
  let out = '"';
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!;
    const code = text.charCodeAt(i);
    if (char === '"' || char === '\\' || char === '\n') out += `\\${char}`;
    else if (code < 32 || code === 127) out += /\d/.test(text[i + 1] ?? '') ? `\\${String(code).padStart(3, '0')}` : `\\${code}`;
    else out += char;
  }
  return `${out}"`;
}
