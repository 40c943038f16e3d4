/** crap.jobs (Lua API 2.5, jobs page 1 and 2): define at load time, queue inside a database context. */
import { isDeepStrictEqual } from 'node:util';
import { isLater } from '../config/generation.js';
import { HostError, type Problem } from '../domain/errors.js';
import type { FunctionRef, JobDefinition } from '../domain/job.js';
import type { Op } from '../domain/op.js';
import { requestOf } from '../domain/run.js';
import { BindingError } from '../lua/errors.js';
import { luaToJsonText } from '../lua/json.js';
import { luaTypeName } from '../lua/type-names.js';
import { LuaTable } from '../lua/value.js';
import type { Binding } from '../lua/vm.js';
import { parseJob } from '../project/define-job.js';
import { SqlError } from '../store/db.js';
import { checkRule, verdictAllows } from './access-rule.js';
import { binding, NOTHING } from './binding.js';
import { checkDataSize } from './data-size.js';
import { checkPhase, defining, definitionSite } from './definition-site.js';
import { jobRunBindings } from './job-runs.js';
import { parseQueueOptions, type QueueOptions } from './queue-options.js';
import { runEndingBindings } from './run-ending.js';
import type { Session } from './session.js';

const DEFINE_LATE =
  'crap.jobs.define must be called from a definition file or init.lua for a NEW job — runtime registration does not enroll the scheduler or queue worker. Re-defining an already-registered job is allowed.';

export function jobBindings(session: Session): Record<string, Binding> {
  const definedIn = new Map<string, string>();

  const define = binding(['string', 'table'], (slug, config) => {
    const { registry, options } = session;
    checkPhase(session, 'job', registry.jobs.has(slug), DEFINE_LATE);
    defining(session, () => {
      const site = definitionSite(session);
      const { generation } = options;
      const overlook = session.phase === 'running' && !isLater(generation, 'redefinitionsAreRefused') ? warner(session) : undefined;
      const definition = parseJob(slug, config, { generation, queues: options.config.jobs.queues, overlook, ...site });
      const former = definedIn.get(slug);
      if (session.phase === 'loading' && site.file !== undefined) {
        if (former !== undefined && former !== site.file) throw duplicate(slug, former, site.file);
        definedIn.set(slug, site.file);
      }
      if (session.phase === 'running' && !isDeepStrictEqual(registry.jobs.get(slug), definition)) options.onJobRedefined?.(definition);
      registry.jobs.set(slug, definition);
    });
    return NOTHING;
  });

  const queue = binding(['string', 'table?', 'table?'], (slug, data, options) => queueRun(session, slug, data, options));

  const queueMany = binding(['string', 'table', 'table?'], (slug, list, options) => queueRuns(session, slug, list, options));

  return {
    define,
    queue,
    queue_many: queueMany,
    ...runEndingBindings(session),
    ...(session.options.generation >= 10 && jobRunBindings(session)),
  };
}

/** Writes what a running script's definition passes over to the run's log. */
function warner(session: Session): (problem: Problem) => void {
  return ({ file, line, message, remedy }) => {
    const place = file === undefined ? '' : `${file}:${line ?? 1}: `;
    session.log('warn', `${place}${message} (${remedy})`);
  };
}

function duplicate(slug: string, former: string, file: string): BindingError {
  return new BindingError('DUPLICATE_SLUG', `Job '${slug}' is defined in ${former} and again in ${file}`, {
    remedy: 'give one of the two jobs another slug',
    details: { slug, files: [former, file] },
  });
}

function* queueRun(session: Session, slug: string, data: LuaTable | undefined, optionTable: LuaTable | undefined): Op<string> {
  const definition = yield* queueable(session, slug);
  const text = dataText(slug, data);
  return yield* session.requireDatabase().db.savepoint(() => enqueueWithin(session, definition, text, optionTable));
}

/** One run for each data of the list, all or none; ends with the ids in the order of the list. */
function* queueRuns(session: Session, slug: string, list: LuaTable, optionTable: LuaTable | undefined): Op<string[]> {
  const definition = yield* queueable(session, slug);
  const texts: string[] = [];
  for (let i = 1; i <= list.entries.size; i++) {
    const data = list.get(i);
    if (!(data instanceof LuaTable)) {
      throw new BindingError('QUEUE_LIST', `crap.jobs.queue_many: expected a list of tables, got ${luaTypeName(data)} at [${i}]`);
    }
    texts.push(dataText(slug, data));
  }
  return yield* session.requireDatabase().db.savepoint(function* () {
    const ids: string[] = [];
    for (const text of texts) ids.push(yield* enqueueWithin(session, definition, text, optionTable));
    return ids;
  });
}

function* queueable(session: Session, slug: string): Op<JobDefinition> {
  session.requireDatabase();
  const definition = session.registry.jobs.get(slug);
  if (!definition) throw new BindingError('JOB_NOT_DEFINED', `Job '${slug}' not defined`);
  if (definition.access && !session.contentContext().overrideAccessByDefault) yield* checkAccess(session, definition, definition.access);
  return definition;
}

function dataText(slug: string, data: LuaTable | undefined): string {
  const text = data ? luaToJsonText(data) : '{}';
  checkDataSize(slug, text);
  return text;
}

/** A failure leaves part of a row behind: the caller's savepoint undoes it. */
function* enqueueWithin(session: Session, definition: JobDefinition, text: string, optionTable: LuaTable | undefined): Op<string> {
  const context = session.requireDatabase();
  const { slug } = definition;
  const { clock, store } = session.options;
  const now = clock.now();
  const options = parseQueueOptions(optionTable, now);
  const queued = yield* insert(slug, () => store.enqueue(context.db, request(definition, text, options), now));
  if (!queued.duplicate) context.onQueued?.(slug);
  return queued.id;
}

function request(definition: JobDefinition, data: string, options: QueueOptions) {
  return { ...requestOf(definition, data), scheduledBy: 'hook' as const, ...options };
}

function* insert<T>(slug: string, body: () => Op<T>): Op<T> {
  try {
    return yield* body();
  } catch (error) {
    if (error instanceof HostError && error.code === 'DEPENDENCY_NOT_FOUND') {
      throw new BindingError(error.code, error.message, { remedy: error.remedy, details: error.details });
    }
    if (!(error instanceof SqlError)) throw error;
    throw new BindingError('QUEUE_FAILED', `queue error: ${error.message}`, { cause: error, details: { slug } });
  }
}

/** The rule is asked with the current user only; anything but true is a refusal (jobs page 1.8). */
function* checkAccess(session: Session, definition: JobDefinition, rule: FunctionRef): Op<void> {
  const verdict = yield* checkRule(session, rule, session.options.generation >= 10 ? { operation: 'trigger' } : undefined);
  if (verdict instanceof LuaTable) {
    throw new BindingError(
      'ACCESS_MISUSED',
      `Access hook for job '${definition.slug}' returned a filter table; job access is trigger-only — return true/false based on ctx.user fields instead.`,
    );
  }
  if (verdictAllows(session, rule, verdict)) return;
  throw new BindingError('ACCESS_DENIED', 'Trigger access denied', { details: { slug: definition.slug } });
}
