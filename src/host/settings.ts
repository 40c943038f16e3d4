/** The figures of a host, from both configuration files: milliseconds, counts, limits. */
import type { CrapConfig } from '../config/crap-config.js';
import type { MoonlighterConfig } from '../config/moonlighter-config.js';

/** Longest timer of Node; what is longer would fire at once. */
const TIMER_LIMIT_MS = 2 ** 31 - 1;
/** Looking for dead hosts costs a read and a connection a host. */
const RESCUE_PERIOD_MS = 5_000;
/** Below this a thread does not even load its modules. */
const LEAST_HEAP_MIB = 16;
/** The reference purges at every tenth cron tick. */
const PURGE_TICKS = 10;

export interface HostSettings {
  threads: number;
  /** A thread's slots. */
  slots: number;
  /** Run-wide, over all hosts. */
  maxConcurrent: number;
  /** Of this host; Infinity = as many as there are slots. */
  ownLimit: number;
  queueConcurrency: ReadonlyMap<string, number>;
  leaseMs: number;
  heartbeatMs: number;
  pollMs: number;
  busyTimeoutMs: number;
  foreignStaleMs: number;
  rescuePeriodMs: number;
  shutdownGraceMs: number;
  /** 0 = off. */
  maxWriteHoldMs: number;
  /** Bytes; Infinity = off. */
  walWarningBytes: number;
  /** JavaScript memory of a thread, in MiB; at least 16. */
  maxHeapMib: number;
  /** undefined = auto_purge is off. */
  purgeAfterMs: number | undefined;
  prunePeriodMs: number;
}

/** `concurrency` raises [jobs] max_concurrent where it must, and limits this host alone. */
export function hostSettings(crap: CrapConfig, moonlighter: MoonlighterConfig, concurrency: number | undefined): HostSettings {
  const { jobs, database } = crap;
  const queueConcurrency = new Map<string, number>();
  for (const [name, queue] of Object.entries(jobs.queues)) {
    if (queue.concurrency !== undefined) queueConcurrency.set(name, queue.concurrency);
  }
  const seconds = (value: number) => Math.min(value * 1000, TIMER_LIMIT_MS);
  return {
    threads: moonlighter.workers.threads,
    slots: moonlighter.workers.slots,
    maxConcurrent: Math.max(jobs.max_concurrent, concurrency ?? 0),
    ownLimit: concurrency ?? Number.POSITIVE_INFINITY,
    queueConcurrency,
    leaseMs: seconds(moonlighter.jobs.lease),
    heartbeatMs: seconds(jobs.heartbeat_interval),
    pollMs: seconds(jobs.poll_interval),
    busyTimeoutMs: seconds(database.busy_timeout),
    foreignStaleMs: seconds(3 * jobs.heartbeat_interval + database.connection_timeout + database.busy_timeout),
    rescuePeriodMs: RESCUE_PERIOD_MS,
    shutdownGraceMs: seconds(moonlighter.jobs.shutdown_grace),
    maxWriteHoldMs: seconds(moonlighter.jobs.max_write_hold),
    walWarningBytes: moonlighter.database.wal_warning || Number.POSITIVE_INFINITY,
    maxHeapMib: Math.max(LEAST_HEAP_MIB, Math.floor(moonlighter.workers.max_heap / 1024 ** 2)),
    purgeAfterMs: jobs.auto_purge === undefined ? undefined : jobs.auto_purge * 1000,
    prunePeriodMs: seconds(jobs.cron_interval * PURGE_TICKS),
  };
}
