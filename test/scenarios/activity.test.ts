/** SIGUSR2: a host says what it is doing, without being disturbed. */
import { expect, it } from 'vitest';
import { Scenario } from './support.js';

it('[EXPLAIN] SIGUSR2 prints each run with its age, and who is the writer', async () => {
  const scenario = await Scenario.create({
    'collections/notes.lua': 'crap.collections.define("notes", { fields = { { name = "a", type = "text" } } })',
    'jobs/slow.lua':
      'crap.jobs.define("slow", { handler = "jobs.slow.run" })\nreturn { run = function() crap.collections.create("notes", { a = "x" }); crap.log.info("written"); crap.sleep(600) end }',
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
  } finally {
    await scenario.dispose();
  }
});
