/** What a host is doing at this moment, for people who ask (SIGUSR2): each run with its thread and age, and who holds the write queue. */
import type { LogLine } from '../domain/run.js';
import type { HostEmitter } from './events.js';
import type { WriteHolder } from './write-queue.js';

interface Open {
  slug: string;
  attempt: number;
  worker: number | undefined;
  /** Monotonic ms. */
  since: number;
  /** What it waits for while it is the writer, and where. */
  waits: string | undefined;
  claim: number;
  startedAt: number | undefined;
  lines: LogLine[];
}

/** Newest lines of a run that are kept while it is executed, and the characters of one of them; all are stored when it ends. */
const LINES_KEPT = 200;
const LINE_LENGTH = 2_000;

/** The attempt that is under way. `startedAt`: epoch ms. */
export interface OpenAttempt {
  run: string;
  claim: number;
  attempt: number;
  worker: number | null;
  startedAt: number | null;
  log: readonly LogLine[];
}

export interface ActivityReport {
  host: string;
  pid: number;
  running: { run: string; slug: string; attempt: number; worker: number | null; for_ms: number; waits: string | null }[];
  writer: { owner: string; worker: number | null; for_ms: number } | null;
  writers_waiting: number;
  /** Bytes of the process. */
  memory: number;
  /** What it claims; told to other processes. */
  serves?: HostServes;
}

/** Which runs a host takes, and whether it could take one now. */
export interface HostServes {
  /** null = all. */
  queues: readonly string[] | null;
  /** Slugs that its definitions have: those of the files as they were when it started. */
  jobs: readonly string[];
  /** Runs that it could begin now. */
  free: number;
  running: number;
  /** Its run-wide cap: `--concurrency` raises [jobs] max_concurrent. */
  max_concurrent: number;
  /** Why it claims nothing at the moment. */
  held: string | null;
}

export class Activity {
  readonly #open = new Map<string, Open>();

  constructor(events: HostEmitter) {
    events.on('run:claimed', ({ run: { id, slug, attempt, claim } }) => {
      const since = performance.now();
      this.#open.set(id, { slug, attempt, claim, worker: undefined, since, startedAt: undefined, waits: undefined, lines: [] });
    });
    events.on('attempt:started', ({ run, worker }) => {
      const open = this.#open.get(run.id);
      if (open) Object.assign(open, { worker, since: performance.now(), startedAt: Date.now() });
    });
    events.on('log', ({ run, line }) => {
      const lines = run === undefined ? undefined : this.#open.get(run)?.lines;
      if (!lines) return;
      if (lines.length >= LINES_KEPT) lines.shift();
      lines.push(line.text.length > LINE_LENGTH ? { ...line, text: `${line.text.slice(0, LINE_LENGTH)}…` } : line);
    });
    events.on('writer:suspended', ({ run, reason, file, line }) => {
      const open = this.#open.get(run);
      if (open) open.waits = `${reason} as the writer${file === undefined ? '' : ` at ${file}${line === undefined ? '' : `:${line}`}`}`;
    });
    events.on('attempt:finished', ({ run }) => this.#open.delete(run.id));
  }

  /** Undefined when the host does not execute this run. */
  attempt(run: string): OpenAttempt | undefined {
    const open = this.#open.get(run);
    if (!open) return undefined;
    const { claim, attempt, worker = null, startedAt = null, lines } = open;
    return { run, claim, attempt, worker, startedAt, log: lines };
  }

  report(host: string, writer: WriteHolder | undefined, writersWaiting: number): ActivityReport {
    const now = performance.now();
    return {
      host,
      pid: process.pid,
      running: [...this.#open]
        .map(([run, { slug, attempt, worker, since, waits }]) => ({
          run,
          slug,
          attempt,
          worker: worker ?? null,
          for_ms: Math.round(now - since),
          waits: waits ?? null,
        }))
        .sort((a, b) => b.for_ms - a.for_ms),
      writer: writer ? { owner: writer.owner, worker: writer.worker ?? null, for_ms: Math.round(now - writer.since) } : null,
      writers_waiting: writersWaiting,
      memory: process.memoryUsage.rss(),
    };
  }
}
