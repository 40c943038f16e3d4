/**
 * Kill -9 of real host processes: at random moments, two hosts over one database, and before every statement that one run gives to SQLite.
 * `npm run test:kill` does it a thousand times (MOONLIGHTER_TEST_KILLS); what was counted is printed.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterEach, expect, it } from 'vitest';
import { script, Workload } from './workload.js';

const KILLS = Number(process.env['MOONLIGHTER_TEST_KILLS'] ?? 8);
const LONG = KILLS > 100;
/** The moment of a kill after the start: claims, executions, commits, and now and then none of them. */
const WITHIN_MS = 250;
/** Statements before which the short form kills; the long one takes all, until a process ends by itself. */
const STATEMENTS = { thread: [2, 6, 11], main: [5, 20] };

const children = new Set<ChildProcess>();
let workload: Workload;
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
  await workload.dispose();
});

/** Started in the mode; ends with the signal and the code. */
function start(mode: string) {
  const child = spawn(process.execPath, [script('killed-host.mjs'), workload.dir, mode], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.add(child);
  const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  void ended.then(() => children.delete(child));
  const started = (async () => {
    for await (const line of createInterface({ input: child.stdout! })) if (line === 'started') return;
  })();
  return { child, started, ended };
}

/** Until everything that is due is done, runs that were lost three times in a row included. */
async function finish(): Promise<number> {
  let stale = 0;
  for (;;) {
    const [code] = await start('drain').ended;
    expect(code).toBe(0);
    const again = await workload.retryStale();
    stale += again;
    if (again + workload.hurry() === 0) return stale;
  }
}

async function account(kills: number, stale: number): Promise<void> {
  const report = await workload.verify();
  const { lost, doubled } = workload.wrongEffects();
  const beats = workload.count("SELECT count(*) AS n FROM _crap_jobs WHERE slug = 'beat' AND status = 'completed'");
  const losses = workload.count("SELECT count(*) AS n FROM _ml_attempts WHERE outcome = 'lost'");
  process.stdout.write(
    `kill test: ${kills} kills, ${losses} attempts lost with them, ${stale} runs stale and tried again; ${report.runs} runs, ${report.attempts} attempts, ` +
      `${report.ticks} ticks: ${lost.length} lost, ${doubled.length} doubled, ${report.breaches.length} breaches\n`,
  );
  expect({ lost, doubled, breaches: report.breaches }).toEqual({ lost: [], doubled: [], breaches: [] });
  expect(workload.count('SELECT count(*) AS n FROM beats')).toBe(beats);
  expect(workload.count("SELECT count(*) AS n FROM _crap_jobs WHERE status <> 'completed'")).toBe(0);
}

it(
  '[DURABLE] [ONCE] [TICK] [CAPS] kill -9 at random moments loses nothing, doubles nothing, leaves no tick unaccounted',
  async () => {
    workload = await Workload.prepare();
    let hosts = [start('run'), start('run')];
    for (let kills = 0; kills < KILLS; kills++) {
      await workload.enqueue(8);
      const [victim, other] = hosts as [ReturnType<typeof start>, ReturnType<typeof start>];
      await victim.started;
      await new Promise((resolve) => setTimeout(resolve, Math.random() * WITHIN_MS));
      victim.child.kill('SIGKILL');
      expect((await victim.ended)[1]).toBe('SIGKILL');
      hosts = [other, start('run')];
    }
    for (const { child, ended } of hosts) {
      child.kill('SIGKILL');
      await ended;
    }
    await account(KILLS + 2, await finish());
  },
  LONG ? 4 * 3_600_000 : 120_000,
);

it(
  '[DURABLE] [ONCE] kill -9 before any statement of a run, and of the host around it, leaves it whole or not begun',
  async () => {
    workload = await Workload.prepare();
    let kills = 0;
    for (const place of ['thread', 'main'] as const) {
      const list = LONG ? Array.from({ length: 500 }, (_, index) => index + 1) : STATEMENTS[place];
      for (const at of list) {
        await workload.enqueue(1);
        const [code, signal] = await start(`at:${place}:${at}`).ended;
        if (signal === null) {
          expect(code).toBe(0);
          break;
        }
        kills++;
      }
    }
    expect(kills).toBeGreaterThanOrEqual(STATEMENTS.thread.length + STATEMENTS.main.length - 1);
    await account(kills, await finish());
  },
  LONG ? 3_600_000 : 120_000,
);
