/** crap.http (Lua API 2.12): waits that hold no thread, to public addresses and those that the project allows. */
import { type Op, waitFor } from '../domain/op.js';
import { BindingError } from '../lua/errors.js';
import { luaTypeName } from '../lua/type-names.js';
import { LuaTable, type LuaValue } from '../lua/value.js';
import type { Binding } from '../lua/vm.js';
import { binding } from './binding.js';
import { AddressRules } from './http-address.js';
import { answer, readOptions } from './http-options.js';
import { type HttpRequest, type HttpResponse, performRequest } from './http-request.js';
import type { Session } from './session.js';

/** Entries of one crap.http.all at most, and how many of them are under way at a time. */
const MAX_ENTRIES = 1_000;
const MAX_UNDER_WAY = 16;

export function httpBindings(session: Session): Record<string, Binding> {
  const { config, moonlighter } = session.options;
  const rules = new AddressRules({
    allowPrivateNetworks: config.hooks.allow_private_networks,
    allow: moonlighter.http.allow,
  });
  return {
    request: binding(['table'], (options) => request(session, rules, options)),
    all: binding(['table'], (list) => requestAll(session, rules, list)),
  };
}

function* request(session: Session, rules: AddressRules, options: LuaTable): Op<LuaValue> {
  const wanted = readOptions(session, rules, options);
  session.reachesOutside('http');
  const stop = new AbortController();
  const response = yield* waitFor<HttpResponse>({
    reason: 'http',
    start: () => performRequest(wanted, stop.signal),
    cancel: () => stop.abort(),
  });
  return answer(session, wanted, response);
}

/** What went wrong with one entry; the others go on. */
interface Failure {
  /** The text that crap.http.request would raise. */
  error: string;
  code: string;
}

/**
 * crap.http.all({ options, … }): options are those of crap.http.request, up to 1000 of them, 16 under way at a time. The result is a list
 * in the same order: `{ status, headers, body }`, or `{ error, code }` for an entry for which crap.http.request would raise, be it for
 * its options. Raises only for what is no list of tables. Bodies beyond the memory of the script ([hooks] max_memory) together are
 * failures too. All requests are abandoned when the run is stopped.
 */
function* requestAll(session: Session, rules: AddressRules, list: LuaTable): Op<LuaValue> {
  const wanted = entriesOf(list).map((options) => settle(() => readOptions(session, rules, options)));
  if (wanted.every(isFailure)) return wanted.map(asTable);
  session.reachesOutside('http');
  const stop = new AbortController();
  const responses = yield* waitFor<(HttpResponse | Failure)[]>({
    reason: 'http',
    start: () => performAll(wanted, memoryOf(session), stop.signal),
    cancel: () => stop.abort(),
  });
  return responses.map((response, i) => {
    if (isFailure(response)) return asTable(response);
    const answered = settle(() => answer(session, wanted[i] as HttpRequest, response));
    return isFailure(answered) ? asTable(answered) : answered;
  });
}

async function performAll(
  wanted: readonly (HttpRequest | Failure)[],
  memory: number,
  signal: AbortSignal,
): Promise<(HttpResponse | Failure)[]> {
  const results: (HttpResponse | Failure)[] = [];
  let next = 0;
  let bytes = 0;
  const perform = async (request: HttpRequest): Promise<HttpResponse | Failure> => {
    try {
      const response = await performRequest(request, signal);
      bytes += response.body.length;
      return bytes <= memory
        ? response
        : { error: `the answers of one crap.http.all have more than ${memory} bytes`, code: 'HTTP_BODY_TOO_LARGE' };
    } catch (error) {
      return failureOf(error);
    }
  };
  const lane = async () => {
    while (next < wanted.length && !signal.aborted) {
      const index = next++;
      const entry = wanted[index] as HttpRequest | Failure;
      results[index] = isFailure(entry) ? entry : await perform(entry);
    }
  };
  await Promise.all(Array.from({ length: Math.min(MAX_UNDER_WAY, wanted.length) }, lane));
  return results;
}

function entriesOf(list: LuaTable): LuaTable[] {
  const bad = (found: string) =>
    new BindingError('HTTP_LIST', `crap.http.all: expected a list of tables as crap.http.request takes them; found ${found}`);
  for (const key of list.entries.keys()) if (typeof key !== 'number' || key < 1 || key > list.length) throw bad(`the key '${String(key)}'`);
  if (list.length > MAX_ENTRIES) throw bad(`${list.length} entries, at most ${MAX_ENTRIES} are allowed`);
  return Array.from({ length: list.length }, (_, i) => {
    const entry = list.get(i + 1);
    if (!(entry instanceof LuaTable)) throw bad(`${luaTypeName(entry)} as entry ${i + 1}`);
    return entry;
  });
}

function settle<T>(body: () => T): T | Failure {
  try {
    return body();
  } catch (error) {
    return failureOf(error);
  }
}

function failureOf(error: unknown): Failure {
  if (error instanceof BindingError) return { error: error.message, code: error.code };
  throw error;
}

function isFailure(value: unknown): value is Failure {
  return typeof (value as Partial<Failure> | undefined)?.error === 'string';
}

function asTable({ error, code }: Failure): LuaValue {
  return { error, code };
}

/** Bytes that a script may hold. */
function memoryOf(session: Session): number {
  const { config, moonlighter } = session.options;
  return (moonlighter.lua.max_memory ?? config.hooks.max_memory) || Number.POSITIVE_INFINITY;
}
