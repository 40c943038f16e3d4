import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contentSettings } from '../../src/bindings/content-context.js';
import type { Session } from '../../src/bindings/session.js';
import { syncSchema } from '../../src/content/sync.js';
import { runAsync, waitFor } from '../../src/domain/op.js';
import type { LogLine } from '../../src/domain/run.js';
import { checkProject } from '../../src/project/check-project.js';
import { type Database, openDatabase } from '../../src/store/sqlite/database.js';
import { migrate } from '../../src/store/sqlite/migrate.js';
import { noQueue, writeTransaction } from '../../src/store/sqlite/short-transaction.js';
import { createLocalExecutor, type LocalExecutor } from '../../src/worker/local.js';
import { createProject, type ProjectFolder } from '../support/project.js';

let folder: ProjectFolder;
let database: Database;
let executor: LocalExecutor;

beforeEach(async () => {
  folder = await createProject({
    'collections/numbers.lua': `crap.collections.define("numbers", {
  fields = { crap.fields.number({ name = "number", required = true, unique = true }) },
})`,
    'jobs/add.lua': `crap.jobs.define("add", { handler = "jobs.add.run", retries = 2 })
return { run = function(ctx)
  crap.log.info("adding")
  crap.collections.create("numbers", { number = ctx.data.n })
  crap.jobs.queue("add", { n = 2 })
  if ctx.data.loop then while true do end end
  if ctx.data.cycle then local t = {} t.self = t return t end
  return { n = ctx.data.n, attempt = ctx.job.attempt }
end }`,
  });
  const project = await checkProject(folder.dir);
  expect(project.problems.filter((problem) => problem.severity === 'error')).toEqual([]);
  database = openDatabase({ path: join(folder.dir, 'data', 'crap.db'), create: true });
  await runAsync(
    writeTransaction(database, noQueue, 'test', function* (db) {
      yield* migrate(db);
      yield* syncSchema(db, project.registry, contentSettings(project.config, project.generation));
    }),
  );
  executor = await createLocalExecutor(project, database.path);
});
afterEach(async () => {
  executor.close();
  database.close();
  await folder.dispose();
});

const numbers = () => database.all('SELECT number FROM numbers ORDER BY number').map((row) => row['number']);
const queued = () => database.all('SELECT slug FROM _crap_jobs').length;

describe('project code in the foreground', () => {
  it('runs a handler now and commits what it did, telling what was queued', async () => {
    const lines: LogLine[] = [];
    const told: string[] = [];
    const report = await executor.runHandler('add', '{"n":1}', { log: (line) => lines.push(line), onQueued: (slug) => told.push(slug) });
    expect(report).toMatchObject({ outcome: 'completed', committed: true });
    expect(JSON.parse(report.result ?? '')).toEqual({ attempt: 1, n: 1 });
    expect(lines.map((line) => line.text)).toEqual(['adding']);
    expect(told).toEqual(['add']);
    expect(numbers()).toEqual([1]);
    expect(queued()).toBe(1);
  });

  it('fails a run whose result holds itself, in the words of the reference', async () => {
    // Regression: letting go of the functions in a result followed the cycle until the stack was full.
    const report = await executor.runHandler('add', '{"n":1,"cycle":true}');
    expect(report).toMatchObject({ outcome: 'failed', committed: false });
    expect(report.error?.message).toMatch(/^Table nesting exceeds maximum depth of 64/);
  });

  it('undoes everything of a dry run', async () => {
    const told: string[] = [];
    const report = await executor.runHandler('add', '{"n":1}', { rollback: true, onQueued: (slug) => told.push(slug) });
    expect(report.outcome).toBe('completed');
    // Regression: the order of keys is Lua's, which differs from state to state.
    expect(JSON.parse(report.result ?? '')).toEqual({ attempt: 1, n: 1 });
    expect([numbers(), queued(), told]).toEqual([[], 0, []]);
  });

  it('[STOP] ends a foreground handler at its timeout', async () => {
    const report = await executor.runHandler('add', '{"n":1,"loop":true}', { timeout: 0.2 });
    expect(report).toMatchObject({ outcome: 'timed_out', error: { message: 'timeout after 0.2s' } });
    expect(numbers()).toEqual([]);
  });

  it('does not know a job that is not defined', async () => {
    await expect(executor.runHandler('nope', '{}')).rejects.toMatchObject({ code: 'JOB_UNKNOWN', message: "Job 'nope' not defined" });
  });

  it('executes a body in one transaction, again as a writer when another commit came between', async () => {
    let passages = 0;
    const seen = await executor.transaction(function* (session) {
      passages++;
      const [before] = yield* session.vm.execute('return crap.collections.count("numbers")', '=test');
      // Another program commits after the first passage has read.
      if (passages === 1) database.run("INSERT INTO numbers (id, number) VALUES ('other', 7)");
      yield* session.vm.execute('crap.collections.create("numbers", { number = 8 })', '=test');
      return before;
    });
    expect([passages, seen]).toEqual([2, 1]);
    expect(numbers()).toEqual([7, 8]);
  });

  it('rolls back a body that throws, and one that is asked to', async () => {
    const failing = executor.transaction((session) =>
      session.vm.execute('crap.collections.create("numbers", { number = 8 }) error("no")', '=test'),
    );
    await expect(failing).rejects.toThrow(/no/);
    await executor.transaction((session) => session.vm.execute('crap.collections.create("numbers", { number = 9 })', '=test'), {
      rollback: true,
    });
    expect(numbers()).toEqual([]);
  });

  it('[STOP] stops a body when its signal aborts', async () => {
    const abort = new AbortController();
    const running = executor.transaction((session) => session.vm.execute('crap.sleep(60)', '=test'), { signal: abort.signal });
    setImmediate(() => abort.abort());
    await expect(running).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('Regression: [STOP] does nothing when its signal was aborted before it began', async () => {
    let begun = false;
    // biome-ignore lint/correctness/useYield: a body that does not wait
    const body = function* () {
      begun = true;
    };
    await expect(executor.transaction(body, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(begun).toBe(false);
  });

  it('Regression: a call that is stopped while it waits to write does not keep the others from writing', async () => {
    const create = (session: Session, n: number) => session.vm.execute(`crap.collections.create("numbers", { number = ${n} })`, '=test');
    const abort = new AbortController();
    const held = new Promise((resolve) => abort.signal.addEventListener('abort', resolve));
    const first = executor.transaction(function* (session) {
      yield* create(session, 1);
      yield* waitFor({ reason: 'test', start: () => held });
    });
    const second = executor.transaction(
      function* (session) {
        const creating = create(session, 2);
        for (let step = creating.next(); !step.done; step = creating.next(yield step.value)) {
          if (step.value.reason === 'write_queue') setImmediate(() => abort.abort());
        }
      },
      { signal: abort.signal },
    );
    const stopped = expect(second).rejects.toMatchObject({ code: 'CANCELLED' });
    await Promise.all([first, stopped]);
    await executor.transaction((session) => create(session, 3));
    expect(numbers()).toEqual([1, 3]);
  });
});
