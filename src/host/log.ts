/**
 * What a host prints: one line at the start and one at the end of each run, in the reference's words where it has them, and the lines of
 * scripts. For people on a terminal; one JSON document a line otherwise.
 */
import { pino } from 'pino';
import type { LogLine } from '../domain/run.js';
import type { EventSource, HostEvents } from './events.js';

export type LogLevel = LogLine['level'];
const ORDER: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

export interface HostLogOptions {
  /** Default process.stderr. */
  stream?: NodeJS.WritableStream & { isTTY?: boolean };
  /** "auto" (default): text on a terminal, JSON lines otherwise. */
  format?: 'auto' | 'text' | 'json';
  /** Lines below it are not printed. Default "info". */
  level?: LogLevel;
}

export interface HostLog {
  /** Prints one line, with facts that the JSON form keeps apart. */
  line(level: LogLevel, text: string, facts?: Record<string, unknown>): void;
  /** Subscribes to a host. */
  attach(events: EventSource): void;
}

export function createHostLog(options: HostLogOptions = {}): HostLog {
  const stream = options.stream ?? process.stderr;
  const format = options.format === undefined || options.format === 'auto' ? (stream.isTTY ? 'text' : 'json') : options.format;
  const level = options.level ?? 'info';
  const line = format === 'json' ? jsonLines(stream, level) : textLines(stream, level);
  return { line, attach: (events) => attach(events, line) };
}

type Print = HostLog['line'];

function jsonLines(stream: NodeJS.WritableStream, level: LogLevel): Print {
  const logger = pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    stream as NodeJS.WritableStream & { write(text: string): boolean },
  );
  return (at, text, facts = {}) => logger[at](facts, text);
}

function textLines(stream: NodeJS.WritableStream, level: LogLevel): Print {
  const colours = (stream as { isTTY?: boolean }).isTTY === true && process.env.NO_COLOR === undefined;
  const paint: Record<LogLevel, string> = { debug: '90', info: '36', warn: '33', error: '31' };
  const least = ORDER.indexOf(level);
  return (at, text) => {
    if (ORDER.indexOf(at) < least) return;
    const name = at.toUpperCase().padEnd(5);
    const time = new Date().toISOString().slice(11, 23);
    stream.write(colours ? `\x1b[90m${time}\x1b[0m \x1b[${paint[at]}m${name}\x1b[0m ${text}\n` : `${time} ${name} ${text}\n`);
  };
}

