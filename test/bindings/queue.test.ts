/** crap.jobs.queue and crap.email.queue over a real database: order of checks, texts, options, access. */
import { afterEach, describe, expect, it } from 'vitest';
import type { JobDefinition } from '../../src/domain/job.js';
import { engines } from '../support/engines.js';
import { type Bench, Benches, type BenchOptions, NOW } from './support.js';

const job = (slug: string, change: Partial<JobDefinition> = {}): JobDefinition => ({
  slug,
  handler: { ref: 'jobs.x.run' },
  queue: 'default',
  retries: 2,
  timeout: 60,
  concurrency: 1,
  skipIfRunning: true,
  priority: 3,
  transaction: true,
  ...change,
});

const RULES = `
local M = {}
function M.allows(ctx) return ctx.user ~= nil and ctx.user.name == "ann" end
function M.denies() return false end
function M.nothing() end
function M.filter() return { a = 1 } end
function M.text() return "yes" end
function M.raises() error("job rule raised") end
function M.table() error({ why = "table" }) end
return M`;

describe.each(engines)('queueing on $name', (engine) => {
  const benches = new Benches();
  afterEach(() => benches.dispose());

  async function open(options: BenchOptions = {}, context = {}): Promise<Bench> {
    const bench = await benches.open(engine, { files: { 'access/rules.lua': RULES }, ...options });
    bench.session.registry.jobs.set('echo', job('echo'));
    for (const rule of ['allows', 'denies', 'nothing', 'filter', 'text', 'raises', 'missing']) {
      bench.session.registry.jobs.set(rule, job(rule, { access: { ref: `access.rules.${rule}` } }));
    }
    await bench.enter(context);
    return bench;
  }

  it('writes a run as the reference does, in the caller’s transaction', async () => {
    const bench = await open();
    const id = await bench.value('return crap.jobs.queue("echo", { user = "u1", n = 1, f = 1.0, list = {}, no = nil })');
    expect(id).toMatch(/^[\w-]{21}$/);
    expect(bench.queued).toEqual(['echo']);
    bench.commit();
    const [run, ...rest] = bench.runs();
    expect(rest).toEqual([]);
    expect(run).toMatchObject({
      id,
      slug: 'echo',
      status: 'pending',
      queue: 'default',
      attempt: 0,
      maxAttempts: 3,
      scheduledBy: 'hook',
      priority: 3,
      uniqueKey: null,
      createdAt: NOW,
      dueAt: NOW,
    });
    expect(JSON.parse(run!.data)).toEqual({ user: 'u1', n: 1, f: 1, list: {} });
    expect(run!.data).toContain('"f":1.0');
  });

  it('is gone when the transaction rolls back', async () => {
    const bench = await open();
    await bench.run('crap.jobs.queue("echo")');
    bench.rollback();
    expect(bench.runs()).toEqual([]);
  });

  it('stores {} without data, a list as a list, and copies', async () => {
    const bench = await open();
    await bench.run('crap.jobs.queue("echo") crap.jobs.queue("echo", { 1, 2 }) local d = { a = 1 } crap.jobs.queue("echo", d) d.a = 2');
    bench.commit();
    expect(
      bench
        .runs()
        .map((run) => run.data)
        .sort(),
    ).toEqual(['[1,2]', '{"a":1}', '{}']);
  });

  it('keeps runs queued before a caught error', async () => {
    const bench = await open();
    await bench.run('pcall(function() crap.jobs.queue("echo") error("after") end) pcall(crap.jobs.queue, "nope")');
    bench.commit();
    expect(bench.runs()).toHaveLength(1);
  });

  it.each([
    ['crap.jobs.queue()', 'bad argument #1: error converting Lua nil to String (expected string or number)'],
    ['crap.jobs.queue({})', 'bad argument #1: error converting Lua table to String (expected string or number)'],
    ['crap.jobs.queue("echo", "text")', 'bad argument #2: error converting Lua string to table'],
    ['crap.jobs.queue("echo", 5)', 'bad argument #2: error converting Lua integer to table'],
    ['crap.jobs.queue("nope")', "runtime error: Job 'nope' not defined"],
    ['crap.jobs.queue("")', "runtime error: Job '' not defined"],
    ['crap.jobs.queue("echo", { x = 0 / 0 })', 'runtime error: Invalid float value'],
    ['crap.jobs.queue("echo", { x = "\\xff" })', 'error converting Lua string to &str (invalid utf-8 sequence of 1 bytes from index 0)'],
    ['crap.jobs.queue("echo", { [true] = 1 })', 'error converting Lua boolean to String (expected string or number)'],
    [
      'local t = {} for _ = 1, 70 do t = { d = t } end crap.jobs.queue("echo", t)',
      /^runtime error: Table nesting exceeds maximum depth of 64/,
    ],
    ['local t = {} t.t = t crap.jobs.queue("echo", t)', /nest|depth|levels/],
    ['crap.jobs.queue("echo", {}, { priority = "high" })', 'runtime error: priority must be an integer (or omitted); got string'],
    ['crap.jobs.queue("echo", {}, { delay = -1 })', 'runtime error: delay must be non-negative; got -1'],
    [
      'crap.jobs.queue("echo", {}, { uniqe = "k" })',
      "runtime error: Unknown queue option key 'uniqe' (did you mean 'unique'?). Valid keys: priority, delay, run_at, unique, key, after, after_failure",
    ],
    [
      'crap.jobs.queue("echo", { x = ("x"):rep(1100000) })',
      "runtime error: data of job 'echo' has 1100008 bytes as JSON; at most 1048576 are allowed",
    ],
  ])('refuses %s', async (chunk, text) => {
    const bench = await open();
    const failure = await bench.failure(chunk);
    if (typeof text === 'string') expect(failure).toBe(text);
    else expect(failure).toMatch(text);
    bench.commit();
    expect(bench.runs()).toEqual([]);
  });

  it('takes priority, delay, run_at and unique', async () => {
    const bench = await open();
    const ids = await bench.run(`local q = crap.jobs.queue
      return q("echo", nil, { priority = 9, delay = "5m" }), q("echo", {}, { run_at = "2026-02-01T00:00:00Z" }), q("echo", {}, { unique = "k" }), q("echo", { other = 1 }, { unique = "k" })`);
    bench.commit();
    const runs = new Map(bench.runs().map((run) => [run.id, run]));
    expect(runs.size).toBe(3);
    expect(runs.get(ids[0] as string)).toMatchObject({ priority: 9, dueAt: NOW + 300_000 });
    expect(runs.get(ids[1] as string)).toMatchObject({ priority: 3, dueAt: Date.UTC(2026, 1, 1) });
    expect(ids[3]).toBe(ids[2]);
    expect(bench.queued).toEqual(['echo', 'echo', 'echo']);
  });

  it('needs a database context', async () => {
    const text =
      'crap.collections CRUD functions are only available inside hooks with transaction context (before_change, before_delete, etc.)';
    const bench = await benches.open(engine);
    expect(await bench.value('return type(crap.jobs.queue)')).toBe('function');
    expect(await bench.failure('crap.jobs.queue("nope")')).toBe(`runtime error: ${text}`);
    expect(await bench.failure('crap.email.queue({})')).toBe(`runtime error: ${text}`);
    expect(await (await benches.open(engine, { generation: 10 })).failure('crap.jobs.queue("nope")')).toContain('need a database context');
  });

  it('asks the access rule with the current user, where access is not given', async () => {
    const bench = await open({}, { overrideAccessByDefault: false, user: { id: 'u', name: 'ann' } });
    const denied = 'runtime error: Trigger access denied';
    expect(await bench.value('return #crap.jobs.queue("allows")')).toBe(21);
    expect(await bench.value('return #crap.jobs.queue("echo")')).toBe(21);
    for (const slug of ['denies', 'nothing', 'text']) expect(await bench.failure(`crap.jobs.queue("${slug}")`)).toBe(denied);
    expect(await bench.failure('crap.jobs.queue("filter")')).toBe(
      "runtime error: Access hook for job 'filter' returned a filter table; job access is trigger-only — return true/false based on ctx.user fields instead.",
    );
    expect(await bench.failure('crap.jobs.queue("raises")')).toMatch(
      /^runtime error: access check error: runtime error: .*access\/rules\.lua:8: job rule raised$/,
    );
    expect(await bench.failure('crap.jobs.queue("missing")')).toBe(
      "runtime error: access check error: Function 'missing' not found in module 'access.rules'",
    );
    expect(bench.lines.map((line) => line.text)).toEqual([
      "Access function 'access.rules.text' returned unexpected type 'string', denying access",
    ]);
    bench.commit();
    expect(bench.runs()).toHaveLength(2);
  });

  it('does not ask in code with full access, and refuses without a user', async () => {
    const full = await open({}, { overrideAccessByDefault: true });
    expect(await full.value('return #crap.jobs.queue("denies")')).toBe(21);
    const nobody = await open({}, { overrideAccessByDefault: false });
    expect(await nobody.failure('crap.jobs.queue("allows")')).toBe('runtime error: Trigger access denied');
  });

  it('queues mails as the system’s runs', async () => {
    const bench = await open();
    await bench.run(
      'crap.email.queue({ to = "a@example.com", subject = "S", html = "<p>x</p>", retries = 1 }) crap.email.queue({ to = "b@example.com", subject = 5, html = "h", text = "t" })',
    );
    bench.commit();
    const runs = bench.runs();
    expect(runs.map((run) => `${run.slug} ${run.queue} ${run.scheduledBy}`)).toEqual([
      '_system_email email system',
      '_system_email email system',
    ]);
    expect(runs.map((run) => run.maxAttempts).sort()).toEqual([2, 4]);
    expect(runs.map((run) => run.data)).toContain('{"to":"b@example.com","subject":"5","html":"h","text":"t"}');
  });

  it.each([
    ['{}', 'error converting Lua table to u32 (expected number or string coercible to number)'],
    ['"many"', 'error converting Lua string to u32 (expected number or string coercible to number)'],
    ['-1', 'error converting Lua integer to u32 (out of range)'],
  ])('refuses retries = %s of a mail', async (retries, text) => {
    const bench = await open();
    expect(await bench.failure(`crap.email.queue({ to = "a@b.c", subject = "s", html = "h", retries = ${retries} })`)).toBe(text);
  });

  it('takes retries as text, and refuses a mail that is too long', async () => {
    const bench = await open();
    await bench.run('crap.email.queue({ to = "a@b.c", subject = "s", html = "h", retries = "0" })');
    expect(await bench.failure('crap.email.queue({ to = "a@b.c", subject = "s", html = ("x"):rep(1024 * 1024) })')).toMatch(
      /^runtime error: data of job '_system_email' has \d+ bytes as JSON; at most 1048576 are allowed$/,
    );
    bench.commit();
    expect(bench.runs().map((run) => run.maxAttempts)).toEqual([1]);
  });

  it('checks mails, and only logs them without a mail server', async () => {
    const bench = await open();
    expect(await bench.value('return crap.email.send({ to = "a@example.com", subject = "S", html = "h" })')).toBe(true);
    expect(bench.lines.map((line) => line.text).join()).toContain('to=a@example.com');
    expect(await bench.failure('crap.email.send()')).toBe('bad argument #1: error converting Lua nil to table');
    expect(await bench.failure('crap.email.send({})')).toBe('error converting Lua nil to String (expected string or number)');
    expect(await bench.failure('crap.email.queue({ to = "a\\nb", subject = "s", html = "h" })')).toBe(
      "runtime error: Email field 'to' contains forbidden control characters — header injection rejected",
    );
  });
});
