/** crap.transaction(fn), sentence by sentence (Lua API 10.2): inside one transaction, and where each call is its own. */
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../src/store/sqlite/database.js';
import { noQueue } from '../../src/store/sqlite/short-transaction.js';
import { PerCallTransaction } from '../../src/store/sqlite/transaction.js';
import type { WriteQueue } from '../../src/store/writer.js';
import { engines } from '../support/engines.js';
import { type Bench, Benches } from './support.js';

const FILES = {
  'hooks/docs.lua': `local M = {}
    function M.twice(ctx)
      if ctx.data.name == "outer" then
        local ok = pcall(crap.transaction, function()
          crap.collections.create("docs", { name = "inner" }, { hooks = false, overrideAccess = true })
          error("inner part")
        end)
        crap.transaction(function() crap.collections.create("docs", { name = "beside " .. tostring(ok) }, { hooks = false, overrideAccess = true }) end)
      end
    end
    return M`,
};
const DEFINE = `
  crap.collections.define("docs", { fields = { { name = "name", type = "text", unique = true } }, hooks = { after_change = { "hooks.docs.twice" } } })
  crap.jobs.define("j", { handler = "j.run" })
  function names()
    local out = {}
    for _, d in ipairs(crap.collections.find("docs", { order_by = "name", limit = 50 }).documents) do out[#out + 1] = d.name end
    return table.concat(out, " ")
  end
  function add(name) return crap.collections.create("docs", { name = name }, { hooks = false }) end`;

describe.each(engines)('$name', (engine) => {
  const benches = new Benches();
  const databases: Database[] = [];
  afterEach(() => {
    benches.dispose();
    for (const database of databases.splice(0)) database.close();
  });

  async function open(mode: 'one' | 'per call', queue: WriteQueue = noQueue): Promise<Bench> {
    const bench = await benches.open(engine, { generation: 10, files: FILES });
    await bench.run(DEFINE);
    await bench.enter();
    if (mode === 'per call') {
      const database = openDatabase({ path: join(bench.dir, 'crap.db') });
      databases.push(database);
      bench.session.leave();
      bench.session.enter({ db: new PerCallTransaction(database, queue, { owner: 'test' }), overrideAccessByDefault: true });
    }
    return bench;
  }

  describe.each(['one', 'per call'] as const)('with %s transaction', (mode) => {
    it('returns what fn returns: several values, nils among them, tables themselves', async () => {
      const bench = await open(mode);
      const chunk = `local t = {}
        local a, b, c, d = crap.transaction(function() return nil, t, nil, false end)
        return a == nil, rawequal(b, t), c == nil, d, select("#", crap.transaction(function() end)), select("#", crap.transaction(function() return nil, nil end))`;
      expect(await bench.run(chunk)).toEqual([true, true, true, false, 0, 2]);
    });

    it('undoes everything in fn when it raises, and raises the same value', async () => {
      const bench = await open(mode);
      const chunk = `local e = { reason = "mine" }
        add("before")
        local ok, caught = pcall(crap.transaction, function() add("a") crap.jobs.queue("j") add("b") error(e) end)
        return ok, rawequal(caught, e), names()`;
      expect(await bench.run(chunk)).toEqual([false, true, 'before']);
      expect(await bench.value('return crap.jobs.list_runs().total')).toBe(0);
      expect(await bench.failure('crap.transaction(function() error("text") end)')).toBe('test:1: text');
    });

    it('keeps what fn did when it returns', async () => {
      const bench = await open(mode);
      await bench.run('crap.transaction(function() add("a") add("b") crap.jobs.queue("j") end)');
      expect(await bench.run('return names(), crap.jobs.list_runs().total')).toEqual(['a b', 1]);
    });

    it('reads its own writes', async () => {
      const bench = await open(mode);
      expect(await bench.value('return crap.transaction(function() add("a") return names() end)')).toBe('a');
    });

    it('is a savepoint inside another: caught, its part is gone and the rest goes on', async () => {
      const bench = await open(mode);
      const chunk = `
        crap.transaction(function()
          add("one")
          pcall(crap.transaction, function() add("two") crap.jobs.queue("j") error("x") end)
          crap.transaction(function() add("three") end)
          pcall(add, "one")
          add("four")
        end)
        return names(), crap.jobs.list_runs().total`;
      expect(await bench.run(chunk)).toEqual(['four one three', 0]);
    });

    it('undoes inner ones that succeeded when the outer one fails', async () => {
      const bench = await open(mode);
      const chunk = `pcall(crap.transaction, function() crap.transaction(function() add("inner") end) error("outer") end) return names()`;
      expect(await bench.value(chunk)).toBe('');
    });

    it('works in hooks, within the transaction of the operation', async () => {
      const bench = await open(mode);
      expect(await bench.run('crap.collections.create("docs", { name = "outer" }) return names()')).toEqual(['beside false outer']);
    });

    it('may be called from a coroutine and wait in one', async () => {
      const bench = await open(mode);
      const chunk = `local co = coroutine.wrap(function()
          return crap.transaction(function() add("a") crap.sleep(0.001) add("b") return names() end)
        end)
        return co()`;
      expect(await bench.value(chunk)).toBe('a b');
    });

    it('goes on when fn catches a failed call itself', async () => {
      const bench = await open(mode);
      const chunk = `crap.transaction(function() add("a") local ok = pcall(add, "a") add(tostring(ok)) end) return names()`;
      expect(await bench.value(chunk)).toBe('a false');
    });
  });

  it('is one transaction that begins as the writer', async () => {
    const asked: string[] = [];
    const queue: WriteQueue = {
      request(owner) {
        asked.push(owner);
        return noQueue.request(owner);
      },
    };
    const bench = await open('per call', queue);
    await bench.run('crap.transaction(function() names() add("a") add("b") end)');
    expect(asked).toEqual(['test']);
    await bench.run('add("c") add("d")');
    expect(asked).toHaveLength(3);
  });

  it('leaves calls beside it alone where each is its own transaction', async () => {
    const bench = await open('per call');
    await bench.run('add("kept") pcall(crap.transaction, function() add("gone") error("x") end)');
    bench.session.leave();
    expect(databases[0]!.all('SELECT name FROM docs')).toEqual([{ name: 'kept' }]);
  });

  it('needs a context', async () => {
    const bench = await benches.open(engine, { generation: 10 });
    bench.session.phase = 'running';
    expect(await bench.failure('crap.transaction(function() end)')).toBe(
      'runtime error: crap.transaction requires a job or pool context — call it from inside a Lua job handler, a custom route handler, or an effect, not from init.lua / collection definitions / top-level scripts',
    );
    expect(await bench.failure('crap.collections.find("docs")')).toBe(
      'runtime error: crap.collections CRUD functions need a database context — call them inside a lifecycle hook (before_change, before_delete, etc.), a job handler, a custom route handler, or wrap the call in crap.transaction(fn)',
    );
  });
});
