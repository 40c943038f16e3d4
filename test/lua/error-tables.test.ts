/** What people read of an error that is a table: its JSON, within limits, and the same value for those who catch it. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { engines } from '../support/engines.js';
import { createVm, type TestVm } from '../support/vm.js';

describe.each(engines)('error tables on $name', (engine) => {
  let test: TestVm;
  beforeEach(async () => {
    test = await createVm(engine);
  });
  afterEach(() => test.dispose());

  const messageOf = async (value: string): Promise<string> => {
    const thrown = await test.run(`error(${value})`).then(
      () => undefined,
      (error: Error) => error,
    );
    return thrown!.message;
  };

  it.each([
    ['{ code = 7, why = "x" }', '{"code":7,"why":"x"}'],
    ['{ zeta = 1, alpha = { b = true, a = 1.5 } }', '{"alpha":{"a":1.5,"b":true},"zeta":1}'],
    ['{ 1, "two", { 3 } }', '[1,"two",[3]]'],
    ['{ 1, n = 2 }', '{"1":1,"n":2}'],
    ['{}', '{}'],
    ['{ f = print, ok = true }', '{"ok":true}'],
    ['{ n = 0/0, m = math.huge }', '{"m":"…","n":"…"}'],
    ['{ co = coroutine.create(print) }', '{"co":"…"}'],
    ['{ [true] = 1, a = 2 }', '{"a":2}'],
    ['{ bytes = "\\xff" }', '{"bytes":"\ufffd"}'],
    ['{ ["__proto__"] = 1 }', '{"__proto__":1}'],
    ['setmetatable({ code = 7 }, { __tostring = function(e) return "code " .. e.code end })', 'code 7'],
    ['setmetatable({ code = 7 }, { __index = function() error("asked") end })', '{"code":7}'],
  ])('%s', async (value, text) => {
    expect(await messageOf(value)).toBe(text);
  });

  it('what is large, deep or holds itself is cut', async () => {
    expect(await messageOf('(function() local t = { a = 1 } t.me = t return t end)()')).toMatch(/^\{"a":1,"me":\{.*…/);
    const long = await messageOf('(function() local t = {} for i = 1, 100000 do t[i] = i end return t end)()');
    expect(JSON.parse(long)).toHaveLength(101);
    expect(long).toMatch(/^\[1,2,.*,100,"…"\]$/);
    const named = await messageOf('(function() local t = {} for i = 1, 100000 do t["k" .. i] = i end return t end)()');
    expect(named.length).toBeLessThan(3_000);
    expect(JSON.parse(named)).toHaveProperty('…');
    expect((await messageOf('{ text = ("x"):rep(1000000) }')).length).toBeLessThan(1_100);
    expect(await messageOf('(function() local t = {} t[1] = 1 t[99999999] = 2 return t end)()')).toBe('{"1":1,"99999999":2}');
  });

  it('who catches it has the table itself', async () => {
    const [same, text] = await test.run(
      'local t = { code = 7 } local ok, e = pcall(error, t) return rawequal(t, e), tostring(e):match("^table: ") ~= nil',
    );
    expect([same, text]).toEqual([true, true]);
  });
});
