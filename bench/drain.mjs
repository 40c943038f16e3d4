// How fast a host gets through trivial runs, beside a bare better-sqlite3 loop that claims by a hundred and commits once a run.
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { createHost } from '../dist/host/host.js';
import { openProject } from '../dist/operations/open-project.js';
import { prepareHost } from '../dist/operations/prepare-host.js';
import { REFERENCE_TABLES } from '../dist/store/sqlite/reference-schema.js';
import { quantile } from './measure.mjs';
import { writeProject } from './project.mjs';

export const ENGINES = ['lua54', 'fengari'];
/** What is wanted of the rate of the bare loop, on lua54. */
export const LEAST_RATIO = 0.4;
const CLAIMED_AT_ONCE = 100;

const handler = 'local M = {}\nfunction M.run() end\nreturn M\n';

function projectFor(engine, concurrency) {
  return writeProject({
    'crap.toml': `[access]\ndefault_deny = false\n[jobs]\nmax_concurrent = ${concurrency}\n`,
    'moonlighter.toml': `[lua]\nengine = "${engine}"\n[workers]\nthreads = 1\n`,
    'jobs/noop.lua': `crap.jobs.define("noop", { handler = "handlers.noop.run", concurrency = ${concurrency} })`,
    'handlers/noop.lua': handler,
  });
}

/** Runs a second, from the first claim to the last end. */
async function drainWith(engine, runs, concurrency) {
  const folder = projectFor(engine, concurrency);
  try {
    const open = { config: folder.dir, cwd: folder.dir, env: {} };
    const opened = await openProject(open);
    await opened.write('bench', function* (db) {
      const now = Date.now();
      const request = { slug: 'noop', data: '{}', queue: 'default', maxAttempts: 1, scheduledBy: 'system' };
      for (let i = 0; i < runs; i++) yield* opened.store.enqueue(db, request, now);
    });
    await opened.close();
    const { options } = await prepareHost(open);
    const host = createHost({ ...options, drain: true, cron: false });
    let [begun, ended, completed] = [0, 0, 0];
    host.events.once('run:claimed', () => {
      begun = performance.now();
    });
    host.events.on('attempt:finished', ({ next }) => {
      ended = performance.now();
      if (next === 'completed') completed++;
    });
    await host.start();
    await host.drained;
    await host.stop();
    if (completed !== runs) throw new Error(`${completed} of ${runs} runs were completed`);
    return (runs * 1000) / (ended - begun);
  } finally {
    folder.dispose();
  }
}

/** The same work without a host, on the reference's table with its indexes: claims of a hundred, then one transaction a run. */
function drainBare(runs) {
  const folder = writeProject({});
  const bare = new SqliteDatabase(join(folder.dir, 'bare.db'));
  try {
    bare.pragma('journal_mode = WAL');
    bare.pragma('synchronous = NORMAL');
    bare.exec(REFERENCE_TABLES);
    const insert = bare.prepare("INSERT INTO _crap_jobs (id, slug, data) VALUES (?, 'noop', '{}')");
    bare.transaction(() => {
      for (let i = 0; i < runs; i++) insert.run(`run-${String(i).padStart(17, '0')}`);
    })();
    const claim =
      bare.prepare(`UPDATE _crap_jobs SET status = 'running', attempt = attempt + 1, started_at = ?, heartbeat_at = ? WHERE rowid IN
      (SELECT rowid FROM _crap_jobs WHERE slug = 'noop' AND status = 'pending' ORDER BY rowid LIMIT ${CLAIMED_AT_ONCE}) RETURNING id, data`);
    const complete = bare.prepare(
      "UPDATE _crap_jobs SET status = 'completed', result = ?, completed_at = ? WHERE id = ? AND status = 'running'",
    );
    const now = () => new Date().toISOString();
    const begun = performance.now();
    for (;;) {
      const claimed = claim.all(now(), now());
      if (claimed.length === 0) break;
      for (const { id, data } of claimed) complete.run(JSON.stringify(JSON.parse(data)), now(), id);
    }
    const ended = performance.now();
    const { n } = bare.prepare("SELECT COUNT(*) AS n FROM _crap_jobs WHERE status = 'completed'").get();
    if (n !== runs) throw new Error(`the bare loop completed ${n} of ${runs}`);
    return (runs * 1000) / (ended - begun);
  } finally {
    bare.close();
    folder.dispose();
  }
}

/**
 * @param {{ quick?: boolean }} options
 * @returns {Promise<{ runs: number, bare: number, lua54: number, fengari: number, ratio: number, fengariRatio: number, wanted: number }>}
 *   rates are runs a second, medians of the rounds
 */
export async function measureDrain({ quick = false } = {}) {
  const runs = quick ? 3_000 : 20_000;
  const rates = { bare: [], lua54: [], fengari: [] };
  for (let round = 0; round < (quick ? 1 : 3); round++) {
    rates.bare.push(drainBare(runs));
    for (const engine of ENGINES) rates[engine].push(await drainWith(engine, runs, CLAIMED_AT_ONCE));
  }
  const [bare, lua54, fengari] = ['bare', ...ENGINES].map((name) => quantile(rates[name], 0.5));
  return { runs, bare, lua54, fengari, ratio: lua54 / bare, fengariRatio: fengari / bare, wanted: LEAST_RATIO };
}

export function printDrain({ runs, bare, lua54, fengari, ratio, fengariRatio, wanted }) {
  const line = (name, rate, share) => `${name.padEnd(12)}${Math.round(rate).toString().padStart(10)}${share.padStart(10)}\n`;
  return (
    `\n${runs} runs that do nothing, one thread (runs a second; wanted of the bare loop: ${wanted})\n\n` +
    `${line('bare', bare, '1')}${line('lua54', lua54, ratio.toFixed(3))}${line('fengari', fengari, fengariRatio.toFixed(3))}`
  );
}
