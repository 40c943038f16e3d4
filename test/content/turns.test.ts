/** Long bulk operations: other runs of the thread go on meanwhile, and the deadline of the run ends them. */
import { afterEach, describe, expect, it } from 'vitest';
import { createMany } from '../../src/content/create-many.js';
import { deleteMany } from '../../src/content/delete-many.js';
import { parseQuery } from '../../src/content/query.js';
import { updateMany } from '../../src/content/update-many.js';
import { RunAbort } from '../../src/domain/errors.js';
import { type Op, runSync } from '../../src/domain/op.js';
import type { LuaTable } from '../../src/lua/value.js';
import { type Bench, Benches } from '../bindings/support.js';
import { engines } from '../support/engines.js';
import { lua, NOW, openStage } from './support.js';

const DEFINE = `
  crap.collections.define("items", { fields = { { name = "title", type = "text", required = true }, { name = "n", type = "number" } } })
`;
const MAKE = (n: number) => `
  local items = {}
  for i = 1, ${n} do items[i] = { title = "t" .. i, n = i } end
  crap.collections.create_many("items", items)`;

it('every bulk operation lets others have a turn between two documents, once a slice is over', () => {
  const stage = openStage({ collections: { items: { fields: [{ name: 'title', type: 'text' }] } } });
  try {
    let now = 0;
    Object.assign(stage.ctx, { clock: { now: () => NOW, monotonic: () => (now += 6) } });
    const turns = (op: Op<unknown>) => {
      let count = 0;
      for (let step = op.next(); !step.done; step = op.next(step.value.block?.())) if (step.value.reason === 'preempted') count++;
      return count;
    };
    const { ctx } = stage;
    const items = lua([{ title: 'a' }, { title: 'b' }, { title: 'c' }, { title: 'd' }]) as LuaTable;
    const all = parseQuery(undefined);
    expect(turns(createMany(ctx, 'items', items, all))).toBe(2);
    expect(turns(updateMany(ctx, 'items', all, lua({ title: 'x' }) as LuaTable, all))).toBe(2);
    expect(turns(deleteMany(ctx, 'items', all, all))).toBe(2);
    expect(stage.count('items')).toBe(0);
  } finally {
    stage.dispose();
  }
});

describe.each(engines)('$name', (engine) => {
  const benches = new Benches();
  afterEach(() => benches.dispose());
  const open = async (): Promise<Bench> => {
    const bench = await benches.open(engine);
    await bench.run(DEFINE);
    await bench.enter();
    return bench;
  };

  it('[STOP] regression: delete_many of 10,000 documents ends at the deadline of its run, and nothing of it stays', async () => {
    const bench = await open();
    await bench.run(MAKE(10_000));
    bench.commit();
    await bench.enter();
    bench.session.vm.begin({ deadline: performance.now() + 40, maxInstructions: Number.POSITIVE_INFINITY, sliceMs: 10 });
    await expect(bench.run('pcall(crap.collections.delete_many, "items", {})')).rejects.toThrow(RunAbort);
    const left = () => Number(runSync(bench.session.requireDatabase().db.get('SELECT COUNT(*) AS n FROM items'))!['n']);
    expect(left()).toBeGreaterThan(0);
    bench.rollback();
    await bench.enter();
    expect(left()).toBe(10_000);
  });

  it('works where nothing can wait, too', async () => {
    const bench = await open();
    expect(
      await bench.run(`
        local made = setmetatable({}, { __tostring = function() ${MAKE(3_000)} return tostring(crap.collections.count("items")) end })
        return tostring(made)`),
    ).toEqual(['3000']);
  });

  it('regression: passes over what a hook removed before its turn', async () => {
    const bench = await benches.open(engine);
    await bench.run(`
      crap.collections.define("parts", { fields = { { name = "title", type = "text" } } })
      local C, done = crap.collections, false
      local function leave_only(id)
        if done then return end
        done = true
        C.delete_many("parts", { where = { id = { not_equals = id } } }, { overrideAccess = true })
      end
      crap.hooks.register("before_delete", function(ctx) leave_only(ctx.data.id) end)
      crap.hooks.register("after_change", function(ctx) if ctx.operation == "update" then leave_only(ctx.data.id) end end)
      function again() done = false; C.create_many("parts", { { title = "a" }, { title = "b" }, { title = "c" } }) end`);
    await bench.enter();
    const deleted = await bench.run(
      'again() local r = crap.collections.delete_many("parts", {}) return r.deleted, r.skipped, crap.collections.count("parts")',
    );
    expect(deleted).toEqual([1, 0, 0]);
    expect(
      await bench.run(
        'again() return crap.collections.update_many("parts", {}, { title = "d" }).modified, crap.collections.count("parts")',
      ),
    ).toEqual([1, 1]);
  });
});
