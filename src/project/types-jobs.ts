/**
 * Classes and call signatures of one job. What its data looks like is said by the project, in annotations: a class
 * `crap.job_data.<P>`, or the type of the handler's parameter (`---@param ctx { data: Welcome }`, a class with a field `data`).
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JobDefinition } from '../domain/job.js';
import { type Annotated, type AnnotatedClass, parseType, readAnnotated } from './types-annotations.js';
import {
  ANY,
  type Declaration,
  type DescribedJob,
  fn,
  listOf,
  literal,
  mapOf,
  member,
  named,
  type Signature,
  STRING,
  type Type,
} from './types-model.js';

/** Folders that hold no Lua of the project. */
const PASSED_OVER = new Set(['types', 'data', 'uploads', 'static', 'templates', 'translations', 'node_modules']);
/** A project has hundreds of files; whoever points at a home folder shall not wait. */
const MOST_FILES = 2_000;

/** The annotations of a project's Lua files, read when first asked for. */
export class ProjectAnnotations {
  readonly #dir: string;
  #all: Annotated | undefined;

  constructor(dir: string) {
    this.#dir = dir;
  }

  class(name: string): AnnotatedClass | undefined {
    return this.#read().classes.get(name);
  }

  alias(name: string): Type | undefined {
    return this.#read().aliases.get(name);
  }

  /** Text of a module of the project; undefined when there is none. */
  module(name: string): string | undefined {
    if (!/^[\w-]+(?:[./][\w-]+)*$/.test(name)) return undefined;
    const path = name.replaceAll('.', '/');
    return this.#text(`${path}.lua`) ?? this.#text(`${path}/init.lua`);
  }

