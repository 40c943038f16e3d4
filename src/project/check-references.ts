/** Resolves every function that a project names (Lua API 1.3, 5.3) in its VM, and says where one is missing. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Session } from '../bindings/session.js';
import { functionRefsOf } from '../content/refs.js';
import { type Problem, RunAbort } from '../domain/errors.js';
import type { Op } from '../domain/op.js';
import { didYouMean } from '../domain/suggest.js';
import { LuaError } from '../lua/errors.js';
import { luaTypeName } from '../lua/type-names.js';
import { LuaTable } from '../lua/value.js';
import { firstLineOf, type Place, placeOf } from './failure-problems.js';

interface Reference extends Place {
  /** `collection 'posts' field 'title'`, `job 'x'`, `crap.toml`. */
  source: string;
  /** `before_change`, `access.read`, `handler`, `on_init` … */
  kind: string;
  ref: string;
  severity: Problem['severity'];
}

/** Problems in the order of definition. Every module is required at most once. Throws RunAbort when a limit stopped the VM. */
export function* checkReferences(session: Session, projectDir: string, onInitLine: number | undefined): Op<Problem[]> {
  const failures = new Map<string, Failure | undefined>();
  const problems: Problem[] = [];
  for (const reference of referencesOf(session, onInitLine)) {
    const { ref } = reference;
    if (!failures.has(ref)) failures.set(ref, yield* resolve(session, projectDir, ref));
    const failure = failures.get(ref);
    if (failure) problems.push(problemOf(reference, failure));
  }
  return problems;
}

function referencesOf(session: Session, onInitLine: number | undefined): Reference[] {
  const { registry, options } = session;
  const definitions = [...registry.collections.values(), ...registry.globals.values()].flatMap((definition) =>
    functionRefsOf(definition).map(({ source, kind, ref, since }): Reference => {
      const severity = since !== undefined && options.generation >= since ? 'error' : 'warning';
      return { source, kind, ref, severity, file: definition.file, line: definition.line };
    }),
  );
  const jobs = [...registry.jobs.values()].flatMap((job): Reference[] => {
    const place = { source: `job '${job.slug}'`, severity: 'error', file: job.file, line: job.line } as const;
    const handler: Reference = { ...place, kind: 'handler', ref: job.handler.ref };
    return job.access ? [handler, { ...place, kind: 'access', ref: job.access.ref }] : [handler];
  });
  const onInit = options.config.hooks.on_init.map(
    (ref): Reference => ({ source: 'crap.toml', kind: 'hooks.on_init', ref, severity: 'error', file: 'crap.toml', line: onInitLine }),
  );
  return [...definitions, ...jobs, ...onInit];
}

interface Failure {
  reason: string;
  remedy: string;
  place: Place;
}

/** Why the reference leads to no function; undefined when it does. */
function* resolve(session: Session, projectDir: string, ref: string): Op<Failure | undefined> {
  try {
    session.vm.release(yield* session.vm.resolve(ref));
    return undefined;
  } catch (error) {
    if (error instanceof RunAbort) throw error;
    const text = firstLineOf(error)
      .replace(/^runtime error: /, '')
      .split('\n')[0]!;
    for (const module of modulesOf(ref)) {
      const broken = yield* faultOf(session, projectDir, module);
      if (broken)
        return { reason: `${text}: ${firstLineOf(broken)}`, remedy: 'correct the module', place: placeOf(projectDir, '', broken) };
    }
    const other = yield* otherKind(session, projectDir, ref);
    if (other) return { reason: `${text}: ${other.reason}`, remedy: other.remedy, place: {} };
    const hint = yield* suggestion(session, ref, text);
    const remedy = 'create the module or function, fix the typo, or remove the reference from the definition';
    return { reason: text + hint, remedy, place: {} };
  }
}

/** What a reference may mean: the module that it is, or the module that holds the function. */
function modulesOf(ref: string): string[] {
  const dot = ref.lastIndexOf('.');
  return dot > 0 ? [ref, ref.slice(0, dot)] : [ref];
}

/** The file of a module, seen from the project folder. */
function moduleFile(projectDir: string, module: string): string | undefined {
  const path = module.replaceAll('.', '/');
  return [`${path}.lua`, `${path}/init.lua`].find((file) => existsSync(join(projectDir, file)));
}

/** What requiring a module raises, where its file is there. */
function* faultOf(session: Session, projectDir: string, module: string): Op<LuaError | undefined> {
  if (moduleFile(projectDir, module) === undefined) return undefined;
  try {
    yield* session.vm.require(module);
    return undefined;
  } catch (error) {
    if (error instanceof LuaError) return error;
    throw error;
  }
}

/** A module that loads and is of another kind than its reference takes it for: a table of functions named as a function, or the reverse. */
function* otherKind(session: Session, projectDir: string, ref: string): Op<Pick<Failure, 'reason' | 'remedy'> | undefined> {
  const [whole, holder] = modulesOf(ref) as [string, string | undefined];
  if (moduleFile(projectDir, whole) !== undefined) {
    const found = luaTypeName(yield* session.vm.require(whole));
    const remedy = `name one of its functions ('${whole}.<function>'), or return a function from ${moduleFile(projectDir, whole)}`;
    return { reason: `module '${whole}' returns ${article(found)}, expected a function`, remedy };
  }
  const file = holder === undefined ? undefined : moduleFile(projectDir, holder);
  if (holder === undefined || file === undefined) return undefined;
  const found = luaTypeName(yield* session.vm.require(holder));
  if (found === 'table') return undefined;
  const remedy =
    found === 'function'
      ? `name '${holder}' alone, or return a table of functions from ${file}`
      : `return a table of functions from ${file}`;
  return { reason: `module '${holder}' returns ${article(found)}, expected a table of functions`, remedy };
}

function article(noun: string): string {
  return `${/^[aeiou]/.test(noun) ? 'an' : 'a'} ${noun}`;
}

/** A function of the module with a similar name. */
function* suggestion(session: Session, ref: string, text: string): Op<string> {
  if (!text.startsWith('Function ')) return '';
  const dot = ref.lastIndexOf('.');
  const module = yield* session.vm.require(ref.slice(0, dot));
  if (!(module instanceof LuaTable)) return '';
  return didYouMean(
    ref.slice(dot + 1),
    [...module.entries.keys()].filter((key) => typeof key === 'string'),
  );
}

function problemOf({ source, kind, ref, severity, file, line }: Reference, { reason, remedy, place }: Failure): Problem {
  return {
    severity,
    code: 'REFERENCE_UNRESOLVED',
    message: `${source}: ${kind}: '${ref}' — ${reason}`,
    file: place.line === undefined ? file : place.file,
    line: place.line ?? line,
    field: kind,
    remedy,
  };
}
