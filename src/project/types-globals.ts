/** Classes and call signatures of one global. */
import type { GlobalDefinition } from '../content/schema.js';
import { declareContexts, flatMembers, localeMembers, optional, type Typing } from './types-collections.js';
import { fieldMembers, type Side } from './types-fields.js';
import {
  type Declaration,
  type Described,
  fn,
  literal,
  type Member,
  member,
  named,
  type Signature,
  STRING,
  type Type,
} from './types-model.js';

/** Class families as the reference has them: `global_data.<P>`, `global_doc.<P>`, but `hook.global_<slug>`. */
export function globalFamily(slug: string, name: string): (family: string) => string {
  const bySlug = new Set(['hook', 'hook_fn', 'field_hook', 'field_hook_fn', 'access', 'access_fn']);
  return (family) => (bySlug.has(family) ? `crap.${family}.global_${slug}` : `crap.global_${family}.${name}`);
}

export function describeGlobal(typing: Typing, definition: GlobalDefinition, name: string): Described {
  const { slug } = definition;
  const into: Declaration[] = [];
  const own = globalFamily(slug, name);
  const fields = (side: Side) => fieldMembers({ ...typing, owner: `Global${name}`, side, into }, definition.fields);
  const written = fields('write');
  const read = fields('read');
  const flat = flatMembers(definition.fields, written);
  const cls = (family: string, members: Member[], parents: string[] = [], note?: string) =>
    into.push({ kind: 'class', name: own(family), parents, members, ...(note !== undefined && { note }) });
  const status = definition.versions?.drafts ? [member('_status', named('crap.Status'))] : [];
  const times = ['created_at', 'updated_at'].map((key) => member(key, STRING, false, 'ISO 8601 in UTC'));

  cls('data', [...written, ...flat], [], `What is written to the global "${slug}"`);
  cls('partial', [...written, ...flat].map(optional), [], 'What update takes: any of the fields');
  cls('doc', [member('id', literal('default')), ...read, ...status, ...times], [], `The document of the global "${slug}"`);
  const locales = localeMembers(typing, definition.fields, read);
  if (locales.length > 0) cls('doc_locales', locales, [own('doc')], 'The document read with `locale = "all"`');
  cls('hook_data', [member('id', literal('default'), true), ...times.map(optional)], [own('data')], 'ctx.data of hooks');
  declareContexts(into, own, slug);
  return { slug, name, declarations: into, signatures: signaturesOf(slug, own, typing.generation) };
}

function signaturesOf(slug: string, own: (family: string) => string, generation: 8 | 10): Signature[] {
  const first = member('slug', literal(slug));
  const doc = named(own('doc'));
  const data = member('data', named(own('partial')));
  const options = (name: string) => member('options', named(name), true);
  const call = (name: string, params: Member[], result: Type): Signature => ({
    fn: `crap.globals.${name}`,
    params: [first, ...params],
    result,
  });
  const signatures = [call('get', [options('crap.GlobalOptions')], doc), call('update', [data, options('crap.GlobalUpdateOptions')], doc)];
  if (generation === 8) return signatures;
  return [
    ...signatures,
    call('validate', [data, options('crap.ValidateOptions')], named('crap.Verdict')),
    call('unpublish', [options('crap.GlobalUpdateOptions')], doc),
    call('restore_version', [member('version_id', STRING), options('crap.AccessOptions')], doc),
  ];
}

/** Calls of an accessor that have no types of the global's own. */
export const PLAIN_GLOBAL_CALLS: readonly Member[] = [
  member('list_versions', fn([member('options', named('crap.VersionsQuery'), true)], named('crap.VersionList'))),
];
