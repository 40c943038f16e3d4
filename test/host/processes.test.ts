import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { hostOf, job, numbers, RunningHost } from './running.js';

const script = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const children = new Set<ChildProcess>();
let running: RunningHost | undefined;
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
  await running?.dispose();
  running = undefined;
});

function node(name: string, ...args: string[]): { child: ChildProcess; lines: AsyncIterableIterator<string> } {
  const child = spawn(process.execPath, [script(name), ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.add(child);
  return { child, lines: createInterface({ input: child.stdout! })[Symbol.asyncIterator]() };
}

describe('processes', () => {
  it('[DURABLE] [ONCE] kill -9 in the middle of 500 runs loses none and doubles none', async () => {
    running = await RunningHost.prepare({
      'collections/numbers.lua': numbers,
      'moonlighter.toml': '[workers]\nthreads = 1\n',
      ...job('number', 'concurrency = 8', 'crap.collections.create("numbers", { number = ctx.data.n })'),
    });
    await running.enqueue(
      'number',
      Array.from({ length: 500 }, (_, n) => ({ n })),
    );
    const first = node('child-host.mjs', running.folder.dir);
    for await (const line of first.lines) if (line === 'completed 150') break;
    first.child.kill('SIGKILL');
    await once(first.child, 'exit');
    const before = running.runs().filter((run) => run.status === 'completed').length;
    expect(before).toBeGreaterThanOrEqual(150);
    expect(before).toBeLessThan(500);
    const second = node('child-host.mjs', running.folder.dir, 'drain');
    const [code] = (await once(second.child, 'exit')) as [number];
    expect(code).toBe(0);
    expect(new Set(running.runs().map((run) => run.status))).toEqual(new Set(['completed']));
    expect(running.rows('SELECT COUNT(*) AS n, COUNT(DISTINCT number) AS d FROM numbers')).toEqual([{ n: 500, d: 500 }]);
  });

  it('a run enqueued by another process starts within 50 ms', async () => {
    running = await RunningHost.start({
      'crap.toml': '[access]\ndefault_deny = false\n[jobs]\npoll_interval = 30\n',
      ...job('mark', 'concurrency = 5', 'return 1'),
    });
    const waits: number[] = [];
    running.host.events.on('attempt:started', () => waits.push(Date.now()));
    for (let i = 1; i <= 3; i++) {
      const { lines } = node('child-enqueue.mjs', running.databasePath, 'mark');
      const committed = Number((await lines.next()).value);
      await running.ended(i);
      waits[i - 1]! -= committed;
    }
    expect(Math.min(...waits)).toBeLessThanOrEqual(50);
  });

  it('rescues the runs of a killed host while it runs itself', async () => {
    running = await RunningHost.prepare({
      'moonlighter.toml': '[workers]\nthreads = 1\n',
      ...job('long', '', 'crap.sleep(ctx.job.attempt == 1 and ctx.data.first or 0)'),
    });
    const [id] = await running.enqueue('long', [{ first: 0 }]);
    running.rows(`UPDATE _crap_jobs SET data = '{"first":600}' WHERE id = '${id}' RETURNING id`);
    const first = node('child-host.mjs', running.folder.dir);
    for await (const line of first.lines) if (line === 'started') break;
    const claimed = () => running!.run(id!).status === 'running';
    while (!claimed()) await new Promise((resolve) => setImmediate(resolve));
    running.rows(`UPDATE _crap_jobs SET data = '{"first":0}' WHERE id = '${id}' RETURNING id`);
    first.child.kill('SIGKILL');
    await once(first.child, 'exit');
    await running.host.start();
    await running.ended(1);
    expect(running.run(id!)).toMatchObject({ status: 'completed', attempt: 1, claim: 2 });
    expect(running.rows('SELECT id FROM _ml_hosts')).toEqual([{ id: running.host.id }]);
  });

  it('[DURABLE] eight runs of a killed host are begun by another in less than a second', async () => {
    const RUNS = 8;
    running = await RunningHost.prepare({
      'moonlighter.toml': '[workers]\nthreads = 1\n',
      ...job('long', `concurrency = ${RUNS}, timeout = 600`, 'crap.sleep(500)'),
    });
    const steps: { dead: number; rescued: number; claimed: number; begun: number }[] = [];
    for (let round = 0; round < 3; round++) {
      await running.enqueue('long', Array<object>(RUNS).fill({}));
      const victim = node('child-host.mjs', running.folder.dir);
      for await (const line of victim.lines) if (line === `begun ${RUNS}`) break;
      const other = hostOf(running.project, running.databasePath);
      try {
        await other.start();
        const step = { dead: 0, rescued: 0, claimed: 0, begun: 0 };
        let begun = 0;
        const killed = performance.now();
        other.events.once('run:rescued', () => (step.rescued = performance.now() - killed));
        other.events.once('run:claimed', () => (step.claimed = performance.now() - killed));
        const all = new Promise<void>((resolve) => {
          other.events.on('attempt:started', () => {
            if (++begun < RUNS) return;
            step.begun = performance.now() - killed;
            resolve();
          });
        });
        victim.child.kill('SIGKILL');
        const exited = once(victim.child, 'exit').then(() => (step.dead = performance.now() - killed));
        await Promise.all([exited, all]);
        expect(step.begun, JSON.stringify(step)).toBeLessThan(1_000);
        // What is not the kernel's (the end of the process) and not the threads' (a VM for each run).
        expect(step.claimed - Math.min(step.dead, step.rescued), JSON.stringify(step)).toBeLessThan(250);
        steps.push(step);
      } finally {
        await other.stop('round over', 0);
      }
      expect(running.runs().map(({ claim, attempt, losses }) => [claim, attempt, losses])).toEqual(Array(RUNS).fill([2, 0, 1]));
      running.rows('DELETE FROM _crap_jobs RETURNING id');
    }
    expect(Math.min(...steps.map(({ begun }) => begun)), JSON.stringify(steps)).toBeLessThan(500);
  }, 60_000);
});
