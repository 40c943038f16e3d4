/**
 * crap.jobs.list, get_run, list_runs and cancel_run (jobs page 11.2, generation 10): what jobs and runs there are. Jobs whose access rule
 * denies reading vanish with their runs, and so do runs without a definition (removed jobs, mails).
 */
import type { JobDefinition } from '../domain/job.js';
import { numberOf } from '../domain/json.js';
import type { Op } from '../domain/op.js';
import { RUN_STATUSES, type Run } from '../domain/run.js';
import { didYouMean } from '../domain/suggest.js';
import { BindingError } from '../lua/errors.js';
import { jsonTextToLua } from '../lua/json.js';
import { luaTypeName } from '../lua/type-names.js';
import type { LuaTable, LuaValue } from '../lua/value.js';
import type { Binding } from '../lua/vm.js';
import { checkRule } from './access-rule.js';
import { binding } from './binding.js';
import type { Session } from './session.js';

const LIST_KEYS = ['slug', 'status', 'limit', 'offset'];
const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 1_000;

export function jobRunBindings(session: Session): Record<string, Binding> {
  return {
    list: binding([], () => listJobs(session)),
    get_run: binding(['string'], (id) => getRun(session, id)),
    list_runs: binding(['table?'], (options) => listRuns(session, options)),
    cancel_run: binding(['string'], (id) => cancelRun(session, id)),
  };
}

/** Definitions by slug: { slug, handler, schedule?, queue, retries, timeout, concurrency, skip_if_running, priority, label? }. */
function* listJobs(session: Session): Op<LuaValue> {
  session.requireDatabase();
  const jobs = yield* readable(session, [...session.registry.jobs.values()]);
  return jobs.sort((a, b) => (a.slug < b.slug ? -1 : 1)).map(jobView);
}

/** The run, or nil. */
function* getRun(session: Session, id: string): Op<LuaValue> {
  const run = yield* findRun(session, id);
  return run && runView(run);
}

/** { runs, total }, newest first; total counts without limit and offset. */
function* listRuns(session: Session, table: LuaTable | undefined): Op<LuaValue> {
  const context = session.requireDatabase();
  const { slug, status, limit, offset } = readListOptions(table);
  const known = [...session.registry.jobs.values()].filter((job) => slug === undefined || job.slug === slug);
  const slugs = (yield* readable(session, known)).map((job) => job.slug);
  const knownStatus = RUN_STATUSES.find((name) => name === status);
  if (slugs.length === 0 || (status !== undefined && knownStatus === undefined)) return { runs: [], total: 0 };
  const filter = { slugs, ...(knownStatus && { status: knownStatus }) };
  const { store } = session.options;
  const runs = yield* store.listRuns(context.db, { ...filter, limit, offset });
  return { runs: runs.map(runView), total: yield* store.countRuns(context.db, filter) };
}

/** Cancels a run that is pending: true. False for any other, and for one that is not there. Access is that of triggering. */
function* cancelRun(session: Session, id: string): Op<boolean> {
  const context = session.requireDatabase();
  const { store, clock } = session.options;
  const run = yield* findRun(session, id);
  if (!run) return false;
  const job = session.registry.jobs.get(run.slug) as JobDefinition;
  if (!(yield* allowed(session, job, 'trigger')))
    throw new BindingError('ACCESS_DENIED', 'Trigger access denied', { details: { slug: run.slug } });
  if (run.status !== 'pending') return false;
  return yield* context.db.savepoint(() => store.cancelPending(context.db, id, clock.now()));
}

function* findRun(session: Session, id: string): Op<Run | undefined> {
  const context = session.requireDatabase();
  const run = yield* session.options.store.findRun(context.db, id);
  const job = run && session.registry.jobs.get(run.slug);
  return job && (yield* allowed(session, job, 'read')) ? run : undefined;
}

function* readable(session: Session, jobs: readonly JobDefinition[]): Op<JobDefinition[]> {
  const seen: JobDefinition[] = [];
  for (const job of jobs) if (yield* allowed(session, job, 'read')) seen.push(job);
  return seen;
}

/** Anything but true is a refusal, as on trigger. Code with full access is not asked. */
function* allowed(session: Session, job: JobDefinition, operation: 'read' | 'trigger'): Op<boolean> {
  if (!job.access || session.contentContext().overrideAccessByDefault) return true;
  return (yield* checkRule(session, job.access, { operation })) === true;
}

function jobView(job: JobDefinition): LuaValue {
  return {
    slug: job.slug,
    handler: job.handler.ref,
    schedule: job.schedule,
    queue: job.queue,
    retries: job.retries,
    timeout: job.timeout,
    concurrency: job.concurrency,
    skip_if_running: job.skipIfRunning,
    priority: job.priority,
    label: job.label,
  };
}

function runView(run: Run): LuaValue {
  return {
    id: run.id,
    slug: run.slug,
    status: run.status,
    queue: run.queue,
    data: decoded(run.data),
    result: run.result === null ? undefined : decoded(run.result),
    error: run.error ?? undefined,
    attempt: run.attempt,
    max_attempts: run.maxAttempts,
    priority: run.priority,
    unique_key: run.uniqueKey ?? undefined,
    scheduled_by: run.scheduledBy ?? undefined,
    created_at: iso(run.createdAt),
    started_at: iso(run.startedAt),
    completed_at: iso(run.completedAt),
  };
}

/** Text that is no JSON (another program may have written it) stays the text that it is. */
function decoded(text: string): LuaValue {
  if (text === '') return undefined;
  try {
    return jsonTextToLua(text);
  } catch {
    return text;
  }
}

function iso(at: number | null): string | undefined {
  return at === null ? undefined : new Date(at).toISOString();
}

function readListOptions(table: LuaTable | undefined): { slug?: string; status?: string; limit: number; offset: number } {
  const options: { slug?: string; status?: string; limit: number; offset: number } = { limit: DEFAULT_LIMIT, offset: 0 };
  for (const [key, value] of table?.entries ?? []) {
    if (key === 'slug' || key === 'status') {
      if (typeof value !== 'string') throw bad(`${key} must be a string (or omitted); got ${luaTypeName(value)}`);
      options[key] = value;
    } else if (key === 'limit' || key === 'offset') {
      const number = numberOf(value);
      if (number === undefined || !Number.isInteger(number)) throw bad(`${key} must be an integer (or omitted); got ${luaTypeName(value)}`);
      options[key] = Math.max(number, 0);
    } else
      throw bad(`Unknown list_runs option key '${String(key)}'${didYouMean(String(key), LIST_KEYS)}. Valid keys: ${LIST_KEYS.join(', ')}`);
  }
  options.limit = Math.min(options.limit, MAX_LIMIT);
  return options;
}

function bad(message: string): BindingError {
  return new BindingError('LIST_OPTION', message);
}
