/** What a running script's crap.jobs.define passes over under generation 8, as the reference does, and what it never does. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Problem } from '../../src/domain/errors.js';
import { Float } from '../../src/domain/json.js';
import { LuaTable, type LuaValue } from '../../src/lua/value.js';
import { parseJob } from '../../src/project/define-job.js';
import { Benches } from '../bindings/support.js';
import { engines } from '../support/engines.js';

const table = (fields: Record<string, LuaValue>) => new LuaTable(new Map(Object.entries(fields)), 0);

function passedOver(fields: Record<string, LuaValue>) {
  const problems: Problem[] = [];
  const overlook = (problem: Problem) => problems.push(problem);
  const definition = parseJob('x', table({ handler: 'jobs.x.run', ...fields }), { generation: 8, file: 'hooks/x.lua', line: 3, overlook });
  return { definition, problems };
}

describe('a definition that a running script changes', () => {
  it.each<[string, LuaValue, object, string]>([
    ['retries', 'two', { retries: 0 }, 'expected a whole number from 0 to 4294967294, got string "two"; 0, the default, is taken'],
    ['retries', -1, { retries: 0 }, 'got integer -1; 0, the default, is taken'],
    ['retries', new Float(2.9), { retries: 2 }, 'got number 2.9; 2 is taken'],
    ['retries', '2.9', { retries: 2 }, 'got string "2.9"; 2 is taken'],
    ['retries', true, { retries: 0 }, 'got boolean; 0, the default, is taken'],
    ['timeout', '5m', { timeout: 60 }, 'got string "5m"; 60, the default, is taken'],
    ['timeout', 0, { timeout: 60 }, 'has `timeout = 0`: it must be at least 1 second; 60, the default, is taken'],
    ['concurrency', table({}), { concurrency: 1 }, 'got table; 1, the default, is taken'],
    ['queue', table({}), { queue: 'default' }, 'got table; "default", the default, is taken'],
    ['labels', 'x', {}, 'got string "x"; the job has no label'],
    ['labels', table({ singular: 'X', many: 'Xs' }), { label: 'X' }, "Unknown key 'many' in 'labels'; only 'singular' is read"],
    ['schedule', table({}), {}, 'expected a cron text, got table; the job has no schedule'],
    ['retrys', 1, {}, "Unknown job config key 'retrys' (did you mean 'retries'?)"],
  ])('takes %s = %s as the reference does, and says so', (key, value, expected, words) => {
    const { definition, problems } = passedOver({ [key]: value });
    expect(definition).toMatchObject({ handler: { ref: 'jobs.x.run' }, ...expected });
    expect(definition).not.toHaveProperty(key === 'labels' && !('label' in expected) ? 'label' : 'schedule');
    expect(problems).toEqual([expect.objectContaining({ severity: 'warning', field: key, file: 'hooks/x.lua', line: 3 })]);
    expect(problems[0]!.message).toContain(words);
    expect(problems[0]!.message).toMatch(/^Job 'x': /);
    expect(problems[0]!.remedy).toBeTruthy();
  });

  it.each<[string, LuaValue, RegExp]>([
    ['handler', table({}), /missing required 'handler'/],
    ['schedule', 'every day', /invalid cron expression/],
    ['schedule', 5, /expected a cron text, got integer 5/],
    ['skip_if_running', 'yes', /expected a boolean, got string/],
    // The reference would run the job for everybody.
    ['access', true, /'access' expected a function reference/],
    ['on_lost', 'never', /'on_lost' expected/],
  ])('refuses %s = %s all the same', (key, value, message) => {
    expect(() => passedOver({ [key]: value })).toThrow(message);
  });
});

describe.each(engines)('crap.jobs.define on $name', (engine) => {
  const benches = new Benches();
  afterEach(() => benches.dispose());
  const WRONG = 'crap.jobs.define("j", { handler = "jobs.j.run", retries = "two", timeout = 0, nonsense = 1, concurrency = 4 })';

  it('warns in the log while hooks and handlers run, and is strict while files load', async () => {
    const bench = await benches.open(engine);
    expect(await bench.failure(WRONG)).toMatch(
      /Job 'j' has `timeout = 0`.*; Job config key 'retries' expected .*; Unknown job config key 'nonsense'/,
    );
    await bench.run('crap.jobs.define("j", { handler = "jobs.j.run" })');
    bench.session.phase = 'running';
    await bench.run(WRONG);
    expect(bench.session.registry.jobs.get('j')).toMatchObject({ retries: 0, timeout: 60, concurrency: 4 });
    expect(bench.lines.map(({ level }) => level)).toEqual(['warn', 'warn', 'warn']);
    expect(bench.lines.map(({ text }) => text).join('\n')).toMatch(
      /Job 'j': Job 'j' has `timeout = 0`[\s\S]*'retries' expected a whole number[\s\S]*Unknown job config key 'nonsense'.*ignored \(remove the key\)/,
    );
  });
});
