/** crap.tx: what is registered is called once, after the real commit or rollback of the transaction that it was registered in. */
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contentSettings } from '../../src/bindings/content-context.js';
import { syncSchema } from '../../src/content/sync.js';
import { type Op, runAsync } from '../../src/domain/op.js';
import type { ClaimedRun, LogLine } from '../../src/domain/run.js';
import { FairWriteQueue } from '../../src/host/write-queue.js';
import type { Engine } from '../../src/lua/vm.js';
import { type CheckedProject, checkProject } from '../../src/project/check-project.js';
import { type Database, openDatabase } from '../../src/store/sqlite/database.js';
import { migrate } from '../../src/store/sqlite/migrate.js';
import { noQueue, writeTransaction } from '../../src/store/sqlite/short-transaction.js';
import type { WriteQueue } from '../../src/store/writer.js';
import { type Assignment, Executor, type ExecutorOptions } from '../../src/worker/executor.js';
import { executorOptions } from '../../src/worker/executor-options.js';
import { createLocalExecutor } from '../../src/worker/local.js';
import { runOnInit } from '../../src/worker/on-init.js';
import type { RunReport } from '../../src/worker/protocol.js';
import { RunControl } from '../../src/worker/run-control.js';
import { engines } from '../support/engines.js';
import { createProject, type ProjectFolder } from '../support/project.js';

/** Handlers by name; each registers and ends in its own way. `told` holds what the functions saw. */
const FILES = {
  'collections/docs.lua': `
crap.collections.define("docs", { fields = { crap.fields.text({ name = "name", required = true }) },
  access = { read = "hooks.rules.yes" },
  hooks = { after_change = { "hooks.docs.register" } } })
crap.collections.define("told", { fields = { crap.fields.text({ name = "text" }) }, access = { create = "hooks.rules.no" } })`,
  'hooks/rules.lua': 'return { yes = function() return true end, no = function() return false end }',
  'hooks/docs.lua': `
local M = {}
function M.register(ctx)
  crap.tx.on_commit("hooks.effects.tell", { name = ctx.data.name })
  crap.tx.on_rollback({ ref = "hooks.effects.tell", options = { from = "hook" } }, { name = ctx.data.name })
  if ctx.data.name == "bad" then error("refused") end
end
return M`,
  'hooks/effects.lua': `
local M = {}
local function text(ctx)
  local stored = crap.collections.count("docs", { overrideAccess = true })
  return ctx.outcome .. " " .. crap.json.encode({ ctx.data or "no data", ctx.options or "no options" }) .. " docs=" .. math.tointeger(stored)
end
function M.tell(ctx) crap.collections.create("told", { text = text(ctx) }, { overrideAccess = true }) end
function M.plain(ctx) crap.collections.create("told", { text = "plain " .. ctx.outcome }) end
function M.fails() crap.collections.create("told", { text = "undone" }, { overrideAccess = true }) error("boom") end
function M.fails_grouped()
  crap.transaction(function() crap.collections.create("told", { text = "undone" }, { overrideAccess = true }) error("grouped boom") end)
end
function M.endless() crap.log.info("effect begun") while true do end end
function M.queues() crap.jobs.queue("noop") end
function M.again() crap.transaction(function() crap.tx.on_commit("hooks.effects.plain") end) end
return M`,
  'jobs/all.lua': `
local M = {}
for _, name in ipairs({ "noop", "order", "raises", "nested", "caught", "refs", "queues", "fails", "reads", "inner", "rights", "overtaken", "endless" }) do
  crap.jobs.define(name, { handler = "jobs.all." .. name, transaction = true })
end
crap.jobs.define("spins", { handler = "jobs.all.spins", transaction = "immediate" })
for _, name in ipairs({ "pool", "outside" }) do crap.jobs.define(name, { handler = "jobs.all." .. name, transaction = false }) end
local tell = "hooks.effects.tell"
function M.noop() end
function M.order()
  crap.tx.on_commit(tell, 1) crap.tx.on_rollback(tell, "never") crap.tx.on_commit(tell, { two = 2 }) crap.tx.on_commit(tell)
  crap.collections.create("docs", { name = "good" }, { hooks = false })
  crap.log.info("seen before: " .. math.tointeger(crap.collections.count("told")))
end
function M.raises()
  crap.tx.on_commit(tell, "never") crap.tx.on_rollback(tell, "undone")
  crap.collections.create("docs", { name = "good" }, { hooks = false })
  error("the end")
end
function M.spins() crap.tx.on_rollback(tell, "stopped") crap.log.info("spinning") while true do end end
function M.nested()
  crap.transaction(function()
    crap.tx.on_commit(tell, "outer")
    crap.transaction(function() crap.tx.on_commit(tell, "inner") end)
    crap.collections.create("docs", { name = "good" })
  end)
  crap.log.info("seen before: " .. math.tointeger(crap.collections.count("told")))
end
function M.caught()
  crap.tx.on_commit(tell, "kept")
  local one = pcall(crap.transaction, function() crap.tx.on_commit(tell, "lost") crap.tx.on_rollback(tell, "lost") error("x") end)
  local two = pcall(crap.collections.create, "docs", { name = "bad" })
  crap.log.info(tostring(one) .. tostring(two))
end
function M.refs()
  for _, call in ipairs({
    function() crap.tx.on_commit("hooks.effects.missing") end,
    function() crap.tx.on_commit("hooks.nowhere.f") end,
    function() crap.tx.on_commit("nodots") end,
    function() crap.tx.on_commit(print) end,
    function() crap.tx.on_commit() end,
    function() crap.tx.on_rollback(tell, { 0 / 0 }) end,
  }) do
    local _, e = pcall(call)
    crap.log.info((tostring(e):gsub("\\nstack traceback.*", "")))
  end
end
function M.queues() crap.tx.on_commit("hooks.effects.queues") end
function M.fails()
  crap.tx.on_commit("hooks.effects.fails") crap.tx.on_commit("hooks.effects.fails_grouped") crap.tx.on_commit(tell, "after")
end
function M.reads() crap.collections.count("docs") crap.tx.on_commit(tell, "read only") end
function M.overtaken()
  crap.tx.on_commit(tell, "once") crap.tx.on_rollback(tell, "once")
  crap.collections.count("docs")
  crap.collections.create("docs", { name = "mine" }, { hooks = false })
end
function M.endless() crap.tx.on_commit("hooks.effects.endless") crap.tx.on_commit(tell) end
function M.inner() crap.tx.on_commit("hooks.effects.again") end
function M.rights() crap.tx.on_commit("hooks.effects.plain") end
function M.pool()
  crap.collections.create("docs", { name = "one" })
  crap.log.info("told: " .. math.tointeger(crap.collections.count("told")))
  pcall(crap.collections.create, "docs", { name = "bad" })
  crap.log.info("told: " .. math.tointeger(crap.collections.count("told")))
  pcall(crap.transaction, function() crap.collections.create("docs", { name = "two" }) error("x") end)
  error("does not undo what was committed")
end
function M.outside() crap.tx.on_commit(tell) end
return M`,
  'hooks/init.lua': `return { good = function() crap.tx.on_commit("hooks.effects.tell", "init") crap.tx.on_rollback("hooks.effects.tell", "init") end,
    bad = function() crap.tx.on_rollback("hooks.effects.tell", "init") error("no start") end }`,
};

