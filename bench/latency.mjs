// How soon an idle host begins a run: from the call that queues it to the start of its handler, from its own process and from another one.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createHost } from '../dist/host/host.js';
import { openProject } from '../dist/operations/open-project.js';
import { prepareHost } from '../dist/operations/prepare-host.js';
import { quantile } from './measure.mjs';
import { writeProject } from './project.mjs';

/** Milliseconds, medians. */
export const LIMITS = { same: 3, other: 10 };
/** Between two runs, so that the host is at rest. */
const PAUSE_MS = 15;

const epoch = () => performance.timeOrigin + performance.now();
const pause = () => new Promise((resolve) => setTimeout(resolve, PAUSE_MS));

/** Resolves with the instant at which the handler of a run started. */
class Starts {
  #seen = new Map();
  #waiting = new Map();

  constructor(host) {
    host.events.on('attempt:started', ({ run }) => {
      const at = epoch();
      this.#seen.set(run.id, at);
      this.#waiting.get(run.id)?.(at);
    });
  }

  async of(id) {
    const seen = this.#seen.get(id);
    return seen ?? (await new Promise((resolve) => this.#waiting.set(id, resolve)));
  }
}

/**
 * @param {{ quick?: boolean }} options
 * @returns {Promise<Record<'same' | 'other', { p50: number, p95: number, samples: number, limit: number }>>} milliseconds
 */
export async function measureLatency({ quick = false } = {}) {
  const folder = writeProject({
    'crap.toml': '[access]\ndefault_deny = false\n',
    'moonlighter.toml': '[workers]\nthreads = 1\n',
    'jobs/noop.lua': 'crap.jobs.define("noop", { handler = "handlers.noop.run" })',
    'handlers/noop.lua': 'local M = {}\nfunction M.run() end\nreturn M\n',
  });
  const open = { config: folder.dir, cwd: folder.dir, env: {} };
  const { options } = await prepareHost(open);
  const host = createHost({ ...options, cron: false });
  await host.start();
  const opened = await openProject(open);
  const child = fork(fileURLToPath(new URL('./enqueuer.mjs', import.meta.url)), [folder.dir]);
  try {
    await once(child, 'message');
    const starts = new Starts(host);
    const same = async () => {
      const at = epoch();
      const { id } = await opened.write('bench', (db) =>
        opened.store.enqueue(db, { slug: 'noop', data: '{}', queue: 'default', maxAttempts: 1, scheduledBy: 'system' }, Date.now()),
      );
      host.wake();
      return (await starts.of(id)) - at;
    };
    const other = async () => {
      const answer = once(child, 'message');
      child.send('queue');
      const [{ id, at }] = await answer;
      return (await starts.of(id)) - at;
    };
    const samples = { same: [], other: [] };
    for (let i = -20; i < (quick ? 40 : 300); i++) {
      for (const [name, measure] of Object.entries({ same, other })) {
        await pause();
        const took = await measure();
        if (i >= 0) samples[name].push(took);
      }
    }
    return Object.fromEntries(
      Object.entries(samples).map(([name, values]) => [
        name,
        { p50: quantile(values, 0.5), p95: quantile(values, 0.95), samples: values.length, limit: LIMITS[name] },
      ]),
    );
  } finally {
    if (child.connected) {
      child.send('end');
      await once(child, 'exit');
    }
    await opened.close();
    await host.stop();
    folder.dispose();
  }
}

export function printLatency(results) {
  const lines = Object.entries(results).map(
    ([name, { p50, p95, limit }]) =>
      `${name === 'same' ? 'same process' : 'another one'.padEnd(12)}${p50.toFixed(2).padStart(10)}${p95.toFixed(2).padStart(10)}${String(limit).padStart(10)}`,
  );
  return `\nFrom queueing to the start of the handler on an idle host (ms)\n\n${' '.repeat(12)}${'p50'.padStart(10)}${'p95'.padStart(10)}${'wanted'.padStart(10)}\n${lines.join('\n')}\n`;
}
