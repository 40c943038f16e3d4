/**
 * [ONCE] Handlers that read, compute and write over a few rows, in many slots of two hosts, with call-outs between: the outcome is that of some
 * order. The short form runs 240 runs; `npm run test:isolation` 4,000 (ML_ISOLATION_RUNS).
 */
import { afterEach, describe, expect, it } from 'vitest';
import { Scenario } from '../scenarios/support.js';
import { engines } from '../support/engines.js';
import { randomOf } from '../support/random.js';
import { judge, type Transaction } from './history.js';

const RUNS = Number(process.env['ML_ISOLATION_RUNS'] ?? 240);
const ROWS = 5;

let scenario: Scenario | undefined;
afterEach(() => scenario?.dispose());

const project = (engine: string) => ({
  'crap.toml': '[access]\ndefault_deny = false\n[jobs]\nmax_concurrent = 40\n',
  'moonlighter.toml': `[lua]\nengine = "${engine}"\n[workers]\nthreads = 2\n`,
  'collections/rows.lua':
    'crap.collections.define("rows", { fields = { { name = "name", type = "text", unique = true }, { name = "history", type = "textarea" } } })',
  'jobs/mix.lua': `
    crap.jobs.define("mix", { handler = "jobs.mix.run", concurrency = 40, retries = 200, backoff = { 0 } })
    local M = {}
    local function row(name) return crap.collections.find("rows", { where = { name = name }, limit = 1 }).documents[1] end
    function M.run(ctx)
      local read, wrote = {}, {}
      for _, step in ipairs(ctx.data.steps) do
        if step.sleep then crap.sleep(step.sleep)
        else
          local document = row(step.row)
          read[step.row] = read[step.row] or document.history or ""
          if step.write then
            crap.collections.update("rows", document.id, { history = (document.history or "") .. ctx.data.id .. " " })
            wrote[#wrote + 1] = step.row
          end
        end
      end
      return { read = read, wrote = wrote }
    end
    return M`,
});

/** Each row at most once written; sleeps between some steps. */
function steps(random: () => number) {
  const rows = Array.from({ length: ROWS }, (_, i) => `r${i}`)
    .sort(() => random() - 0.5)
    .slice(0, 1 + Math.floor(random() * 3));
  return rows.flatMap((row) => [...(random() < 0.2 ? [{ sleep: 0.001 + random() * 0.01 }] : []), { row, write: random() < 0.6 }]);
}

describe.each(engines)('isolation on $name', (engine) => {
  it('[ONCE] the outcome equals some serial order: no update is lost, no read is torn', async () => {
    scenario = await Scenario.create(project(engine.name));
    const seed = Number(process.env['MOONLIGHTER_TEST_SEED'] ?? Date.now() % 1_000_000);
    const said = `seed ${seed}`;
    const random = randomOf(seed);
    const list = Array.from({ length: RUNS }, (_, i) => ({ id: `t${i}`, steps: steps(random) }));
    await scenario.write({
      'queue.lua': `for i = 0, ${ROWS - 1} do crap.collections.create("rows", { name = "r" .. i, history = "" }) end\ncrap.jobs.queue_many("mix", crap.json.decode([==[${JSON.stringify(list)}]==]))`,
    });
    expect((await scenario.command('eval', '--file', `${scenario.dir}/queue.lua`)).stderr).toBe('');
    const hosts = [scenario.start(['work', '--drain']), scenario.start(['work', '--drain'])];
    expect(await Promise.all(hosts.map((host) => host.exited))).toEqual([0, 0]);

    const runs = await scenario.json<{ status: string; data: { id: string }; result: { read: Record<string, string>; wrote: string[] } }[]>(
      'jobs',
      'status',
      '-s',
      'mix',
      '-l',
      '-1',
    );
    expect(runs.filter(({ status }) => status !== 'completed').length, said).toBe(0);
    const split = (text: string) => text.split(' ').filter(Boolean);
    const transactions = runs.map(
      ({ data, result }): Transaction => ({
        id: data.id,
        read: Object.fromEntries(Object.entries(result.read).map(([row, text]) => [row, split(text)])),
        wrote: Array.isArray(result.wrote) ? result.wrote : [],
      }),
    );
    const documents = await scenario.eval<{ name: string; history: string | null }[]>(
      'return crap.collections.find("rows", { limit = 100 }).documents',
    );
    const verdict = judge(transactions, Object.fromEntries(documents.map(({ name, history }) => [name, split(history ?? '')])));
    expect(verdict, said).toEqual({ lost: [], torn: [], cycle: [] });
    const writes = transactions.reduce((sum, { wrote }) => sum + wrote.length, 0);
    expect(documents.reduce((sum, { history }) => sum + split(history ?? '').length, 0)).toBe(writes);
  });
});

it('the judge finds what is wrong', () => {
  const read = (row: string, ...seen: string[]) => ({ [row]: seen });
  expect(
    judge(
      [
        { id: 'a', read: read('x'), wrote: ['x'] },
        { id: 'b', read: read('x'), wrote: ['x'] },
      ],
      { x: ['b'] },
    ).lost,
  ).toEqual(['a in x']);
  expect(judge([{ id: 'a', read: read('x', 'z'), wrote: [] }], { x: ['b'] }).torn.length).toBe(1);
  const skew = [
    { id: 'a', read: { x: [], y: [] }, wrote: ['x'] },
    { id: 'b', read: { x: [], y: [] }, wrote: ['y'] },
  ];
  expect(judge(skew, { x: ['a'], y: ['b'] }).cycle.length).toBeGreaterThan(0);
  expect(
    judge(
      [
        { id: 'a', read: { x: [] }, wrote: ['x'] },
        { id: 'b', read: { x: ['a'] }, wrote: ['x'] },
      ],
      { x: ['a', 'b'] },
    ),
  ).toEqual({ lost: [], torn: [], cycle: [] });
});
