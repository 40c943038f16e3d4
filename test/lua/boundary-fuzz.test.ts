/** Random values both ways through a binding of every parameter type: no crash, no error without a code, nothing frozen changed, nothing kept. */
import { isUtf8 } from 'node:buffer';
import { afterEach, describe, expect, it } from 'vitest';
import { HostError } from '../../src/domain/errors.js';
import { Float } from '../../src/domain/json.js';
import { runAsync } from '../../src/domain/op.js';
import { type LuaFunction, LuaTable, type LuaValue, Opaque } from '../../src/lua/value.js';
import type { Binding, Engine, ParamType } from '../../src/lua/vm.js';
import { engines, needing } from '../support/engines.js';
import { randomOf } from '../support/random.js';
import { createVm, type TestVm } from '../support/vm.js';

const TYPES: readonly ParamType[] = [
  'string',
  'string?',
  'bytes',
  'integer',
  'integer?',
  'number',
  'number?',
  'boolean',
  'boolean?',
  'table',
  'table?',
  'function',
  'function?',
  'any',
];
const VALUES = 1_500;
const SEED = 20_251;

class Dice {
  readonly next: () => number;
  constructor(seed: number) {
    this.next = randomOf(seed);
  }
  below(n: number): number {
    return Math.floor(this.next() * n);
  }
  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
}

const NUMBERS = [
  0,
  -0,
  1,
  -1,
  0.5,
  2 ** 31 - 1,
  2 ** 31,
  -(2 ** 31),
  -(2 ** 31) - 1,
  2 ** 53 - 1,
  1e15,
  1e300,
  5e-324,
  Number.NaN,
  Infinity,
  -Infinity,
];
const TEXTS = ['', 'x', '12', ' 0x1F ', '1e5', 'nan', '__proto__', 'constructor', '__index', 'Zoë 😀', '\0\0', '\ud800', 'a'.repeat(5000)];

function randomValue(dice: Dice, depth = 0): LuaValue {
  switch (dice.below(depth > 3 ? 7 : 11)) {
    case 0:
      return dice.of([undefined, null, true, false]);
    case 1:
      return dice.of(NUMBERS);
    case 2:
      return Math.floor((dice.next() - 0.5) * 2 ** dice.below(53));
    case 3:
      return new Float(dice.of([...NUMBERS, dice.next() * 100]));
    case 4:
      return BigInt.asIntN(64, BigInt(Math.floor(dice.next() * 2 ** 53)) << BigInt(dice.below(12)));
    case 5:
      return dice.of(TEXTS);
    case 6:
      return Uint8Array.from({ length: dice.below(12) }, () => dice.below(256));
    case 7:
    case 8:
      return Array.from({ length: dice.below(5) }, () => randomValue(dice, depth + 1));
    case 9:
      return new Map(Array.from({ length: dice.below(4) }, () => [keyOf(dice), randomValue(dice, depth + 1)])) as unknown as LuaValue;
    default:
      return Object.fromEntries(Array.from({ length: dice.below(5) }, () => [dice.of(TEXTS), randomValue(dice, depth + 1)]));
  }
}

function keyOf(dice: Dice): LuaValue {
  return dice.of<LuaValue>([1, 2, -5, 1.5, true, 'k', new Float(0.25), 2n ** 40n, Uint8Array.of(255)]);
}

/** What comes back, as text; the same for a value sent and a value received. */
function canonical(engine: Engine, value: LuaValue | Map<LuaValue, LuaValue>): string {
  if (value === undefined || value === null) return 'nil';
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return bytesText(Buffer.from(value));
  if (value instanceof Uint8Array) return bytesText(value);
  if (typeof value === 'number' || typeof value === 'bigint' || value instanceof Float) return numberText(engine, value);
  if (value instanceof Opaque) return value.type;
  const entries: [LuaValue, LuaValue][] = Array.isArray(value)
    ? value.map((member, i) => [i + 1, member])
    : value instanceof LuaTable
      ? ([...value.entries] as [LuaValue, LuaValue][])
      : value instanceof Map
        ? [...value]
        : Object.entries(value as object);
  // The last of equal keys counts, and nil is no member.
  const last = new Map(entries.map(([key, member]) => [canonical(engine, key), canonical(engine, member)]));
  const parts = [...last].filter(([, member]) => member !== 'nil').map((part) => part.join('='));
  return `{${parts.sort().join(',')}}`;
}

function bytesText(bytes: Uint8Array): string {
  return isUtf8(bytes) ? JSON.stringify(Buffer.from(bytes).toString()) : `bytes ${Buffer.from(bytes).toString('hex')}`;
}

function numberText(engine: Engine, value: number | bigint | Float): string {
  const number = Number(value instanceof Float ? value.value : value);
  const wide = engine.capabilities.integers64;
  const exact = typeof value === 'bigint' ? (wide ? value.toString() : undefined) : undefined;
  if (exact !== undefined) return exact;
  // Beyond 32 bits the narrow engine tells integers and floats apart by their size alone.
  const whole = Number.isSafeInteger(number) && !Object.is(number, -0);
  const integer = whole && (wide ? !(value instanceof Float) : !(value instanceof Float) || Math.abs(number + 0.5) > 2 ** 31);
  return integer ? String(number) : `float ${Object.is(number, -0) ? '-0' : number}`;
}

