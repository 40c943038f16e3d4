/** What is made of definitions besides tables: the lossy rendering, references to functions, problems between definitions. */
import { describe, expect, it } from 'vitest';
import { applyDefaultTimezone, checkDefinitions } from '../../src/content/define-check.js';
import { parseCollection } from '../../src/content/parse-collection.js';
import { functionRefsOf } from '../../src/content/refs.js';
import { renderCollection, renderGlobal } from '../../src/content/render-config.js';
import type { CollectionDefinition, GlobalDefinition } from '../../src/content/schema.js';
import { collectionView, listCollections } from '../../src/content/schema-view.js';
import type { LuaTable } from '../../src/lua/value.js';
import { type Config, collection, global, lua, registryOf, settings } from './support.js';

type Rendered = { [key: string]: Rendered } & Rendered[];
const render = (config: Config) => renderCollection(collection('posts', config).definition) as unknown as Rendered;
const renderField = (config: Config) => (render({ fields: [{ name: 'f', ...config }] })['fields'] as unknown as Rendered[])[0];

describe('crap.collections.config', () => {
  it('always has labels, timestamps, admin, fields, hooks, access and live', () => {
    expect(render({})).toEqual({ labels: {}, timestamps: true, admin: {}, fields: [], hooks: {}, access: {}, live: true });
    expect(renderGlobal(global('g', {}).definition)).toEqual({ labels: {}, fields: [], hooks: {}, access: {}, live: true });
  });

  it.each<[Config, Config]>([
    [{ auth: true }, { auth: true }],
    [{ auth: { token_expiry: 60, mfa: 'email' } }, { auth: { token_expiry: 60 } }],
    [{ auth: { mfa: 'email' } }, { auth: true }],
    [{ upload: true }, { upload: true }],
    [{ versions: true }, { versions: true }],
    [{ versions: { max_versions: 3 } }, { versions: { drafts: true, max_versions: 3 } }],
    [{ live: false }, { live: false }],
    [{ live: { mode: 'full', filter: 'x.y' } }, { live: 'x.y' }],
    [{ live: { mode: 'full' } }, { live: true }],
    [{ mcp: { description: 'd' } }, { mcp: { description: 'd' } }],
    [{ hooks: { after_read: [{ ref: 'a', options: { b: 1 } }] } }, { hooks: { after_read: [{ ref: 'a', options: { b: 1 } }] } }],
  ])('%j is shown as %j', (config, shown) => {
    expect(render(config)).toMatchObject(shown);
  });

  it.each<[Config, Config]>([
    [
      { index: true, min_length: 1, max_length: 2, min_rows: 1, max_rows: 2 },
      { name: 'f', type: 'text' },
    ],
    [
      { type: 'number', min: 1, max: 2 },
      { name: 'f', type: 'number' },
    ],
    [
      { type: 'join', collection: 'a', on: 'b' },
      { name: 'f', type: 'join' },
    ],
    [{ admin: { collapsed: true, resizable: true } }, { name: 'f', type: 'text' }],
    [{ admin: { collapsed: false, rows: 3 } }, { name: 'f', type: 'text', admin: { collapsed: false, rows: 3 } }],
    [
      { type: 'relationship', relationship: { collection: ['a', 'b'], has_many: true, max_depth: 0 } },
      { name: 'f', type: 'relationship', relationship: { collection: 'a', has_many: true, max_depth: 0 } },
    ],
    [
      { type: 'blocks', blocks: [{ type: 'q', label_field: 'x', image_url: '/i', fields: [] }] },
      { name: 'f', type: 'blocks', blocks: [{ type: 'q', image_url: '/i', fields: [] }] },
    ],
  ])('a field loses what the reference loses: %j', (config, shown) => {
    expect(renderField(config)).toEqual(shown);
  });

  it('survives being defined again, also with auth and upload', () => {
    for (const config of [
      { auth: true, fields: [{ name: 'a' }] },
      { upload: true, fields: [{ name: 'alt' }] },
    ]) {
      const rendered = render(config);
      const again = parseCollection('posts', lua(rendered) as LuaTable, { generation: 8 });
      expect(again.warnings).toEqual([]);
      expect(renderCollection(again.definition)).toEqual(rendered);
    }
  });
});

