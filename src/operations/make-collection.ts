/** Make collection and make global: the file of a new definition. */
import { join } from 'node:path';
import { hiddenBy } from '../content/parse-shared.js';
import { UsageError } from '../domain/errors.js';
import { titleOf } from '../domain/slug.js';
import { fieldsText, type NewField } from './make-fields.js';
import { indented, quoted, requireSlug, type ScaffoldRequest, writeScaffold } from './scaffold.js';

export interface CollectionTemplate {
  slug: string;
  /** Default: a title, of auth collections a name. */
  fields?: readonly NewField[];
  /** Default true. */
  timestamps?: boolean;
  auth?: boolean;
  upload?: boolean;
  /** With drafts. */
  versions?: boolean;
  /** Further lines of the definition. */
  more?: readonly string[];
}

export type GlobalTemplate = Pick<CollectionTemplate, 'slug' | 'fields'>;

export interface MadeDefinition {
  slug: string;
  path: string;
}

/** UsageError INVALID_SLUG; RefusedError FILE_EXISTS. */
export function makeCollection(request: ScaffoldRequest & Omit<CollectionTemplate, 'more'>): MadeDefinition {
  requireVisible(request, 'collections');
  return write(request, 'collections', collectionText(request));
}

/** UsageError INVALID_SLUG; RefusedError FILE_EXISTS. */
export function makeGlobal(request: ScaffoldRequest & GlobalTemplate): MadeDefinition {
  requireVisible(request, 'globals');
  return write(request, 'globals', globalText(request));
}

function requireVisible({ slug, generation = 8 }: ScaffoldRequest & { slug: string }, namespace: 'collections' | 'globals'): void {
  requireSlug(slug, generation);
  const problem = hiddenBy(slug, namespace, generation);
  if (problem) throw new UsageError('INVALID_SLUG', problem, { details: { slug } });
}

function write({ dir, force, slug }: ScaffoldRequest & { slug: string }, folder: string, text: string): MadeDefinition {
  const [path] = writeScaffold(dir, { [join(folder, `${slug}.lua`)]: text }, force);
  return { slug, path: path! };
}

export function collectionText(template: CollectionTemplate): string {
  const { slug, auth = false, upload = false, versions = false, timestamps = true, more = [] } = template;
  const fields = template.fields ?? [{ name: auth ? 'name' : 'title', type: 'text', options: upload ? [] : ['required'] }];
  const title = fields.find(({ name, type }) => name === 'title' && type === 'text');
  const plural = titleOf(slug);
  return `crap.collections.define(${quoted(slug)}, {
${indented([
  `labels = { singular = ${quoted(singularOf(plural))}, plural = ${quoted(plural)} },`,
  ...(title ? ['admin = { use_as_title = "title" },'] : []),
  ...(timestamps ? [] : ['timestamps = false,']),
  ...(auth ? ['auth = true,'] : []),
  ...(upload ? ['upload = true,'] : []),
  ...(versions ? ['versions = { drafts = true },'] : []),
  ...fieldsText(fields),
  ...more,
]).join('\n')}
})
`;
}

function globalText({ slug, fields = [{ name: 'title', type: 'text', options: [] }] }: GlobalTemplate): string {
  return `crap.globals.define(${quoted(slug)}, {
${indented([`labels = { singular = ${quoted(titleOf(slug))} },`, ...fieldsText(fields)]).join('\n')}
})
`;
}

/** Of an English plural; a guess that the file's owner corrects. */
function singularOf(plural: string): string {
  if (/(?:ss|us|is|news|series)$/i.test(plural)) return plural;
  if (/[^aeiou]ies$/i.test(plural)) return plural.replace(/ies$/i, 'y');
  if (/(?:ss|x|z|ch|sh)es$/i.test(plural)) return plural.replace(/es$/i, '');
  return plural.replace(/s$/i, '') || plural;
}
