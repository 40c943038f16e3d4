import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines } from '../support/engines.js';
import { createVm, type TestVm } from '../support/vm.js';
import { ANSWERS } from './answers.js';
import { DIFFERENCES } from './differences.js';

const SHOW = `
  local out, results = {}, table.pack(pcall(function() return EXPRESSION end))
  for i = 1, results.n do
    local v = results[i]
    local kind = type(v)
    out[i] = kind == "string" and '"' .. v .. '"' or (kind == "table" or kind == "function" or kind == "thread") and kind or tostring(v)
  end
  return table.concat(out, ", ")`;

describe.each(engines)('$name', (engine) => {
  let vm: TestVm;
  beforeAll(async () => {
    vm = await createVm(engine);
  });
  afterAll(() => vm.dispose());
  const answer = async (expression: string) => String((await vm.run(SHOW.replace('EXPRESSION', () => expression)))[0]);

  it.each(ANSWERS)('%s', async (expression, expected) => {
    expect(await answer(expression)).toBe(expected);
  });

  it.each(DIFFERENCES)('declared: %s', async (expression, wide, narrow) => {
    expect(await answer(expression)).toBe(engine.capabilities.integers64 ? wide : narrow);
  });
});
