/** Every function that a definition names, with the source text of the start-up validation (Lua API 1.3). */
import type { FunctionRef } from '../domain/job.js';
import type { JsonObject } from '../domain/json.js';
import { type Definition, isCollection } from './layout.js';
import type { FieldDefinition } from './schema.js';

export interface DefinitionRef {
  /** `collection 'posts' field 'items' field 'label'`, ` block 'quote'` and ` tab #0 ('Main')` in between. */
  source: string;
  /** The hook's name, `access.read` …, `validate`, `required_when`, `live.filter`, `auth.strategies`, `auth.mfa_when`. */
  kind: string;
  ref: string;
  /** The generation from which on the reference checks this kind at start: 8 for hooks and access, 10 for most others; undefined = never. */
  since: 8 | 10 | undefined;
}

/** In definition order: hooks, access rules and others of the definition itself, then of its fields, outer before inner. */
export function functionRefsOf(definition: Definition): DefinitionRef[] {
  const source = `${isCollection(definition) ? 'collection' : 'global'} '${definition.slug}'`;
  const refs = [...hookRefs(source, definition.hooks), ...accessRefs(source, definition.access)];
  const live = definition.live;
  const filter = typeof live === 'object' && live !== null && 'filter' in live ? live['filter'] : live;
  if (typeof filter === 'string') refs.push({ source, kind: 'live.filter', ref: filter, since: 10 });
  if (isCollection(definition) && definition.auth) refs.push(...authRefs(source, definition.auth));
  return [...refs, ...fieldRefs(source, definition.fields)];
}

function authRefs(source: string, auth: JsonObject): DefinitionRef[] {
  const strategies = (Array.isArray(auth['strategies']) ? auth['strategies'] : []) as { authenticate?: string }[];
  const named = strategies.flatMap(({ authenticate }) => (authenticate ? [authenticate] : []));
  const refs = named.map((ref): DefinitionRef => ({ source, kind: 'auth.strategies', ref, since: undefined }));
  const when = auth['mfa_when'];
  if (typeof when === 'string') refs.push({ source, kind: 'auth.mfa_when', ref: when, since: 10 });
  return refs;
}

function hookRefs(source: string, hooks: object): DefinitionRef[] {
  const lists = Object.entries(hooks) as [string, FunctionRef[]][];
  return lists.flatMap(([kind, list]) => list.map(({ ref }) => ({ source, kind, ref, since: 8 }) as const));
}

function accessRefs(source: string, access: object): DefinitionRef[] {
  const rules = Object.entries(access) as [string, FunctionRef | undefined][];
  return rules.flatMap(([name, rule]) => (rule ? [{ source, kind: `access.${name}`, ref: rule.ref, since: 8 } as const] : []));
}

function fieldRefs(parent: string, fields: readonly FieldDefinition[]): DefinitionRef[] {
  return fields.flatMap((field) => {
    const source = `${parent} field '${field.name}'`;
    const refs = [...hookRefs(source, field.hooks), ...accessRefs(source, field.access)];
    if (field.validate) refs.push({ source, kind: 'validate', ref: field.validate.ref, since: 10 });
    if (field.requiredWhen) refs.push({ source, kind: 'required_when', ref: field.requiredWhen.ref, since: 10 });
    return [
      ...refs,
      ...fieldRefs(source, field.fields),
      ...field.blocks.flatMap((block) => fieldRefs(`${source} block '${block.type}'`, block.fields)),
      ...field.tabs.flatMap((tab, index) => fieldRefs(`${source} tab #${index} ('${tab.label}')`, tab.fields)),
    ];
  });
}
