import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/domain/clock.js';
import type { Host } from '../../src/host/host.js';
import { loadProject } from '../../src/host/load-project-thread.js';
import { createProject } from '../support/project.js';
import { job, numbers, RunningHost } from './running.js';

let running: RunningHost | undefined;
afterEach(async () => {
  await running?.dispose();
  running = undefined;
});

describe('host', () => {
  it('runs on_init once, in one transaction, before anything is claimed', async () => {
    running = await RunningHost.start({
      'crap.toml': '[access]\ndefault_deny = false\n[hooks]\non_init = ["hooks.init.first", "hooks.init.second"]\n',
      'moonlighter.toml': '[workers]\nthreads = 2\n',
      'collections/numbers.lua': numbers,
      'hooks/init.lua': `
local M = {}
function M.first(ctx) crap.collections.create("numbers", { number = 1 }, { overrideAccess = true }) end
function M.second(ctx) crap.jobs.queue("after", { operation = ctx.operation }) end
return M`,
      ...job('after', '', 'return ctx.data.operation'),
    });
    await running.ended(1);
    expect(running.rows('SELECT number FROM numbers')).toEqual([{ number: 1 }]);
    expect(running.runs()).toMatchObject([{ slug: 'after', result: '"init"' }]);
  });

  it('does not start when on_init fails, and leaves nothing of it', async () => {
    running = await RunningHost.prepare({
      'crap.toml': '[access]\ndefault_deny = false\n[hooks]\non_init = ["hooks.init.first"]\n',
      'collections/numbers.lua': numbers,
      'hooks/init.lua': `return { first = function() crap.collections.create("numbers", { number = 1 }, { overrideAccess = true }); error("not today") end }`,
    });
    await expect(running.host.start()).rejects.toMatchObject({ code: 'ON_INIT_FAILED' });
    await expect(running.host.start()).rejects.toMatchObject({ code: 'HOST_STARTED' });
    expect(running.rows('SELECT number FROM numbers')).toEqual([]);
    expect(running.rows('SELECT id FROM _ml_hosts')).toEqual([]);
  });

  it('Regression: says of an on_init that is denied access how it gets it, instead of how any other is mended', async () => {
    running = await RunningHost.prepare({
      'crap.toml': '[access]\ndefault_deny = true\n[hooks]\non_init = ["hooks.init.first"]\n',
      'collections/numbers.lua': numbers,
      'hooks/init.lua': 'return { first = function() crap.collections.count("numbers") end }',
    });
    const remedy = expect.stringContaining('overrideAccess = true');
    await expect(running.host.start()).rejects.toMatchObject({ code: 'ON_INIT_FAILED', remedy });
  });

  it('Regression: a stop during the start ends the start and leaves nothing running', async () => {
    let stopping: Promise<void> | undefined;
    let host: Host | undefined;
    const stop = () => {
      stopping ??= host?.stop('changed my mind');
    };
    // The clock is read for the first time when the host writes its row, in the middle of the start.
    const clock = {
      ...systemClock,
      now: () => {
        stop();
        return Date.now();
      },
    };
    running = await RunningHost.prepare(
      { ...job('a', '', 'return 1') },
      { clock, workerEntry: new URL('./stub-thread.mjs', import.meta.url) },
    );
    host = running.host;
    const told: string[] = [];
    for (const name of ['host:started', 'host:stopped'] as const) host.events.on(name, () => told.push(name));
    await expect(host.start()).rejects.toMatchObject({ code: 'HOST_STOPPED' });
    await stopping;
    expect(told).toEqual(['host:stopped']);
    expect(host.stats.workers).toBe(0);
    expect(running.rows('SELECT id FROM _ml_hosts')).toEqual([]);
  });

  it('[CAPS] keeps the concurrency of a job while its runs wait', async () => {
    running = await RunningHost.start({ ...job('nap', 'concurrency = 2', 'crap.sleep(0.03)') });
    let most = 0;
    running.host.events.on('attempt:started', () => {
      most = Math.max(most, running!.runs().filter((run) => run.status === 'running').length);
    });
    await running.enqueue('nap', Array(8).fill({}));
    await running.ended(8);
    expect(most).toBe(2);
  });

  it('[FAIR] a backlog of one job does not block another', async () => {
    running = await RunningHost.start({ ...job('slow', '', 'crap.sleep(0.2)'), ...job('other', '', 'return 1') });
    await running.enqueue('slow', Array(200).fill({}));
    const [other] = await running.enqueue('other');
    await running.until(() => running!.finished.some((e) => e.run.id === other));
    expect(running.finished.length).toBeLessThan(5);
  });

  it('[TICK] a schedule by the second runs, and the ledger knows each instant', async () => {
    running = await RunningHost.start({ ...job('often', 'schedule = "* * * * * *"', 'return 1') });
    await running.ended(2);
    const ledger = running.rows<{ at: number; outcome: string }>("SELECT at, outcome FROM _ml_ticks WHERE outcome = 'run' ORDER BY at");
    expect(ledger.length).toBeGreaterThanOrEqual(2);
    expect(ledger.every((tick) => tick.at % 1000 === 0)).toBe(true);
    expect(running.runs()[0]).toMatchObject({ scheduledBy: 'cron', data: '{}' });
    expect(running.rows('SELECT slug FROM _crap_cron_fired')).toEqual([{ slug: 'often' }]);
  });

  it('drains: ends when nothing is due and nothing runs, leaving what waits for later', async () => {
    running = await RunningHost.prepare({ ...job('a', '', 'return 1'), ...job('bad', 'retries = 3', 'error("no")') }, { drain: true });
    await running.enqueue('a', [{}, {}, {}]);
    await running.enqueue('a', [{}], { dueAt: Date.now() + 3_600_000 });
    await running.enqueue('bad');
    await running.host.start();
    await running.host.drained;
    await running.host.stop('drained');
    const statuses = running.runs().map((run) => `${run.slug} ${run.status}`);
    expect(statuses.sort()).toEqual(['a completed', 'a completed', 'a completed', 'a pending', 'bad pending']);
  });

  it('[BOUNDARY] a file broken while the host runs gives back what needs it; the runs beside go on', async () => {
    running = await RunningHost.start({
      'moonlighter.toml': '[workers]\nthreads = 1\n',
      ...job('long', '', 'crap.sleep(0.5)\nreturn 1'),
      ...job('other', '', 'return 2'),
    });
    const [long] = await running.enqueue('long');
    await running.until(() => running!.started.length === 1);
    await running.folder.write({ 'jobs/other.lua': 'this is not Lua' });
    const [other] = await running.enqueue('other');
    await running.ended(2);
    const by = new Map(running.finished.map((e) => [e.run.id, e]));
    expect(by.get(other!)).toMatchObject({ outcome: 'released', next: 'pending', error: { code: 'PROJECT_INVALID' } });
    expect(by.get(long!)).toMatchObject({ outcome: 'completed' });
    expect(running.run(other!)).toMatchObject({ status: 'pending', attempt: 0 });
    expect(running.run(other!).dueAt - Date.now()).toBeGreaterThan(5_000);
  });

  it('[BOUNDARY] loads a project in a thread with every problem, whatever its files do', async () => {
    const folder = await createProject({ 'jobs/broken.lua': 'this is not Lua', 'init.lua': 'error("not today")' });
    try {
      const { problems } = await loadProject(folder.dir);
      expect(problems.map((problem) => problem.file).sort()).toEqual(['init.lua', 'jobs/broken.lua']);
    } finally {
      await folder.dispose();
    }
  });
});
