/** SIGUSR2: a host says what it is doing, without being disturbed. */
import { expect, it } from 'vitest';
import { Scenario } from './support.js';

it('[EXPLAIN] SIGUSR2 prints each run with its age, and who is the writer', async () => {
  const scenario = await Scenario.create({
    'collections/notes.lua': 'crap.collections.define("notes", { fields = { { name = "a", type = "text" } } })',
    'jobs/slow.lua':
      'crap.jobs.define("slow", { handler = "jobs.slow.run", timeout = 300 })\nreturn { run = function() crap.collections.create("notes", { a = "x" }); crap.log.info("written"); crap.sleep(600) end }',
  });
  try {
    const host = scenario.start(['work']);
    await host.until((printed) => printed.includes('Scheduler started'));
    host.child.kill('SIGUSR2');
    await host.until((printed) => printed.includes('0 running; nobody writes, 0 wait to write'));
    const { id } = await scenario.json<{ id: string }>('jobs', 'trigger', 'slow');
    await host.until((printed) => printed.includes('after it has written'));
    host.child.kill('SIGUSR2');
    await host.until((printed) => printed.includes('1 running; '));
    const line = host.stderr.split('\n').find((each) => each.includes('1 running; '))!;
    expect(JSON.parse(line)).toMatchObject({
      msg: expect.stringMatching(
        new RegExp(
          `^1 running; the writer is slow ${id} since \\d+ ms, 0 wait to write; \\d+ MB\n  slow ${id} attempt 1, worker 1, \\d+ ms, waits for sleep as the writer at jobs/slow.lua:2$`,
        ),
      ),
      activity: { running: [{ run: id, slug: 'slow', worker: 1 }] },
    });
    const { reasons } = await scenario.json<{ reasons: { code: string; text: string }[] }>('jobs', 'why', id);
    expect(reasons.find(({ code }) => code === 'waits')?.text).toBe(
      'it waits for sleep as the writer at jobs/slow.lua:2: every other writer waits for it',
    );
  } finally {
    await scenario.dispose();
  }
});

it('[EXPLAIN] why names the run that is the writer while it waits for something outside', async () => {
  const scenario = await Scenario.create({
    'collections/notes.lua': 'crap.collections.define("notes", { fields = { { name = "a", type = "text" } } })',
    'jobs/slow.lua':
      'crap.jobs.define("slow", { handler = "jobs.slow.run", timeout = 300 })\nreturn { run = function() crap.collections.create("notes", { a = "x" }); crap.log.info("written"); crap.sleep(200) end }',
  });
  try {
    // One that waits for its time: a trigger would wait for the lock too.
    const { id: waiting } = await scenario.json<{ id: string }>('jobs', 'trigger', 'slow', '--delay', '1h');
    const { id: writer } = await scenario.json<{ id: string }>('jobs', 'trigger', 'slow');
    const host = scenario.start(['work']);
    await host.until((printed) => printed.includes('after it has written'));
    const { reasons } = await scenario.json<{ reasons: { code: string; text: string }[] }>('jobs', 'why', waiting);
    const named = process.platform === 'linux' ? 'writer_suspended' : 'due_time';
    expect(reasons.map(({ code }) => code)).toContain(named);
    if (named === 'writer_suspended') {
      expect(reasons.find(({ code }) => code === named)?.text).toMatch(
        new RegExp(
          `^the run ${writer} of slow has held the write lock for [\\d.]+ s and waits for sleep as the writer at jobs/slow.lua:2: claims`,
        ),
      );
    }
  } finally {
    await scenario.dispose();
  }
});
