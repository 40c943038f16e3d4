/** crap.jobs.list, get_run, list_runs, cancel_run of the later generation. */
import { afterEach, describe, expect, it } from 'vitest';
import type { JobDefinition } from '../../src/domain/job.js';
import { engines } from '../support/engines.js';
import { type Bench, Benches, NOW } from './support.js';

const job = (slug: string, access?: string): JobDefinition => ({
  slug,
  handler: { ref: `jobs.${slug}.run` },
  queue: 'default',
  retries: 2,
  timeout: 60,
  concurrency: 1,
  skipIfRunning: true,
  priority: 3,
  transaction: true,
  ...(access !== undefined && { access: { ref: access } }),
});

const RULES = `
return {
  reads = function(ctx) return ctx.operation == "read" end,
  nobody = function() return false end,
  filter = function() return {} end,
}`;

describe.each(engines)('runs as Lua sees them on $name', (engine) => {
  const benches = new Benches();
  afterEach(() => benches.dispose());

  async function open(generation: 8 | 10 = 10): Promise<Bench> {
    const bench = await benches.open(engine, { generation, files: { 'access/rules.lua': RULES } });
    const { jobs } = bench.session.registry;
    jobs.set('echo', job('echo'));
    jobs.set('looked_at', job('looked_at', 'access.rules.reads'));
    jobs.set('hidden', job('hidden', 'access.rules.nobody'));
    jobs.set('misused', job('misused', 'access.rules.filter'));
    await bench.enter();
    return bench;
  }

  /** The same bench with the rules enforced. */
  async function enforce(bench: Bench): Promise<void> {
    bench.commit();
    await bench.enter({ overrideAccessByDefault: false, user: { id: 'u1' } });
  }

  it('are not there in the earlier generation', async () => {
    const bench = await open(8);
    expect(await bench.run('return crap.jobs.list, crap.jobs.get_run, crap.jobs.list_runs, crap.jobs.cancel_run')).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('gives the definitions by slug', async () => {
    const bench = await open();
    const text = await bench.value(`
      local out = {}
      for i, j in ipairs(crap.jobs.list()) do out[i] = table.concat({ j.slug, j.handler, j.queue, j.retries, j.timeout, j.concurrency, tostring(j.skip_if_running), j.priority }, " ") end
      return table.concat(out, "\\n")`);
    expect(String(text).split('\n')).toEqual(
      ['echo', 'hidden', 'looked_at', 'misused'].map((slug) => `${slug} jobs.${slug}.run default 2 60 1 true 3`),
    );
  });

  it('gives one run, or nil', async () => {
    const bench = await open();
    const created = new Date(Math.floor(NOW / 1000) * 1000).toISOString().slice(0, 19);
    const results = await bench.run(`
      local id = crap.jobs.queue("echo", { n = 1, list = { 1, 2 } }, { unique = "k", priority = 9 })
      local r = crap.jobs.get_run(id)
      return r.id == id, r.slug, r.status, r.queue, r.data.n, #r.data.list, r.result, r.error, r.attempt, r.max_attempts, r.priority, r.unique_key,
        r.scheduled_by, r.created_at:sub(1, 19), r.started_at, r.completed_at, crap.jobs.get_run("nobody")`);
    expect(results).toEqual([
      true,
      'echo',
      'pending',
      'default',
      1,
      2,
      undefined,
      undefined,
      0,
      3,
      9,
      'k',
      'hook',
      created,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('lists runs by slug and status, a page at a time, and counts all of them', async () => {
    const bench = await open();
    const page = async (options: string) =>
      bench.value(`
        local r = crap.jobs.list_runs(${options})
        local out = {}
        for i, run in ipairs(r.runs) do out[i] = run.slug .. run.data.n end
        return table.concat(out, " ") .. " of " .. r.total`);
    await bench.run('for n = 1, 60 do crap.jobs.queue("echo", { n = n }) end crap.jobs.queue("hidden", { n = 0 })');
    expect(await page('{ slug = "hidden" }')).toBe('hidden0 of 1');
    expect(await page('{ slug = "echo", limit = 2, offset = 1 }')).toBe('echo2 echo3 of 60');
    expect(await page('{ limit = 0 }')).toBe(' of 61');
    expect(await page('{ status = "completed" }')).toBe(' of 0');
    expect(await page('{ status = "nonsense" }')).toBe(' of 0');
    expect(await page('{ slug = "removed" }')).toBe(' of 0');
    expect(await bench.value('return #crap.jobs.list_runs().runs')).toBe(50);
  });

  it.each([
    ['{ stauts = "pending" }', "Unknown list_runs option key 'stauts' (did you mean 'status'?). Valid keys: slug, status, limit, offset"],
    ['{ limit = "ten" }', 'limit must be an integer (or omitted); got string'],
    ['{ offset = 0.5 }', 'offset must be an integer (or omitted); got number'],
    ['{ slug = 5 }', 'slug must be a string (or omitted); got integer'],
  ])('refuses %s', async (options, text) => {
    const bench = await open();
    expect(await bench.failure(`crap.jobs.list_runs(${options})`)).toBe(`runtime error: ${text}`);
  });

  it('cancels what is pending, once', async () => {
    const bench = await open();
    expect(
      await bench.run(`
        local id = crap.jobs.queue("echo", {}, { unique = "k" })
        local first, second, none = crap.jobs.cancel_run(id), crap.jobs.cancel_run(id), crap.jobs.cancel_run("nobody")
        return first, second, none, crap.jobs.get_run(id).status, crap.jobs.queue("echo", {}, { unique = "k" }) ~= id`),
    ).toEqual([true, false, false, 'cancelled', true]);
    bench.commit();
    expect(bench.runs().map((run) => [run.status, run.completedAt])).toEqual([
      ['cancelled', NOW],
      ['pending', null],
    ]);
  });

  it('hides what the rules deny, and refuses to cancel what may only be read', async () => {
    const bench = await open();
    const ids = await bench.run(
      'return crap.jobs.queue("echo"), crap.jobs.queue("looked_at"), crap.jobs.queue("hidden"), crap.jobs.queue("misused")',
    );
    await enforce(bench);
    expect(
      await bench.value('local out = {} for i, j in ipairs(crap.jobs.list()) do out[i] = j.slug end return table.concat(out, " ")'),
    ).toBe('echo looked_at');
    expect(await bench.value('return crap.jobs.list_runs().total')).toBe(2);
    const seen = await Promise.all(ids.map((id) => bench.value(`return crap.jobs.get_run("${id}") ~= nil`)));
    expect(seen).toEqual([true, true, false, false]);
    expect(await bench.value(`return crap.jobs.cancel_run("${ids[2]}")`)).toBe(false);
    expect(await bench.failure(`crap.jobs.cancel_run("${ids[1]}")`)).toBe('runtime error: Trigger access denied');
    expect(await bench.value(`return crap.jobs.cancel_run("${ids[0]}")`)).toBe(true);
  });

  it('hides mails and the runs of removed jobs', async () => {
    const bench = await open();
    const mail = await bench.value('return crap.email.queue({ to = "a@example.com", subject = "secret link", html = "h" })');
    const id = await bench.value('return crap.jobs.queue("echo")');
    bench.session.registry.jobs.delete('echo');
    expect(
      await bench.run(
        `return crap.jobs.get_run("${mail}"), crap.jobs.get_run("${id}"), crap.jobs.list_runs().total, crap.jobs.cancel_run("${mail}")`,
      ),
    ).toEqual([undefined, undefined, 0, false]);
  });

  it('needs a database context', async () => {
    const bench = await benches.open(engine, { generation: 10 });
    for (const call of ['list()', 'get_run("x")', 'list_runs()', 'cancel_run("x")']) {
      expect(await bench.failure(`crap.jobs.${call}`)).toContain('need a database context');
    }
  });
});