describe('crap.schema', () => {
  it('shows labels in the alphabetically first locale', () => {
    const { definition } = collection('posts', { labels: { singular: { en: 'Post', de: 'Beitrag' }, plural: 'Posts' } });
    expect(listCollections(registryOf(definition))).toEqual([{ slug: 'posts', labels: { singular: 'Beitrag', plural: 'Posts' } }]);
  });

  it('tells what a collection can do', () => {
    const { definition } = collection('posts', { auth: true, upload: true, versions: { drafts: false }, timestamps: false });
    expect(collectionView(definition)).toMatchObject({
      has_auth: true,
      has_upload: true,
      has_versions: true,
      has_drafts: false,
      timestamps: false,
    });
  });
});

it('functionRefsOf names every function with its source', () => {
  const { definition } = collection('posts', {
    hooks: { before_change: ['h.one', 'h.two'] },
    access: { read: 'a.read' },
    live: 'l.filter',
    auth: { strategies: [{ name: 'card', authenticate: 's.card' }, { name: 'none' }] },
    fields: [
      { name: 'rows', type: 'array', fields: [{ name: 'label', validate: 'v.label', hooks: { after_read: ['h.label'] } }] },
      { name: 'parts', type: 'blocks', blocks: [{ type: 'quote', fields: [{ name: 'body', access: { update: 'a.body' } }] }] },
      { name: 'tabs', type: 'tabs', tabs: [{ label: 'Main', fields: [{ name: 'x', hooks: { before_change: ['h.x'] } }] }] },
    ],
  });
  expect(functionRefsOf(definition).map(({ source, kind, ref, since }) => `${source}: ${kind}: '${ref}' ${since}`)).toEqual([
    "collection 'posts': before_change: 'h.one' 8",
    "collection 'posts': before_change: 'h.two' 8",
    "collection 'posts': access.read: 'a.read' 8",
    "collection 'posts': live.filter: 'l.filter' 10",
    "collection 'posts': auth.strategies: 's.card' undefined",
    "collection 'posts' field 'rows' field 'label': after_read: 'h.label' 8",
    "collection 'posts' field 'rows' field 'label': validate: 'v.label' 10",
    "collection 'posts' field 'parts' block 'quote' field 'body': access.update: 'a.body' 8",
    "collection 'posts' field 'tabs' tab #0 ('Main') field 'x': before_change: 'h.x' 8",
  ]);
  expect(functionRefsOf(global('g', { access: { read: 'a' } }).definition)).toEqual([
    { source: "global 'g'", kind: 'access.read', ref: 'a', since: 8 },
  ]);
});

