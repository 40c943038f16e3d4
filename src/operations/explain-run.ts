/**
 * Why a run is not running, or what became of it: [EXPLAIN]. Every reason that holds a pending run back is named, with what would end it.
 */

import { hostname } from 'node:os';
import { holdsRuns } from '../domain/pause.js';
import type { Run } from '../domain/run.js';
import type { ActivityReport } from '../host/activity.js';
import { askActivity } from '../host/ask-activity.js';
import { holderText, writerProcess } from '../store/sqlite/lock-holders.js';
import { type AnsweringHost, answeringHosts, hostReasons, isGone } from './explain-hosts.js';
import { jobBySlug } from './find-job.js';
import { getRecordedRun } from './find-run.js';
import type { OpenedProject } from './open-project.js';
import { type AttemptView, runAttempts } from './run-attempts.js';
import { iso, type RunView, viewOf } from './run-view.js';

/** One reason: a stable code, a sentence, and the figures in it. */
export interface Reason {
  code:
    | 'due_time'
    | 'retry_wait'
    | 'key'
    | 'dependency'
    | 'paused'
    | 'no_definition'
    | 'no_host'
    | 'host_limit'
    | 'host_held'
    | 'write_lock'
    | 'writer_suspended'
    | 'waits'
    | 'run_limit'
    | 'queue_limit'
    | 'job_limit'
    | 'rate_limit'
    | 'ready'
    | 'running'
    | 'host_gone'
    | 'cancel_requested'
    | 'ended';
  text: string;
  details?: Record<string, unknown>;
}

export interface Explanation {
  run: RunView;
  reasons: Reason[];
  attempts: AttemptView[];
}

/** NotFoundError RUN_NOT_FOUND. */
export async function explainRun(opened: OpenedProject, id: string): Promise<Explanation> {
  const run = await getRecordedRun(opened, id);
  const view = viewOf(run);
  const attempts = await runAttempts(opened, id);
  if (run.status === 'pending') return { run: view, reasons: await pendingReasons(opened, run, attempts), attempts };
  if (run.status === 'running') return { run: view, reasons: await runningReasons(opened, run), attempts };
  const text = `it is ${run.status}${view.error === null ? '' : `: ${view.error.split('\n')[0]}`}`;
  return { run: view, reasons: [{ code: 'ended', text, details: { status: run.status } }], attempts };
}

async function runningReasons(opened: OpenedProject, run: Run): Promise<Reason[]> {
  const host = (await opened.hosts()).find((each) => each.id === run.host);
  const where = host ? `host ${host.id} (process ${host.pid} on ${host.hostname})` : 'crap-cms, or a host that is gone';
  const reasons: Reason[] = [];
  const since = iso(run.startedAt);
  if (host && (await isGone(opened, host))) {
    const text = `${where} began it at ${since} and is gone: the next host that starts gives it back, or \`moonlighter doctor --repair\``;
    reasons.push({ code: 'host_gone', text, details: { host: run.host } });
  } else reasons.push({ code: 'running', text: `it is executed by ${where} since ${since}`, details: { host: run.host } });
  const activity = host?.hostname === hostname() ? await askActivity(host.socket) : undefined;
  const mine = activity?.running.find((each) => each.run === run.id);
  if (mine?.waits)
    reasons.push({ code: 'waits', text: `it waits for ${mine.waits}: every other writer waits for it`, details: { ...mine } });
  const writer = activity && suspendedWriter(activity);
  if (writer && writer.run !== run.id) reasons.push(writer.reason);
  if (run.cancelRequestedAt !== null)
    reasons.push({ code: 'cancel_requested', text: `its end was asked for at ${iso(run.cancelRequestedAt)}` });
  return reasons;
}

async function pendingReasons(opened: OpenedProject, run: Run, attempts: readonly AttemptView[]): Promise<Reason[]> {
  const hosts = await answeringHosts(opened);
  const reasons = [
    ...(await waitReasons(opened, run, attempts)),
    ...(await pauseReasons(opened, run)),
    ...(await limitReasons(opened, run, hosts)),
  ];
  const lock = writerProcess(opened.databasePath);
  const writer = lock && (await writerOfOurs(opened, lock.pid));
  if (writer) reasons.push(writer);
  else if (lock) {
    const text = `${holderText(lock)} holds the write lock of the database at this moment: claims wait for it`;
    reasons.push({ code: 'write_lock', text, details: { ...lock } });
  }
  // What nobody defines no host can know.
  if (hosts.length === 0 || !reasons.some(({ code }) => code === 'no_definition')) reasons.push(...hostReasons(hosts, run));
  if (reasons.length === 0) reasons.push({ code: 'ready', text: 'nothing holds it back: it is claimed when those before it are' });
  return reasons;
}

/** The run of a host on this machine that holds the write lock while it waits for something outside. */
async function writerOfOurs(opened: OpenedProject, pid: number): Promise<Reason | undefined> {
  const host = (await opened.hosts()).find((each) => each.pid === pid && each.hostname === hostname());
  const activity = host && (await askActivity(host.socket));
  return activity && suspendedWriter(activity)?.reason;
}

