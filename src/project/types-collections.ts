/** Classes and call signatures of one collection. Names are those of the reference where it has them (Lua API 9, 10.7). */
import { leavesOf } from '../content/layout.js';
import type { CollectionDefinition, FieldDefinition } from '../content/schema.js';
import { type FieldTyping, fieldMembers, type Side } from './types-fields.js';
import { filterMembers, orderNames } from './types-filters.js';
import {
  ANY,
  BOOLEAN,
  type Declaration,
  type Described,
  fn,
  INTEGER,
  listOf,
  literal,
  type Member,
  mapOf,
  member,
  NIL,
  named,
  type Signature,
  STRING,
  type Type,
  unionOf,
} from './types-model.js';

export type Typing = Omit<FieldTyping, 'owner' | 'side' | 'into'>;

export function describeCollection(typing: Typing, definition: CollectionDefinition, name: string): Described {
  const { slug } = definition;
  const into: Declaration[] = [];
  const fields = (side: Side) => fieldMembers({ ...typing, owner: name, side, into }, definition.fields);
  const written = fields('write');
  const read = fields('read');
  const own = (family: string) => `crap.${family}.${name}`;
  const cls = (family: string, members: Member[], parents: string[] = [], note?: string) =>
    into.push({ kind: 'class', name: own(family), parents, members, ...(note !== undefined && { note }) });
  const alias = (family: string, type: Type) => into.push({ kind: 'alias', name: own(family), type });
  const password = definition.auth ? [member('password', STRING, true, 'Kept as a hash; never read back')] : [];
  const flat = flatMembers(definition.fields, written);
  const system = systemMembers(definition);

  cls('data', [...written, ...flat], [], `What is written to "${slug}"`);
  cls('input', password, [own('data')], 'What create takes');
  cls('partial', [...written.map(optional), ...flat, ...password], [], 'What update takes: any of the fields');
  cls('doc', [member('id', STRING), ...read, ...system, ...standIn(read, slug)], [], `A document of "${slug}"`);
  const locales = localeMembers(typing, definition.fields, read);
  if (locales.length > 0) cls('doc_locales', locales, [own('doc')], 'A document read with `locale = "all"`');

  const filters = filterMembers(definition, typing.generation);
  cls('where', [...filters, member('or', listOf(named(own('where'))), true, 'At least one of these groups must hold')]);
  alias('order', unionOf(orderNames(definition, typing.generation).flatMap((key) => [literal(key), literal(`-${key}`)])));
  const names = [...read, ...system].map((entry) => entry.name);
  alias('field_name', unionOf(['id', ...names].map(literal)));
  const where = member('where', named(own('where')), true);
  const select = member('select', listOf(named(own('field_name'))), true);
  cls('count_query', [where], ['crap.CountQuery']);
  cls('query', [where, member('order_by', named(own('order')), true), select], ['crap.FindQuery']);
  cls('find_options', [select], ['crap.FindByIdOptions']);
  cls('bulk_query', [where], ['crap.BulkQuery']);
  cls('find_result', [member('documents', listOf(named(own('doc')))), member('pagination', named('crap.PaginationInfo'))]);
  cls('create_many_result', [member('documents', listOf(named(own('doc'))))], ['crap.CreateManyResult']);

  const times = system.filter(({ name: key }) => key.endsWith('_at')).map(optional);
  cls('hook_data', [member('id', STRING, false, 'Not before a create'), ...times], [own('data')], 'ctx.data of hooks');
  declareContexts(into, own, slug);
  return { slug, name, declarations: into, signatures: signaturesOf(definition, own) };
}

/** Contexts of hooks, field hooks and access functions, and the functions themselves. `family` gives a class's full name. */
export function declareContexts(into: Declaration[], family: (name: string) => string, slug: string): void {
  const cls = (name: string, members: Member[], parent: string) =>
    into.push({ kind: 'class', name: family(name), parents: [parent], members });
  const collection = member('collection', literal(slug));
  cls('hook', [collection, member('data', named(family('hook_data')))], 'crap.HookContext');
  cls('field_hook', [collection, member('data', named(family('hook_data')))], 'crap.FieldHookContext');
  cls('access', [member('data', named(family('data')), true)], 'crap.AccessContext');
  const ctx = (name: string) => member('ctx', named(family(name)));
  const alias = (name: string, type: Type) => into.push({ kind: 'alias', name: family(name), type });
  alias('hook_fn', fn([ctx('hook')], unionOf([named(family('hook')), { kind: 'plain', name: 'table' }, NIL])));
  alias('field_hook_fn', fn([member('value', ANY), ctx('field_hook')], ANY));
  alias('access_fn', fn([ctx('access')], named('crap.AccessResult')));
}

export function optional(given: Member): Member {
  return { ...given, optional: true };
}

/** Flat spellings of group members: `seo__title`. */
export function flatMembers(fields: readonly FieldDefinition[], written: readonly Member[]): Member[] {
  const taken = new Set(written.map(({ name }) => name));
  const typeless = leavesOf(fields).filter(({ path, key, storage }) => path.length > 1 && storage !== 'virtual' && !taken.has(key));
  return typeless.map(({ key, path, field }) => member(key, flatType(field), true, `The same as ${path.join('.')}`));
}