function attach(events: EventSource, print: Print): void {
  events.on('host:started', (e) => {
    const queues = e.queues ? `, queues=${e.queues.join(',')}` : '';
    print('info', `Scheduler started (cron=${e.cron ? 'on' : 'off'}, workers=${e.workers}, max_concurrent=${e.maxConcurrent}${queues})`, {
      host: e.host,
    });
  });
  events.on('host:stopping', (e) => {
    const rest = e.running > 0 ? `, waiting for ${e.running} running job(s)` : '';
    print('info', `Scheduler shutting down (${e.reason})${rest}`);
  });
  events.on('attempt:started', ({ run }) => {
    print('info', `Executing job ${run.id} (${run.slug}) attempt ${run.attempt}/${run.maxAttempts}`, { run: run.id, slug: run.slug });
  });
  events.on('attempt:finished', (e) => {
    const [level, text] = ending(e);
    print(level, text, { run: e.run.id, slug: e.run.slug, outcome: e.outcome, ms: Math.round(e.durationMs) });
  });
  events.on('tick:recorded', (e) => {
    if (e.run !== undefined) print('info', `Cron scheduled job '${e.slug}' (run ${e.run})`, { slug: e.slug, run: e.run });
    else if (!e.folded) {
      const at = new Date(e.at).toISOString();
      const which = e.count > 1 ? `${e.count} ticks from ${at}` : `the tick at ${at}`;
      print('info', `Cron skipped job '${e.slug}': ${which} (${SKIPPED[e.reason ?? ''] ?? e.reason})`, { slug: e.slug, reason: e.reason });
    }
  });
  events.on('run:rescued', (e) => {
    const text = {
      stale: `Marked stale job ${e.run} (${e.slug})`,
      cancelled: `Cancelled job ${e.run} (${e.slug}): its host is gone`,
      pending: `Rescued job ${e.run} (${e.slug}): its host is gone, it runs again`,
    }[e.next];
    print('warn', text, { run: e.run, slug: e.slug });
  });
  events.on('worker:replaced', (e) => print('warn', `Worker thread ${e.worker} was replaced: ${e.reason}`));
  events.on('lease:lost', (e) => {
    print('warn', `Job ${e.run} (${e.slug}) is stopped: its claim was taken over by another host`, { run: e.run, slug: e.slug });
  });
  events.on('writer:suspended', (e) => {
    if (e.again) return;
    const where = e.file === undefined ? '' : ` at ${e.file}${e.line === undefined ? '' : `:${e.line}`}`;
    const [since, remedy] = e.fromStart
      ? [
          'while it is the writer, from its first read on (as its definition says, or executed again after a conflict)',
          'Call out in another run',
        ]
      : ['after it has written', 'Call out before the first write'];
    const text =
      `Job '${e.slug}' waits for ${e.reason}${where} ${since}: every other writer waits for it (run ${e.run}). ` +
      `${remedy}, or set transaction = false in its definition`;
    print('warn', text, { run: e.run, slug: e.slug, file: e.file, line: e.line });
  });
  events.on('runs:purged', (e) => print('info', `Auto-purged ${e.count} old job run(s)`));
  events.on('trash:purged', (e) => print('info', `Purged ${e.count} document(s) of '${e.collection}' from the trash`));
  events.on('log', ({ run, slug, line }) => {
    print(line.level, slug === undefined ? line.text : `[${slug}] ${line.text}`, run === undefined ? {} : { run, slug });
  });
}

const SKIPPED: Record<string, string> = {
  overlap: 'a run of it is still running',
  host_down: 'no host was up',
  paused: 'it is paused',
  outside_window: 'outside of its from and until',
  misfire: 'noticed too late, or a newer one stands for it',
  dst_gap: 'the clock skips this time',
};

function ending(e: HostEvents['attempt:finished']): [LogLevel, string] {
  const name = `Job ${e.run.id} (${e.run.slug})`;
  const attempt = `attempt ${e.run.attempt}/${e.run.maxAttempts}`;
  const text = e.error ? e.error.message + (e.error.traceback ? `\n${e.error.traceback}` : '') : '';
  switch (e.outcome) {
    case 'completed':
      if (e.committed) return ['info', `${name} completed in ${duration(e.durationMs)}`];
      return ['warn', `${name} finished after its claim was lost: nothing of it was kept`];
    case 'failed':
      if (e.next === 'pending') return ['warn', `${name} failed (${attempt}), will retry: ${text}`];
      return ['error', `${name} failed permanently: ${text}`];
    case 'timed_out':
      return [e.next === 'pending' ? 'warn' : 'error', `${name} timed out ${text.replace(/^timeout /, '')}`];
    case 'cancelled':
      return ['info', `${name} cancelled`];
    case 'released':
      return ['info', `${name} was given back unharmed${text && `: ${text}`}`];
    case 'lost':
      return ['warn', `${name} was lost${e.next === 'pending' ? ', it runs again' : ' too often'}: ${text}`];
  }
}

/** As the reference prints a Rust duration: `802.16µs`, `2.197204253s`; here at most to the microsecond. */
export function duration(ms: number): string {
  const trim = (value: number, digits: number) => String(Number(value.toFixed(digits)));
  if (ms < 1) return `${trim(ms * 1000, 2)}µs`;
  if (ms < 1000) return `${trim(ms, 3)}ms`;
  return `${trim(ms / 1000, 6)}s`;
}
