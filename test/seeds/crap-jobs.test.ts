/** The page crap.jobs, statement by statement: a Lua project on a host. */
import { afterEach, describe, expect, it } from 'vitest';
import { createTestHost, type TestHost } from '../../src/testing.js';
import { createProject } from '../support/project.js';
import { MovingClock } from './moving-clock.js';

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

const FILES = {
  'collections/users.lua': `crap.collections.define("users", {
    fields = { { name = "email", type = "text" } },
    hooks = { after_change = { "hooks.welcome.after_change" } },
  })`,
  'collections/posts.lua': 'crap.collections.define("posts", { fields = { { name = "state", type = "text" } } })',
  'hooks/welcome.lua': `return { after_change = function(ctx)
    local id = crap.jobs.queue("send_welcome_email", { user_id = ctx.data.id, email = ctx.data.email })
    crap.log.info("Queued welcome email job: " .. id)
    if ctx.data.email == "refuse" then error("refused") end
    return ctx
  end }`,
  'jobs/welcome.lua': `crap.jobs.define("send_welcome_email", { handler = "jobs.welcome.run" })
    local M = {}
    function M.run(ctx)
      local result = crap.collections.find("posts", { where = { state = "expired" } })
      return { email = ctx.data.email, slug = ctx.job.slug, attempt = ctx.job.attempt, max = ctx.job.max_attempts,
        processed = result.pagination.totalDocs }
    end
    return M`,
  'jobs/digest.lua': `crap.jobs.define("send_digest", {
      handler = "jobs.digest.run", schedule = "0 8 * * 1", retries = 2, timeout = 120, queue = "mails",
      concurrency = 3, skip_if_running = false, labels = { singular = "Digest" },
    })
    return { run = function(ctx)
      local count = 0
      for _ in pairs(ctx.data) do count = count + 1 end
      return { fields = count }
    end }`,
  'jobs/fails.lua': `crap.jobs.define("fails", { handler = "jobs.fails.run", retries = 1, backoff = { 0 } })
    return { run = function(ctx) error("attempt " .. ctx.job.attempt .. " of " .. ctx.job.max_attempts) end }`,
};

async function start(more: Record<string, string> = {}, clock = new MovingClock()): Promise<TestHost<readonly []>> {
  const project = await createProject({ ...FILES, ...more });
  open.push(() => project.dispose());
  const made = await createTestHost({ project: project.dir, clock });
  open.push(() => made.stop());
  return made;
}

describe('define', () => {
  it('every key, and the default of each', async () => {
    const { host } = await start();
    const of = Object.fromEntries((await host.definitions()).map((job) => [job.slug, job]));
    expect(of['send_digest']).toMatchObject({
      schedule: '0 8 * * 1',
      queue: 'mails',
      retries: 2,
      timeout: 120,
      concurrency: 3,
      skip_if_running: false,
    });
    expect(of['send_welcome_email']).toMatchObject({ queue: 'default', retries: 0, timeout: 60, concurrency: 1, skip_if_running: true });
  });

  it('without a handler it is refused with file and line', async () => {
    await expect(start({ 'jobs/bare.lua': 'crap.jobs.define("bare", {})' })).rejects.toMatchObject({ name: 'ProjectError' });
  });

  it('a schedule runs on Mondays at eight, with empty data', async () => {
    const { advance } = await start({}, new MovingClock(new Date('2026-01-04T07:59:00Z')));
    const runs = await advance(8 * 86_400_000);
    expect(runs.map(({ slug, scheduled_by, data, result }) => [slug, scheduled_by, data, result])).toEqual([
      ['send_digest', 'cron', {}, { fields: 0 }],
    ]);
  });

  it('retries are further attempts; the handler sees which it is', async () => {
    const { host, drain } = await start();
    const { id } = await host.enqueue('fails' as never);
    await drain({ later: true });
    expect(await host.jobs.run(id)).toMatchObject({ status: 'failed', attempt: 2, error: expect.stringContaining('attempt 2 of 2') });
  });
});

describe('queue', () => {
  it('in a hook: the run comes with the transaction of the write, returns its id, and the handler has data, job and CRUD', async () => {
    const { host, drain } = await start();
    await host.collection('posts').create({ state: 'expired' });
    const user = await host.collection('users').create({ email: 'ada@example.org' });
    const [run] = await drain();
    expect(run).toMatchObject({
      slug: 'send_welcome_email',
      status: 'completed',
      scheduled_by: 'hook',
      data: { user_id: user.id, email: 'ada@example.org' },
      result: { email: 'ada@example.org', slug: 'send_welcome_email', attempt: 1, max: 1, processed: 1 },
    });
    expect(run?.id).toMatch(/^[\w-]{21}$/);
  });

  it('access: a rule that says no refuses it, and the write with it', async () => {
    const { host } = await start({
      'jobs/welcome.lua':
        'crap.jobs.define("send_welcome_email", { handler = "jobs.welcome.run", access = "access.rules.nobody" })\nreturn { run = function() end }',
      'access/rules.lua': 'return { nobody = function() return false end }',
    });
    await expect(host.collection('users').create({ email: 'ada@example.org' })).rejects.toThrow(/Trigger access denied/);
    expect(await host.jobs.runs()).toEqual([]);
  });

  it('goes with the write that is rolled back', async () => {
    const { host } = await start();
    await expect(host.collection('users').create({ email: 'refuse' })).rejects.toThrow(/refused/);
    expect(await host.jobs.runs()).toEqual([]);
  });

  it('without data the handler is given an empty table; an undefined slug is an error', async () => {
    const { host, drain } = await start();
    const [id] = await host.eval('return crap.jobs.queue("send_digest")');
    await drain();
    expect(await host.jobs.run(String(id))).toMatchObject({ data: {}, result: { fields: 0 } });
    await expect(host.eval('return crap.jobs.queue("nowhere")')).rejects.toThrow(/nowhere/);
  });

  it('outside a transaction, while definitions are loaded, it is refused', async () => {
    await expect(start({ 'init.lua': 'crap.jobs.queue("send_digest")' })).rejects.toMatchObject({ name: 'ProjectError' });
  });
});
