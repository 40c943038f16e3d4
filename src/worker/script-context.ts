/** What a JavaScript handler works with: its data, its log, and the database of its run. Every call after the run's end is refused. */

import type { ContentContext } from '../content/context.js';
import { count } from '../content/count.js';
import { create } from '../content/create.js';
import { remove } from '../content/delete.js';
import { find } from '../content/find.js';
import { findById } from '../content/find-by-id.js';
import { parseQuery } from '../content/query.js';
import { update } from '../content/update.js';
import { HostError, RunAbort } from '../domain/errors.js';
import type { Json, JsonObject } from '../domain/json.js';
import type { Op } from '../domain/op.js';
import type { LogLine } from '../domain/run.js';
import { luaToJsonText } from '../lua/json.js';
import type { LuaValue } from '../lua/value.js';

/** As Lua's find takes it: where, order_by, limit, page, select, depth, locale … */
export type Query = JsonObject;

/** CRUD in the transaction of the run, with the hooks of the project. Documents are plain JSON, as Lua sees them. */
export interface CollectionApi {
  find(query?: Query): Promise<{ documents: JsonObject[]; pagination: JsonObject }>;
  findById(id: string, options?: Query): Promise<JsonObject | null>;
  count(query?: Query): Promise<number>;
  create(data: JsonObject, options?: Query): Promise<JsonObject>;
  update(id: string, data: JsonObject, options?: Query): Promise<JsonObject>;
  delete(id: string, options?: Query): Promise<boolean>;
}

export interface EnqueueOptions {
  /** Instead of the definition's. */
  queue?: string;
  /** Higher first; default the definition's. */
  priority?: number;
  /** Milliseconds from now until it is due. */
  delayMs?: number;
  /** Instant at which it is due. */
  runAt?: Date;
  /** While a run of the job with this key is pending or running, its id is returned. With `within` (ms): nor one queued within that time that did not fail; with `replace`: the pending one is cancelled instead. */
  unique?: string | { key: string; within?: number; replace?: boolean };
  /** Runs of the job with one key are executed in order. */
  key?: string;
  /** Ids of runs that have to be completed first. */
  after?: readonly string[];
  /** What becomes of it when one of those ends otherwise. Default "cancel". */
  afterFailure?: 'cancel' | 'run';
}

/** Instants are ISO texts. */
export interface RunInfo {
  id: string;
  slug: string;
  queue: string;
  /** From 1. */
  attempt: number;
  maxAttempts: number;
  priority: number;
  uniqueKey: string | null;
  scheduledBy: string | null;
  queuedAt: string;
}

/** Given to every JavaScript handler. */
export interface HandlerContext<Data = Json> {
  readonly data: Data;
  readonly run: RunInfo;
  /** Aborted at the timeout, when the run is cancelled, and when the host stops. */
  readonly signal: AbortSignal;
  /** Lines are streamed, and stored with the attempt whatever becomes of it. */
  readonly log: Record<LogLine['level'], (text: string) => void>;
  /** Of the host's project. */
  collection(slug: string): CollectionApi;
  /** Queues a run in the transaction of this one: it is visible when this run completes. Gives its id. */
  enqueue(slug: string, data?: Json, options?: EnqueueOptions): Promise<string>;
  /** Ends the attempt, undoes what it wrote, and tries again; no retry is spent. */
  retryLater(delayMs: number, reason?: string): never;
  /** Ends the attempt, undoes what it wrote; the run has failed whatever retries are left. */
  discard(reason?: string): never;
}

/** A function that executes the runs of a job. What it returns is stored as the result. */
export type ScriptHandler<Data = never> = (context: HandlerContext<Data>) => unknown;

/** What the context is made over. */
export interface ScriptSurroundings {
  data: Json;
  run: RunInfo;
  signal: AbortSignal;
  log(level: LogLine['level'], text: string): void;
  /** Runs an operation in the transaction of the run, one at a time; rejects when the run is over. */
  operate<T>(body: (content: () => ContentContext) => Op<T>): Promise<T>;
  enqueue(slug: string, data: Json, options: EnqueueOptions): Promise<string>;
}

export function scriptContext(surroundings: ScriptSurroundings): HandlerContext {
  const { data, run, signal, log, operate } = surroundings;
  return {
    data,
    run,
    signal,
    log: {
      debug: (text) => log('debug', text),
      info: (text) => log('info', text),
      warn: (text) => log('warn', text),
      error: (text) => log('error', text),
    },
    collection: (slug) => collectionApi(slug, operate),
    enqueue: (slug, payload = {}, options = {}) => surroundings.enqueue(slug, payload, options),
    retryLater(delayMs, reason = `to be tried again in ${delayMs / 1000}s`) {
      if (!(delayMs >= 0 && Number.isFinite(delayMs)))
        throw new HostError('RETRY_DELAY', `retryLater: expected milliseconds, got ${delayMs}`);
      throw new RunAbort('retry_later', reason, { retryInMs: delayMs });
    },
    discard(reason = 'discarded by its handler') {
      throw new RunAbort('discarded', reason);
    },
  };
}

/** CRUD on one collection; `operate` runs each call in a transaction. */
export function collectionApi(slug: string, operate: ScriptSurroundings['operate']): CollectionApi {
  const query = (given: Query | undefined) => parseQuery(given as { [key: string]: LuaValue } | undefined);
  // Through the text: floats and long integers of the content layer have forms of their own.
  const plain = <T>(value: unknown) => JSON.parse(luaToJsonText((value ?? null) as LuaValue)) as T;
  return {
    find: (given) =>
      operate(function* (content): Op<{ documents: JsonObject[]; pagination: JsonObject }> {
        return plain(yield* find(content(), slug, query(given)));
      }),
    findById: (id, options) =>
      operate(function* (content): Op<JsonObject | null> {
        return plain(yield* findById(content(), slug, id, query(options)));
      }),
    count: (given) => operate((content) => count(content(), slug, query(given))),
    create: (data, options) =>
      operate(function* (content): Op<JsonObject> {
        return plain(yield* create(content(), slug, data, query(options)));
      }),
    update: (id, data, options) =>
      operate(function* (content): Op<JsonObject> {
        return plain(yield* update(content(), slug, id, data, query(options)));
      }),
    delete: (id, options) => operate((content) => remove(content(), slug, id, query(options))),
  };
}
