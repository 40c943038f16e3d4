import { afterEach, describe, expect, it } from 'vitest';
import { job, numbers, RunningHost } from './running.js';

let running: RunningHost | undefined;
afterEach(async () => {
  await running?.dispose();
  running = undefined;
});

const count = (host: RunningHost) => host.rows<{ n: number }>('SELECT COUNT(*) AS n FROM numbers')[0]!.n;

describe('a run and its effects', () => {
  it('executes a run, stores its result and tells both ends', async () => {
    running = await RunningHost.start({ ...job('echo', '', 'return { got = ctx.data.word, slug = ctx.job.slug, n = ctx.job.attempt }') });
    const [id] = await running.enqueue('echo', [{ word: 'hello' }]);
    await running.ended(1);
    expect(running.started[0]?.run.id).toBe(id);
    expect(running.finished[0]).toMatchObject({ outcome: 'completed', committed: true, next: 'completed' });
    expect(running.run(id!)).toMatchObject({ status: 'completed', attempt: 1, error: null });
    expect(JSON.parse(running.run(id!).result!)).toEqual({ got: 'hello', slug: 'echo', n: 1 });
  });

  it('takes rows whose data is no JSON as an empty table', async () => {
    running = await RunningHost.start({ ...job('echo', '', 'return { type = type(ctx.data), empty = next(ctx.data) == nil }') });
    const [id] = await running.enqueue('echo', [{}], { data: '{broken' });
    await running.ended(1);
    expect(JSON.parse(running.run(id!).result!)).toEqual({ type: 'table', empty: true });
  });

  it('gives a handler all keys of ctx.job under generation 10, and its options', async () => {
    running = await RunningHost.start({
      'moonlighter.toml': '[compat]\ngeneration = 10\n',
      'jobs/all.lua': `crap.jobs.define("all", { handler = { ref = "jobs.all.run", options = { a = 1 } }, queue = "fast", priority = 2 })
return { run = function(ctx) local j = ctx.job; j.options = ctx.options; return j end }`,
    });
    const [id] = await running.enqueue('all', [{}], { priority: 2 });
    await running.ended(1);
    expect(JSON.parse(running.run(id!).result!)).toMatchObject({
      id,
      slug: 'all',
      queue: 'fast',
      attempt: 1,
      max_attempts: 1,
      priority: 2,
      scheduled_by: 'system',
      options: { a: 1 },
    });
  });

  it('[ONCE] a handler that writes and raises leaves nothing; its run waits for its backoff, error and traceback stored', async () => {
    running = await RunningHost.start({
      'collections/numbers.lua': numbers,
      ...job('two', 'retries = 1', 'crap.collections.create("numbers", { number = 1 })\nerror("after the write")'),
    });
    const before = Date.now();
    const [id] = await running.enqueue('two');
    await running.ended(1);
    expect(count(running)).toBe(0);
    const run = running.run(id!);
    expect(run).toMatchObject({ status: 'pending', attempt: 1 });
    expect(run.dueAt - before).toBeGreaterThanOrEqual(5_000);
    expect(run.error).toMatch(/^runtime error: .*two\.lua:4: after the write\nstack traceback:\n/);
    expect(run.error!.match(/stack traceback/g)).toHaveLength(1);
  });

  it('[ONCE] runs that a handler queues appear with its commit and are picked up at once', async () => {
    running = await RunningHost.start({
      ...job('parent', '', 'crap.jobs.queue("child", { n = 1 })\nif ctx.data.fail then error("no") end'),
      ...job('child', '', 'return ctx.data.n'),
    });
    await running.enqueue('parent', [{ fail: true }]);
    await running.ended(1);
    expect(running.runs().map((run) => run.slug)).toEqual(['parent']);
    await running.enqueue('parent', [{ fail: false }]);
    await running.ended(3);
    expect(running.finished.at(-1)).toMatchObject({ outcome: 'completed', run: { slug: 'child' } });
  });

  it('[ONCE] 100 runs that count and then create make 1 to 100, each once, each in its first attempt', async () => {
    running = await RunningHost.start({
      'collections/numbers.lua': numbers,
      'moonlighter.toml': '[workers]\nthreads = 2\n',
      ...job(
        'next',
        'concurrency = 10',
        'local n = crap.collections.count("numbers")\ncrap.log.info("counted")\ncrap.collections.create("numbers", { number = n + 1 })\nreturn n + 1',
      ),
    });
    await running.enqueue('next', Array(100).fill({}));
    await running.ended(100);
    expect(running.finished.filter((e) => e.outcome !== 'completed').map((e) => e.error)).toEqual([]);
    expect(running.runs().every((run) => run.status === 'completed' && run.attempt === 1)).toBe(true);
    expect(running.log.filter((e) => e.line.text === 'counted')).toHaveLength(100);
    const found = running.rows<{ number: number }>('SELECT number FROM numbers ORDER BY number').map((row) => row.number);
    expect(found).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
  });

  it('[ONCE] a conflict after a call outside fails with WRITE_CONFLICT under the retry rules', async () => {
    running = await RunningHost.start({
      'collections/numbers.lua': numbers,
      'moonlighter.toml': '[workers]\nthreads = 1\n',
      ...job('slow', '', 'crap.collections.count("numbers")\ncrap.sleep(0.2)\ncrap.collections.create("numbers", { number = 1 })'),
      ...job('quick', '', 'crap.collections.create("numbers", { number = 2 })'),
    });
    const [slow] = await running.enqueue('slow');
    await running.until(() => running!.started.length === 1);
    await running.enqueue('quick');
    await running.ended(2);
    const end = running.finished.find((e) => e.run.id === slow);
    expect(end).toMatchObject({ outcome: 'failed', next: 'failed', error: { code: 'WRITE_CONFLICT' } });
    expect(end?.error?.message).toContain('sleep');
    expect(running.rows('SELECT number FROM numbers')).toEqual([{ number: 2 }]);
  });

  it('[ONCE] a run whose claim was taken while it executed leaves nothing', async () => {
    running = await RunningHost.start({
      'collections/numbers.lua': numbers,
      ...job('held', 'concurrency = 5', 'crap.sleep(0.15)\ncrap.collections.create("numbers", { number = 1 })'),
    });
    const [id] = await running.enqueue('held');
    await running.until(() => running!.started.length === 1);
    running.rows(`UPDATE _crap_jobs SET _ml_claim = _ml_claim + 1, _ml_host = 'other' WHERE id = '${id}' RETURNING id`);
    await running.ended(1);
    expect(running.finished[0]).toMatchObject({ outcome: 'completed', committed: false, next: 'unknown' });
    expect(count(running)).toBe(0);
    expect(running.run(id!)).toMatchObject({ status: 'running', host: 'other' });
  });

  it('transaction = false gives each call its own: what was written before an error stays', async () => {
    running = await RunningHost.start({
      'collections/numbers.lua': numbers,
      ...job('each', 'transaction = false', 'crap.collections.create("numbers", { number = 1 })\nerror("later")'),
      ...job('now', 'transaction = "immediate"', 'return crap.collections.count("numbers")'),
    });
    await running.enqueue('each');
    await running.ended(1);
    expect(count(running)).toBe(1);
    const [id] = await running.enqueue('now');
    await running.ended(2);
    expect(running.run(id!)).toMatchObject({ status: 'completed', result: '1' });
  });

  it('fails a run whose result has no JSON form or is too large, and writes nothing', async () => {
    running = await RunningHost.start({
      'collections/numbers.lua': numbers,
      ...job('nan', '', 'crap.collections.create("numbers", { number = 1 })\nreturn 0/0'),
      ...job('huge', '', 'crap.collections.create("numbers", { number = 2 })\nreturn string.rep("x", 1100000)'),
    });
    await running.enqueue('nan');
    await running.enqueue('huge');
    await running.ended(2);
    const by = new Map(running.finished.map((e) => [e.run.slug, e]));
    expect(by.get('nan')).toMatchObject({ outcome: 'failed' });
    expect(by.get('huge')).toMatchObject({ outcome: 'failed', error: { code: 'RESULT_TOO_LARGE' } });
    expect(count(running)).toBe(0);
  });

  it('stores what crap.log and print say with the attempt, also of one that is rolled back', async () => {
    running = await RunningHost.start({ ...job('talk', '', 'crap.log.info("one")\nprint("two")\nerror("three")') });
    const [id] = await running.enqueue('talk');
    await running.ended(1);
    const [attempt] = running.rows<{ log: string; outcome: string }>(`SELECT log, outcome FROM _ml_attempts WHERE run = '${id}'`);
    expect(attempt?.outcome).toBe('failed');
    expect((JSON.parse(attempt!.log) as { text: string }[]).map((line) => line.text)).toEqual(['one', 'two']);
    expect(running.log.filter((e) => e.run === id).map((e) => e.line.text)).toEqual(['one', 'two']);
  });
});