function flatType(field: FieldDefinition): Type {
  if (field.type === 'number') return unionOf([{ kind: 'plain', name: 'number' }, STRING]);
  if (field.type === 'array' || field.type === 'blocks') return listOf({ kind: 'plain', name: 'table' });
  if (field.relationship?.hasMany) return listOf(STRING);
  return field.type === 'checkbox' || field.type === 'json' || field.hasMany ? ANY : STRING;
}

function systemMembers(definition: CollectionDefinition): Member[] {
  const members: Member[] = [];
  if (definition.versions?.drafts) members.push(member('_status', named('crap.Status')));
  if (definition.softDelete) members.push(member('_deleted_at', STRING, true, 'In the trash only'));
  if (definition.timestamps) for (const name of ['created_at', 'updated_at']) members.push(member(name, STRING, false, 'ISO 8601 in UTC'));
  return members;
}

/** A field of that name would be overwritten in documents that stand for references; what it is then is left open. */
function standIn(read: readonly Member[], slug: string): Member[] {
  if (read.some(({ name }) => name === 'collection')) return [];
  return [member('collection', literal(slug), true, 'On documents that stand for a reference')];
}

/** Localized leaves as tables by locale; groups that hold some are left as they are. */
export function localeMembers(typing: Typing, fields: readonly FieldDefinition[], read: readonly Member[]): Member[] {
  if (typing.locales.length === 0) return [];
  const types = new Map(read.map((entry) => [entry.name, entry.type]));
  return leavesOf(fields)
    .filter((leaf) => leaf.localized && leaf.storage === 'column' && leaf.path.length === 1 && types.has(leaf.key))
    .map((leaf) =>
      member(leaf.key, {
        kind: 'record',
        members: typing.locales.map((locale) => member(locale, types.get(leaf.key)!, true)),
      }),
    );
}

/** Calls whose types are the collection's own, and that it can have: versions and drafts only where it keeps some. */
function signaturesOf(definition: CollectionDefinition, own: (family: string) => string): Signature[] {
  const first = member('slug', literal(definition.slug));
  const id = member('id', STRING);
  const data = (family: string) => member('data', named(own(family)));
  const options = (name: string) => member('options', named(name), true);
  const doc = named(own('doc'));
  const query = member('query', named(own('bulk_query')));
  const call = (name: string, params: Member[], result: Type): Signature => ({
    fn: `crap.collections.${name}`,
    params: [first, ...params],
    result,
  });
  const signatures = [
    call('find', [member('query', named(own('query')), true)], named(own('find_result'))),
    call('find_by_id', [id, options(own('find_options'))], unionOf([doc, NIL])),
    call('count', [member('query', named(own('count_query')), true)], INTEGER),
    call('create', [data('input'), options('crap.CreateOptions')], doc),
    call('update', [id, data('partial'), options('crap.UpdateOptions')], doc),
    call('validate', [data('partial'), options('crap.ValidateOptions')], named('crap.Verdict')),
    call('create_many', [member('items', listOf(named(own('input')))), options('crap.CreateOptions')], named(own('create_many_result'))),
    call('update_many', [query, data('partial'), options('crap.UpdateOptions')], named('crap.UpdateManyResult')),
    call('delete_many', [query, options('crap.DeleteOptions')], named('crap.DeleteManyResult')),
  ];
  if (definition.versions) signatures.push(call('restore_version', [id, member('version_id', STRING), options('crap.AccessOptions')], doc));
  if (definition.versions?.drafts) signatures.push(call('unpublish', [id, options('crap.WriteOptions')], doc));
  return signatures;
}

/** `crap.collections.<slug>` of generation 10: the calls without their slug, and functions that only tell types. */
export function accessorOf(
  described: Described,
  className: string,
  more: readonly Member[],
  family: (name: string) => string,
): Declaration {
  const calls = described.signatures.map(({ fn: name, params, result }) => member(name.split('.').pop()!, fn(params.slice(1), result)));
  const helper = (name: string, type: string) => member(name, fn([member('fn', named(family(type)))], named(family(type))));
  const loose = (name: string, result: Type) => {
    const type = fn([member('ctx', { kind: 'plain', name: 'table' })], result);
    return member(name, fn([member('fn', type)], type));
  };
  return {
    kind: 'class',
    name: className,
    parents: [],
    members: [
      ...calls,
      ...more,
      helper('hook', 'hook_fn'),
      helper('read_hook', 'hook_fn'),
      helper('field_hook', 'field_hook_fn'),
      helper('access', 'access_fn'),
      loose('auth_strategy', unionOf([named('crap.Document'), NIL])),
      loose('condition', unionOf([BOOLEAN, mapOf(ANY)])),
      loose('row_label', unionOf([STRING, NIL])),
    ],
  };
}

/** Calls of an accessor that have no types of the collection's own. */
export function plainCalls(definition: CollectionDefinition): Member[] {
  const call = (name: string, options: string, result: Type) =>
    member(name, fn([member('id', STRING), member('options', named(options), true)], result));
  const calls = [call('delete', 'crap.DeleteOptions', literal(true)), call('ref_count', 'crap.AccessOptions', INTEGER)];
  if (definition.softDelete) calls.push(call('undelete', 'crap.AccessOptions', literal(true)));
  if (definition.versions) calls.push(call('list_versions', 'crap.VersionsQuery', named('crap.VersionList')));
  return calls;
}
