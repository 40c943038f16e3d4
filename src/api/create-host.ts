/** createHost: a host over a project, over jobs in TypeScript, or over both. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Clock, wholeClock } from '../domain/clock.js';
import { createHost as createThreadedHost } from '../host/host.js';
import { createHostLog, type HostLog, type LogLevel } from '../host/log.js';
import { OpenedProject, openProjectDatabase } from '../operations/open-project.js';
import { prepareHost } from '../operations/prepare-host.js';
import { EmbeddedHost } from './embedded-host.js';
import type { AnyJob } from './job.js';
import { addJob, type KnownJobs } from './known-jobs.js';
import { Listeners } from './listeners.js';

export interface CreateHostOptions<Jobs extends readonly AnyJob[] = readonly AnyJob[]> {
  /** Folder of a project, seen from the current one. Without one the host has only the jobs given here. */
  project?: string;
  /** The database file; default the project's. Without a project: a file of its own that goes with the host. */
  database?: string;
  jobs?: Jobs;
  /** Claim from these queues only. */
  queues?: readonly string[];
  /** Runs of this host at a time; default [jobs] max_concurrent. */
  concurrency?: number;
  /** Limits of queues, over all hosts; default [jobs.queues]. */
  queueLimits?: Readonly<Record<string, number>>;
  /** Worker threads; default [workers] threads. */
  threads?: number;
  /** Watch the schedules. Default true. */
  cron?: boolean;
  /** Zone of schedules that name none; default [jobs] timezone. */
  timezone?: string;
  /** "full": a power cut loses no acknowledged run. Default [database] synchronous. */
  synchronous?: 'normal' | 'full';
  /** What is printed to stderr: a level, a log of your own, or nothing (default). */
  log?: LogLevel | HostLog;
  /** Instead of process.env. */
  env?: Readonly<Record<string, string | undefined>>;
  /** Tests move it. */
  clock?: Clock;
}

/** Loads and checks the project and brings its database up to date; nothing is claimed before `start`. ProjectError, StoreUnavailableError; DUPLICATE_SLUG. */
export async function createHost<const Jobs extends readonly AnyJob[] = readonly []>(
  options: CreateHostOptions<Jobs> = {},
): Promise<EmbeddedHost<Jobs>> {
  const { project, jobs = [], env = process.env, clock } = options;
  const own = project === undefined ? emptyProject() : undefined;
  try {
    const cwd = process.cwd();
    const open = {
      config: resolve(cwd, own?.dir ?? project!),
      cwd,
      env: own ? { ...env, CRAP_CONFIG_DIR: undefined } : env,
      ...(options.database !== undefined && { databasePath: resolve(cwd, options.database) }),
    };
    const prepared = await prepareHost(open);
    const loaded = withSettings(prepared.project, options);
    const known: KnownJobs = { definitions: loaded.registry.jobs, handlers: new Map(), checks: new Map(), retryDelays: new Map() };
    for (const job of jobs) addJob(known, job);
    const { checks, handlers, retryDelays } = known;
    const log = logOf(options.log);
    const host = createThreadedHost({
      ...prepared.options,
      config: loaded.config,
      moonlighter: loaded.moonlighter,
      ...(log && { log }),
      ...(options.queues && { queues: options.queues }),
      ...(options.concurrency !== undefined && { concurrency: options.concurrency }),
      ...(clock && { clock: wholeClock(clock) }),
      cron: options.cron ?? true,
      handlers,
      retryDelays,
      checks,
    });
    const opened = new OpenedProject(loaded, openProjectDatabase(loaded), host);
    return new EmbeddedHost<Jobs>({ host, opened, known, open, project: own === undefined, dispose: () => own?.remove() });
  } catch (error) {
    own?.remove();
    throw error;
  }
}

/** A log of the application hears as its listeners do: one that throws disturbs nothing. */
function logOf(given: LogLevel | HostLog | undefined): HostLog | undefined {
  if (typeof given === 'string') return createHostLog({ level: given });
  if (given === undefined) return undefined;
  return {
    line: (...line) => given.line(...line),
    attach: (events) => given.attach(new Listeners(events)),
  };
}

type Prepared = Awaited<ReturnType<typeof prepareHost>>['project'];

/** The project's settings with those of the caller over them. */
function withSettings(project: Prepared, options: CreateHostOptions): Prepared {
  const { moonlighter, config } = project;
  const { threads = moonlighter.workers.threads, timezone = moonlighter.jobs.timezone } = options;
  const { synchronous = moonlighter.database.synchronous, queueLimits = {} } = options;
  const queues = { ...config.jobs.queues };
  for (const [name, concurrency] of Object.entries(queueLimits)) queues[name] = { ...queues[name], concurrency };
  return {
    ...project,
    config: { ...config, jobs: { ...config.jobs, queues } },
    moonlighter: {
      ...moonlighter,
      workers: { ...moonlighter.workers, threads },
      jobs: { ...moonlighter.jobs, timezone },
      database: { ...moonlighter.database, synchronous },
    },
  };
}

/** A folder with nothing but an empty init.lua; removed with the host. */
function emptyProject(): { dir: string; remove(): void } {
  const dir = mkdtempSync(join(tmpdir(), 'moonlighter-'));
  writeFileSync(join(dir, 'init.lua'), '');
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}