describe('checkDefinitions', () => {
  const check = (generation: 8 | 10, ...definitions: (CollectionDefinition | GlobalDefinition)[]) =>
    checkDefinitions(registryOf(...definitions), settings([], generation)).map(
      ({ severity, code, message }) => `${severity} ${code} ${message}`,
    );
  const relation = (target: string) =>
    collection('posts', { fields: [{ name: 'r', type: 'relationship', relationship: { collection: target } }] }).definition;
  const people = collection('people', { fields: [{ name: 'name' }] }).definition;

  it('finds nothing in a sound project', () => {
    const joined = collection('people', {
      fields: [{ name: 'name' }, { name: 'posts', type: 'join', collection: 'posts', on: 'r' }],
    }).definition;
    expect(check(10, relation('people'), joined)).toEqual([]);
  });

  it.each([
    [8, 'warning'],
    [10, 'error'],
  ] as const)('names targets that are not there (generation %i: %s)', (generation, severity) => {
    expect(check(generation, relation('poeple'), people)).toEqual([
      `${severity} DEFINITION_UNKNOWN_TARGET collection 'posts' field 'r': there is no collection 'poeple' (did you mean 'people'?)`,
    ]);
    const join = collection('a', { fields: [{ name: 'j', type: 'join', collection: 'people', on: 'name' }] }).definition;
    expect(check(generation, join, people)).toEqual([
      `${severity} DEFINITION_JOIN collection 'a' field 'j': collection 'people' has no relationship 'name' to join on`,
    ]);
    const index = collection('a', { indexes: [{ fields: ['nam'] }], fields: [{ name: 'name' }] }).definition;
    expect(check(generation, index)).toEqual([
      `${severity} DEFINITION_INDEX_MEMBER collection 'a': an index names 'nam', which has no column (did you mean 'name'?); the index is not made`,
    ]);
  });

  it('wants a target of every relationship under generation 10', () => {
    const posts = collection('posts', { fields: [{ name: 'g', type: 'group', fields: [{ name: 'r', type: 'upload' }] }] }).definition;
    expect(check(8, posts)).toEqual([]);
    expect(check(10, posts)).toEqual([
      "error DEFINITION_UNKNOWN_TARGET collection 'posts' field 'g.r': relationship.collection is required",
    ]);
  });

  it('refuses one table for two owners', () => {
    const tags = collection('posts_tags', {}).definition;
    const posts = collection('posts', { fields: [{ name: 'tags', type: 'array' }] }).definition;
    expect(check(8, tags, posts)).toEqual([
      "error DEFINITION_TABLE_TWICE collection 'posts' field 'tags' needs the table 'posts_tags', which collection 'posts_tags' already has",
    ]);
  });

  it.each([
    ['sqlite_notes', {}, "collection 'sqlite_notes' needs the table 'sqlite_notes'"],
    ['json_each', {}, "collection 'json_each' needs the table 'json_each'"],
    ['sqlite', { fields: [{ name: 'rows', type: 'array' }] }, "collection 'sqlite' field 'rows' needs the table 'sqlite_rows'"],
  ])('Regression: refuses the table names of SQLite (%s)', (slug, config, text) => {
    expect(check(8, collection(slug, config).definition)).toEqual([
      `error DEFINITION_TABLE_TWICE ${text}, which SQLite itself already has`,
    ]);
  });

  it('Regression: refuses more columns than a table holds', () => {
    const many = (n: number) => Array.from({ length: n }, (_, i) => ({ name: `f${i}`, type: 'number' }));
    const posts = collection('posts', { fields: [...many(1_997), { name: 'rows', type: 'array', fields: many(2_100) }] }).definition;
    expect(check(8, posts)).toEqual([
      "error DEFINITION_TOO_WIDE collection 'posts' needs 2001 columns, and a table of SQLite holds 2000",
      "error DEFINITION_TOO_WIDE collection 'posts' field 'rows' needs 2103 columns, and a table of SQLite holds 2000",
    ]);
    expect(check(8, collection('posts', { fields: many(1_996) }).definition)).toEqual([]);
  });

  it('refuses one slug for a collection and a global under generation 10', () => {
    expect(check(8, people, global('people', {}).definition)).toEqual([]);
    expect(check(10, people, global('people', {}).definition)[0]).toContain("a collection and a global share the slug 'people'");
  });

  it('warns of searchable fields that are none', () => {
    const posts = collection('posts', { admin: { list_searchable_fields: ['titel'] }, fields: [{ name: 'title' }] }).definition;
    expect(check(10, posts)).toEqual([
      "warning DEFINITION_SEARCH_FIELD collection 'posts': list_searchable_fields names 'titel', which has no column (did you mean 'title'?)",
    ]);
  });
});

it('applyDefaultTimezone fills in what dates leave open', () => {
  const date = { type: 'date', picker_appearance: 'dayAndTime', timezone: true };
  const { definition } = collection('posts', {
    fields: [
      { name: 'a', ...date },
      { name: 'b', ...date, default_timezone: 'Asia/Tokyo' },
      { name: 'c', type: 'date' },
      { name: 'g', type: 'tabs', tabs: [{ label: 'T', fields: [{ name: 'd', ...date }] }] },
    ],
  });
  applyDefaultTimezone(registryOf(definition), 'Europe/Berlin');
  const [a, b, c, g] = definition.fields;
  expect([a, b, c, g!.tabs[0]!.fields[0]].map((field) => field!.defaultTimezone)).toEqual([
    'Europe/Berlin',
    'Asia/Tokyo',
    undefined,
    'Europe/Berlin',
  ]);
});