/** Values that only Lua can make, hostile ones among them. */
const MAKERS = `
  local bad = function() error("metamethod") end
  local deep = {}
  for _ = 1, 300 do deep = { deep } end
  local cycle = {}
  cycle.self = cycle
  return {
    function() end, print, coroutine.create(print), string, crap_like, deep, cycle, _G, io.stdout, host.echo_any,
    setmetatable({}, { __index = bad, __len = bad, __pairs = bad, __tostring = bad, __gc = bad }),
    setmetatable({ 1, 2 }, { __metatable = false }), select(2, pcall(host.refuse)), { [print] = 1, [{}] = 2 }, { [1.5] = { nil, 2 } },
    math.huge, -(0 / 0), "\\255\\254", ("x"):rep(10000), 2 ^ 53, -2 ^ 63,
  }`;

const FROZEN = `
  local out = {}
  for _, t in ipairs({ string, table, math, os, io, coroutine, utf8, package }) do
    for name, value in pairs(t) do out[#out + 1] = tostring(name) .. tostring(value) end
  end
  table.sort(out)
  return table.concat(out, " ")`;

const open: TestVm[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.dispose();
});

describe.each(engines)('[BOUNDARY] on $name', (engine) => {
  async function prepare() {
    let calls = 0;
    let made: TestVm;
    const held: LuaFunction[] = [];
    const bindings: Record<string, Binding> = {
      refuse: {
        params: [],
        run() {
          throw new HostError('REFUSED', 'refused');
        },
      },
    };
    for (const type of TYPES) {
      bindings[`echo_${type.replace('?', '_optional')}`] = {
        params: [type],
        run(value: LuaValue) {
          calls++;
          if (typeof value === 'object' && value !== null && 'ref' in value) held.push(value as LuaFunction);
          return value;
        },
      };
    }
    made = await createVm(engine, { bindings });
    open.push(made);
    const names = TYPES.map((type) => `"echo_${type.replace('?', '_optional')}"`).join(', ');
    await made.run(`
      local names = { ${names} }
      function all(value)
        local out = {}
        for i, name in ipairs(names) do
          local ok, result = pcall(host[name], value)
          if not ok then
            out[i] = type(result) == "userdata" and result.code or "no code: " .. tostring(result)
          elseif result == nil or type(result) == "function" or name ~= "echo_any" then
            out[i] = true
          end
        end
        return out, (host.echo_any(value))
      end
      local makers = (function() ${MAKERS.replaceAll('crap_like', '{ 1 }')} end)()
      function hostile()
        local bad = {}
        for i = 1, 21 do
          for _, name in ipairs(names) do
            local ok, result = pcall(host[name], makers[i])
            if not ok and (type(result) ~= "userdata" or type(result.code) ~= "string") then bad[#bad + 1] = name .. i .. tostring(result) end
          end
        end
        return table.concat(bad, "\\n")
      end`);
    const release = () => {
      for (const fn of held.splice(0)) made.vm.release(fn);
    };
    return { made, release, calls: () => calls };
  }

  it(`${VALUES} random values through every parameter type come back whole or are refused with a code`, async () => {
    const { made, release } = await prepare();
    const before = await made.run(FROZEN);
    const all = made.vm.get('all') as LuaFunction;
    const dice = new Dice(SEED);
    let attempts = 0;
    for (let i = 0; i < VALUES; i++) {
      const value = randomValue(dice);
      const [codes, back] = await runAsync(made.vm.call(all, [value]));
      attempts += TYPES.length + 1;
      release();
      expect(canonical(engine, back)).toBe(canonical(engine, value));
      for (const code of (codes as LuaTable).entries.values()) if (code !== true) expect(code).toBe('CONVERSION');
    }
    expect(attempts).toBeGreaterThan(20_000);
    expect(made.vm.spent).toBe(false);
    expect(await made.run(FROZEN)).toEqual(before);
  });

  it('values that only Lua makes are taken or refused with a code', async () => {
    const { made, release, calls } = await prepare();
    const before = await made.run(FROZEN);
    const fn = made.vm.get('hostile') as LuaFunction;
    for (let i = 0; i < 10; i++) expect(await runAsync(made.vm.call(fn, []))).toEqual(['']);
    release();
    expect(calls()).toBeGreaterThan(1000);
    expect(made.vm.spent).toBe(false);
    expect(await made.run(FROZEN)).toEqual(before);
  });

  needing(engine, 'garbageCollection')('memory comes back to rest', async () => {
    const { made, release } = await prepare();
    const all = made.vm.get('all') as LuaFunction;
    const used = async () =>
      Number(((await made.run('collectgarbage(); collectgarbage(); return collectgarbage("count")'))[0] as Float).valueOf());
    const round = async (seed: number) => {
      const dice = new Dice(seed);
      for (let i = 0; i < 300; i++) await runAsync(made.vm.call(all, [randomValue(dice)]));
      release();
    };
    await round(1);
    const before = await used();
    for (let seed = 2; seed < 6; seed++) await round(seed);
    expect((await used()) - before).toBeLessThan(30);
  });
});