describe.each(engines)('$name', (engine: Engine) => {
  let folder: ProjectFolder;
  let project: CheckedProject;
  let database: Database;
  let options: ExecutorOptions;
  let lines: LogLine[];
  const queue = new FairWriteQueue();
  /** Called once, when a run has asked for the write queue, before it gets it. */
  let between: (() => void) | undefined;
  const interrupted: WriteQueue = {
    request(owner) {
      const { reason, start, cancel } = queue.request(owner);
      return {
        reason,
        start: () => {
          between?.();
          between = undefined;
          return start();
        },
        ...(cancel && { cancel }),
      };
    },
  };

  beforeEach(async () => {
    folder = await createProject(FILES);
    project = await checkProject(folder.dir);
    expect(project.problems.filter((problem) => problem.severity === 'error')).toEqual([]);
    database = openDatabase({ path: join(folder.dir, 'data', 'crap.db'), create: true });
    await runAsync(
      writeTransaction(database, noQueue, 'test', function* (db): Op<void> {
        yield* migrate(db);
        yield* syncSchema(db, project.registry, contentSettings(project.config, project.generation));
      }),
    );
    lines = [];
    const { config: crap, moonlighter, generation, dir: projectDir } = project;
    const log = (line: LogLine) => lines.push(line);
    options = executorOptions({ engine, projectDir, databasePath: database.path, crap, moonlighter, generation, queue: interrupted, log });
  });
  afterEach(async () => {
    options.slots.close();
    options.connections.close();
    database.close();
    await folder.dispose();
  });

  const told = () => database.all('SELECT text FROM told ORDER BY rowid').map((row) => row['text']);
  const docs = () => database.all('SELECT name FROM docs ORDER BY name').map((row) => row['name']);
  const texts = () => lines.map((line) => line.text);

  /** Presses the stop button when the run writes this line. */
  function stoppedBy(text: string, reason: 'timed_out' | 'released'): Partial<Assignment> {
    const control = new RunControl();
    const log = (line: LogLine) => {
      lines.push(line);
      if (line.text === text) control.stop(reason);
    };
    return { control, watcher: { log } };
  }

  async function execute(slug: string, more: Partial<Assignment> = {}): Promise<RunReport> {
    const executor = new Executor(options);
    const job = project.registry.jobs.get(slug)!;
    const run = { id: 'r1', slug, queue: 'default', data: '{}', claim: 1, attempt: 1, maxAttempts: 1, createdAt: 0 } as ClaimedRun;
    const watcher = { log: (line: LogLine) => lines.push(line) };
    const report = await executor.execute({ run, job, timeoutMs: 5_000, control: new RunControl(), watcher, unrecorded: true, ...more });
    await executor.settled();
    return report;
  }

  it('calls on_commit functions in order, after the commit, with data, outcome and options', async () => {
    expect(await execute('order')).toMatchObject({ outcome: 'completed', committed: true });
    expect(texts()).toContain('seen before: 0');
    expect(told()).toEqual([
      'committed [1,"no options"] docs=1',
      'committed [{"two":2},"no options"] docs=1',
      'committed ["no data","no options"] docs=1',
    ]);
  });

  it('calls on_rollback functions when the handler raised, after everything was undone', async () => {
    expect(await execute('raises')).toMatchObject({ outcome: 'failed' });
    expect(told()).toEqual(['rolled_back ["undone","no options"] docs=0']);
  });

  it('calls on_commit of a run that only read, too', async () => {
    await execute('reads');
    expect(told()).toEqual(['committed ["read only","no options"] docs=0']);
  });

  it('calls on_rollback when the claim was lost', async () => {
    // There is no such row: the fence refuses the completion.
    expect(await execute('nested', { unrecorded: false })).toMatchObject({ outcome: 'completed', committed: false });
    expect(told()).toEqual(['rolled_back [{"name":"good"},{"from":"hook"}] docs=0']);
  });

  it('calls on_rollback of a run that was stopped in a slot of its own, after the run was reported', async () => {
    expect(await execute('spins', stoppedBy('spinning', 'timed_out'))).toMatchObject({ outcome: 'timed_out' });
    expect(told()).toEqual(['rolled_back ["stopped","no options"] docs=0']);
  });

  it('ends a function within the stop of its run, and says that not all were called', async () => {
    expect(await execute('endless', stoppedBy('effect begun', 'released'))).toMatchObject({ outcome: 'completed', committed: true });
    expect(texts().at(-1)).toBe('functions registered with crap.tx were not all called: the run was stopped');
    expect(told()).toEqual([]);
  });

  it('attaches what nested transactions and hooks register to the outermost transaction', async () => {
    await execute('nested');
    expect(texts()).toContain('seen before: 0');
    expect(told()).toEqual([
      'committed ["outer","no options"] docs=1',
      'committed ["inner","no options"] docs=1',
      'committed [{"name":"good"},"no options"] docs=1',
    ]);
  });

  it('forgets what a call registered that failed and was caught, as its writes', async () => {
    await execute('caught');
    expect(texts()).toContain('falsefalse');
    expect(told()).toEqual(['committed ["kept","no options"] docs=0']);
  });

  it('forgets what a passage registered that is executed again after a conflict', async () => {
    const other = openDatabase({ path: database.path });
    let passages = 0;
    between = () => {
      passages++;
      other.run("INSERT INTO docs (id, name) VALUES ('other', 'other')");
    };
    expect(await execute('overtaken')).toMatchObject({ outcome: 'completed', committed: true });
    other.close();
    expect(passages).toBe(1);
    expect(docs()).toEqual(['mine', 'other']);
    expect(told()).toEqual(['committed ["once","no options"] docs=2']);
  });

  it('raises what cannot be registered where it is registered', async () => {
    expect(await execute('refs')).toMatchObject({ outcome: 'completed' });
    const expected = 'runtime error: crap.tx.on_commit: expected the name of a function ("module.function"), or { ref, options }; got';
    expect(texts()).toEqual([
      "Function 'missing' not found in module 'hooks.effects'",
      "Failed to require module 'hooks.nowhere'",
      "Hook ref 'nodots' must be module.function format",
      `${expected} function`,
      `${expected} nil`,
      'runtime error: Invalid float value',
    ]);
    expect(told()).toEqual([]);
  });

  it('logs what a function raises, undoes what that call wrote, and calls the others', async () => {
    expect(await execute('fails')).toMatchObject({ outcome: 'completed', committed: true });
    expect(texts().filter((text) => text.startsWith('crap.tx.on_commit'))).toEqual([
      expect.stringMatching(/^crap\.tx\.on_commit 'hooks\.effects\.fails' failed: runtime error: .*hooks\/effects\.lua:\d+: boom$/),
      expect.stringMatching(/^crap\.tx\.on_commit 'hooks\.effects\.fails_grouped' failed: runtime error: .*: grouped boom$/),
    ]);
    expect(told()).toEqual(['undone', 'committed ["after","no options"] docs=0']);
  });

  it('tells the host of runs that a function queued', async () => {
    expect(await execute('queues')).toMatchObject({ queued: true });
    expect(database.all('SELECT slug FROM _crap_jobs')).toEqual([{ slug: 'noop' }]);
  });

  it('gives a function the rights of the place that registered it, and a transaction of its own to register in', async () => {
    await execute('rights');
    expect(told()).toEqual(['plain committed']);
    await execute('inner');
    expect(told()).toEqual(['plain committed', 'plain committed']);
  });

  it('settles each call by itself where each is a transaction of its own', async () => {
    expect(await execute('pool')).toMatchObject({ outcome: 'failed' });
    expect(docs()).toEqual(['one']);
    expect(texts().filter((text) => text.startsWith('told'))).toEqual(['told: 1', 'told: 2']);
    expect(told()).toEqual([
      'committed [{"name":"one"},"no options"] docs=1',
      'rolled_back [{"name":"bad"},{"from":"hook"}] docs=1',
      'rolled_back [{"name":"two"},{"from":"hook"}] docs=1',
    ]);
  });

  it('refuses to register where no transaction is open', async () => {
    const { error } = await execute('outside');
    expect(error).toMatchObject({
      code: 'NO_TRANSACTION',
      message: expect.stringContaining('crap.tx.on_commit: no transaction is open here'),
    });
  });

  it('works in on_init, for its common transaction', async () => {
    await runOnInit(options, ['hooks.init.good']);
    await expect(runOnInit(options, ['hooks.init.good', 'hooks.init.bad'])).rejects.toThrow('no start');
    expect(told()).toEqual([
      'committed ["init","no options"] docs=0',
      'rolled_back ["init","no options"] docs=0',
      'rolled_back ["init","no options"] docs=0',
    ]);
  });
});

