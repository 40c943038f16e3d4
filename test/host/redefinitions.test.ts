/** A script that defines a job anew changes the runs to come on every thread; limits and schedule stay as they were loaded. */
import { afterEach, describe, expect, it } from 'vitest';
import { engines } from '../support/engines.js';
import { RunningHost } from './running.js';

const FILES = {
  'jobs/work.lua': `local M = {}
    function M.first() return "first" end
    function M.second() return "second" end
    function M.change(ctx)
      crap.jobs.define("work", { handler = ctx.data.handler, retries = 4, queue = "other" })
      return crap.jobs.queue("work", {})
    end
    return M`,
  'jobs/a_define.lua': `crap.jobs.define("work", { handler = "jobs.work.first", concurrency = 4 })
    crap.jobs.define("change", { handler = "jobs.work.change" })`,
  'hooks/start.lua': `return { init = function() crap.jobs.define("work", { handler = "jobs.work.second", retries = 2 }) end }`,
};

describe.each(engines)('$name', ({ name }) => {
  let running: RunningHost | undefined;
  afterEach(async () => {
    await running?.dispose();
    running = undefined;
  });
  const start = async (onInit: boolean) => {
    const files = {
      ...FILES,
      'crap.toml': `[access]\ndefault_deny = false\n${onInit ? '[hooks]\non_init = ["hooks.start.init"]\n' : ''}`,
      'moonlighter.toml': `[lua]\nengine = "${name}"\n[workers]\nthreads = 2\n`,
    };
    running = await RunningHost.start(files);
    return running;
  };
  const results = (host: RunningHost, slug: string) =>
    host
      .runs()
      .filter((run) => run.slug === slug)
      .map((run) => JSON.parse(run.result ?? 'null') as unknown);

  it('on_init', async () => {
    const host = await start(true);
    await host.enqueue(
      'work',
      Array.from({ length: 8 }, () => ({})),
    );
    await host.ended(8);
    expect(results(host, 'work')).toEqual(Array(8).fill('second'));
  });

  it('a handler, also for what it queues and for threads that start later', async () => {
    const host = await start(false);
    await host.enqueue('work', [{}]);
    await host.ended(1);
    expect(results(host, 'work')).toEqual(['first']);
    await host.enqueue('change', [{ handler: 'jobs.work.second' }]);
    await host.ended(3);
    expect(
      host
        .runs()
        .filter((run) => run.slug === 'work')
        .map((run) => [run.queue, run.maxAttempts, run.result])
        .sort(),
    ).toEqual([
      ['default', 1, '"first"'],
      ['other', 5, '"second"'],
    ]);
    await host.enqueue(
      'work',
      Array.from({ length: 6 }, () => ({})),
    );
    await host.ended(9);
    expect(results(host, 'work').filter((result) => result === 'second')).toHaveLength(7);
  });
});