  #read(): Annotated {
    if (this.#all) return this.#all;
    this.#all = { classes: new Map(), aliases: new Map() };
    for (const path of this.#files()) {
      const { classes, aliases } = readAnnotated(this.#text(path) ?? '');
      for (const [name, found] of classes) if (!this.#all.classes.has(name)) this.#all.classes.set(name, found);
      for (const [name, found] of aliases) if (!this.#all.aliases.has(name)) this.#all.aliases.set(name, found);
    }
    return this.#all;
  }

  #files(): string[] {
    const files: string[] = [];
    const folders = [''];
    for (let folder = folders.shift(); folder !== undefined && files.length < MOST_FILES; folder = folders.shift()) {
      for (const entry of entriesOf(join(this.#dir, folder))) {
        const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
        if (entry.isDirectory()) {
          if (!entry.name.startsWith('.') && !PASSED_OVER.has(path)) folders.push(path);
        } else if (entry.name.endsWith('.lua')) files.push(path);
      }
    }
    return files;
  }

  #text(path: string): string | undefined {
    try {
      return readFileSync(join(this.#dir, path), 'utf8');
    } catch {
      return undefined;
    }
  }
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch {
    return [];
  }
}

export function describeJob(job: JobDefinition, name: string, annotations: ProjectAnnotations): DescribedJob {
  const own = (family: string) => `crap.${family}.${name}`;
  const dataName = own('job_data');
  const declared = annotations.class(dataName) !== undefined || annotations.alias(dataName) !== undefined;
  const given = declared ? named(dataName) : dataOf(job, annotations);
  const declarations: Declaration[] = [];
  if (!declared) {
    declarations.push({ kind: 'alias', name: dataName, type: given ?? mapOf(ANY), note: given ? undefined : UNKNOWN } as Declaration);
  }
  declarations.push(
    {
      kind: 'class',
      name: own('job_context'),
      parents: ['crap.JobHandlerContext'],
      members: [member('data', named(dataName))],
      note: `What the handler of "${job.slug}" is called with`,
    },
    { kind: 'alias', name: own('job_fn'), type: fn([member('ctx', named(own('job_context')))], ANY) },
  );
  return {
    slug: job.slug,
    name,
    declarations,
    signatures: signaturesOf(job.slug, named(dataName)),
    data: given ?? mapOf(ANY),
    own: classesOf(given, annotations),
  };
}

const UNKNOWN = 'Not said by the project';

function signaturesOf(slug: string, data: Type): Signature[] {
  const first = member('slug', literal(slug));
  const options = member('options', named('crap.QueueOptions'), true);
  return [
    { fn: 'crap.jobs.queue', params: [first, member('data', data, true), options], result: STRING },
    { fn: 'crap.jobs.queue_many', params: [first, member('list', listOf(data)), options], result: listOf(STRING) },
  ];
}

/** The type of `data` in the type that the handler says its parameter has. */
function dataOf(job: JobDefinition, annotations: ProjectAnnotations): Type | undefined {
  const text = handlerAnnotation(job.handler.ref, annotations);
  const type = text === undefined ? undefined : parseType(text)?.type;
  const data = type && memberType(type, 'data', annotations, new Set());
  if (!data || (data.kind === 'named' && !known(data.name, annotations))) return undefined;
  return data;
}

function known(name: string, annotations: ProjectAnnotations): boolean {
  return annotations.class(name) !== undefined || annotations.alias(name) !== undefined;
}

function memberType(type: Type, key: string, annotations: ProjectAnnotations, seen: Set<string>): Type | undefined {
  if (type.kind === 'record') return type.members.find(({ name }) => name === key)?.type;
  if (type.kind === 'function') return type.params[0] && memberType(type.params[0].type, key, annotations, seen);
  if (type.kind !== 'named' || seen.has(type.name)) return undefined;
  seen.add(type.name);
  const alias = annotations.alias(type.name);
  if (alias) return memberType(alias, key, annotations, seen);
  const found = annotations.class(type.name);
  if (!found) return undefined;
  const own = found.members.find(({ name }) => name === key)?.type;
  if (own) return own;
  for (const parent of found.parents) {
    const inherited = memberType(named(parent), key, annotations, seen);
    if (inherited) return inherited;
  }
  return undefined;
}

/** The text behind `---@param ctx` (or `---@type`) above the handler. `jobs.x` may be the function itself, `jobs.x.run` one in a module. */
function handlerAnnotation(ref: string, annotations: ProjectAnnotations): string | undefined {
  const whole = annotations.module(ref);
  if (whole !== undefined) {
    const found = annotationAbove(whole, /^return\s+function\b/);
    if (found !== undefined) return found;
  }
  const dot = ref.lastIndexOf('.');
  const source = dot < 0 ? undefined : annotations.module(ref.slice(0, dot));
  if (source === undefined) return undefined;
  const name = ref.slice(dot + 1).replace(/[^\w]/g, '\\$&');
  return annotationAbove(
    source,
    new RegExp(
      `^(?:local\\s+)?function\\s+(?:[\\w.]+[.:])?${name}\\s*\\(|^(?:local\\s+)?(?:[\\w.]+\\.)?${name}\\s*=|^\\["${name}"\\]\\s*=`,
    ),
  );
}

function annotationAbove(source: string, definition: RegExp): string | undefined {
  const lines = source.split('\n').map((line) => line.trim());
  for (let at = 0; at < lines.length; at++) {
    if (!definition.test(lines[at]!)) continue;
    for (let above = at - 1; above >= 0 && lines[above]!.startsWith('---'); above--) {
      const [, text] = /^---\s?@(?:param\s+\w+\??|type)\s+(.+)$/.exec(lines[above]!) ?? [];
      if (text !== undefined) return text;
    }
  }
  return undefined;
}

/** The project's own classes that a type leads to. */
function classesOf(type: Type | undefined, annotations: ProjectAnnotations): Declaration[] {
  const found = new Map<string, Declaration>();
  const visit = (at: Type): void => {
    if (at.kind === 'list' || at.kind === 'map') visit(at.of);
    else if (at.kind === 'union') at.of.forEach(visit);
    else if (at.kind === 'record') for (const { type: inner } of at.members) visit(inner);
    else if (at.kind === 'named' && !found.has(at.name)) {
      const alias = annotations.alias(at.name);
      const own = annotations.class(at.name);
      if (alias) {
        found.set(at.name, { kind: 'alias', name: at.name, type: alias });
        visit(alias);
      } else if (own) {
        found.set(at.name, { kind: 'class', name: own.name, parents: own.parents, members: own.members });
        for (const parent of own.parents) visit(named(parent));
        for (const { type: inner } of own.members) visit(inner);
      }
    }
  };
  if (type) visit(type);
  return [...found.values()];
}