describe('commands in the foreground', () => {
  it('call what a chunk registered after its commit, and nothing where all is rolled back on purpose', async () => {
    const folder = await createProject(FILES);
    const project = await checkProject(folder.dir);
    const database = openDatabase({ path: join(folder.dir, 'data', 'crap.db'), create: true });
    await runAsync(
      writeTransaction(database, noQueue, 'test', function* (db): Op<void> {
        yield* migrate(db);
        yield* syncSchema(db, project.registry, contentSettings(project.config, project.generation));
      }),
    );
    const executor = await createLocalExecutor(project, database.path);
    const told = () => database.all('SELECT text FROM told').map((row) => row['text']);
    const chunk = (text: string) => (session: { vm: { execute(source: string, name: string): Op<unknown> } }) =>
      session.vm.execute(text, '=eval');
    try {
      const register = 'crap.tx.on_commit("hooks.effects.tell", "eval") crap.tx.on_rollback("hooks.effects.tell", "eval")';
      await executor.transaction(chunk(register), { rollback: true });
      expect(told()).toEqual([]);
      await executor.transaction(chunk(register));
      await expect(executor.transaction(chunk(`${register} error("no")`))).rejects.toThrow('no');
      expect(told()).toEqual(['committed ["eval","no options"] docs=0', 'rolled_back ["eval","no options"] docs=0']);
      await executor.runHandler('order', '{}', { rollback: true });
      expect(told()).toHaveLength(2);
      await executor.runHandler('raises', '{}');
      expect(told()).toHaveLength(3);
    } finally {
      executor.close();
      database.close();
      await folder.dispose();
    }
  });
});