function suspendedWriter({ writer, running }: ActivityReport): { run: string; reason: Reason } | undefined {
  const run = writer && running.find((each) => writer.owner === `${each.slug} ${each.run}`);
  if (!writer || !run?.waits) return undefined;
  const held = (writer.for_ms / 1000).toFixed(1);
  const text =
    `the run ${run.run} of ${run.slug} has held the write lock for ${held} s and waits for ${run.waits}: claims, ends of runs and other writers ` +
    'wait for it. Let it call out before its first write, or set transaction = false in its definition';
  return {
    run: run.run,
    reason: { code: 'writer_suspended', text, details: { run: run.run, slug: run.slug, for_ms: writer.for_ms, waits: run.waits } },
  };
}

async function waitReasons(opened: OpenedProject, run: Run, attempts: readonly AttemptView[]): Promise<Reason[]> {
  const reasons: Reason[] = [];
  const { store, clock } = opened;
  if (run.dueAt > clock.now()) {
    const last = attempts.at(-1);
    const retry = last !== undefined && last.outcome !== 'released';
    const text = retry ? `it waits for its next attempt until ${iso(run.dueAt)}` : `it is not due before ${iso(run.dueAt)}`;
    reasons.push({ code: retry ? 'retry_wait' : 'due_time', text, details: { due_at: iso(run.dueAt) } });
  }
  if (run.waiting.includes('key')) {
    const ahead = await opened.read((db) => store.listAheadOfKey(db, run.id, 5));
    const first = ahead[0];
    const text = `runs with the key '${run.key}' are executed in order, and ${first ? `${first.id} (${first.status})` : 'another'} is before it`;
    reasons.push({ code: 'key', text, details: { key: run.key, ahead } });
  }
  if (run.waiting.includes('dependencies')) {
    const open = await opened.read((db) => store.listDependencies(db, run.id));
    const named = open.map(({ after, status, ended }) => `${after} (${ended ?? status ?? 'gone'})`).join(', ');
    const over = open.every(({ ended }) => ended !== undefined);
    const text = over
      ? `it depends on ${named}: the next claim of any host settles that`
      : `it waits until ${named} ${open.length === 1 ? 'is' : 'are'} completed`;
    reasons.push({ code: 'dependency', text, details: { after: open } });
  }
  return reasons;
}

async function pauseReasons(opened: OpenedProject, run: Run): Promise<Reason[]> {
  const pauses = await opened.read((db) => opened.store.listPauses(db));
  return pauses
    .filter((pause) => holdsRuns(pause, run))
    .map(({ kind, name, since, reason }) => ({
      code: 'paused',
      text: `${kind === 'all' ? 'everything' : `the ${kind} '${name}'`} is paused since ${iso(since)}${reason === null ? '' : `: ${reason}`}`,
      details: { kind, name, since: iso(since), reason },
    }));
}

async function limitReasons(opened: OpenedProject, run: Run, hosts: readonly AnsweringHost[]): Promise<Reason[]> {
  const { registry, config } = opened.project;
  const { store, clock } = opened;
  const reasons: Reason[] = [];
  const counts = await opened.read((db) => store.countRunning(db));
  const full = (code: Reason['code'], what: string, running: number, limit: number) => {
    if (running >= limit)
      reasons.push({ code, text: `${what} allows ${limit} at a time, and ${running} are running`, details: { limit, running } });
  };
  const runWide = Math.max(config.jobs.max_concurrent, ...hosts.map(({ serves }) => serves?.max_concurrent ?? 0));
  full('run_limit', '[jobs] max_concurrent', counts.total, runWide);
  const queueLimit = config.jobs.queues[run.queue]?.concurrency;
  if (queueLimit !== undefined) full('queue_limit', `the queue '${run.queue}'`, counts.byQueue.get(run.queue) ?? 0, queueLimit);
  const system = run.slug.startsWith('_system_');
  if (system) return reasons;
  if (!registry.jobs.has(run.slug)) {
    // Jobs in TypeScript are known to their application alone, whose host says so.
    if (hosts.some(({ serves }) => serves?.jobs.includes(run.slug))) return reasons;
    reasons.push({ code: 'no_definition', text: `the project defines no job '${run.slug}'`, details: { slug: run.slug } });
    return reasons;
  }
  const job = jobBySlug(registry, run.slug);
  full('job_limit', `the job '${run.slug}'`, counts.bySlug.get(run.slug) ?? 0, job.concurrency);
  if (job.rateLimit) {
    const { limit, per } = job.rateLimit;
    const now = clock.now();
    const at = await opened.read((db) => store.allowedAt(db, run.slug, { limit, perMs: per * 1000 }, now));
    if (at > now) {
      const text = `the job '${run.slug}' begins at most ${limit} runs in ${per} seconds; the next one at ${iso(at)}`;
      reasons.push({ code: 'rate_limit', text, details: { limit, per, at: iso(at) } });
    }
  }
  return reasons;
}
