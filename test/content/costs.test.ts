/** What operations cost as tables grow: statements a call, and plans that read only the rows of the documents in question. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { openStage, type Stage } from './support.js';

let stage: Stage;
afterEach(() => stage.dispose());

const to = (collection: string, more: object = {}) => ({ type: 'relationship', relationship: { collection, ...more } });
const COLLECTIONS = {
  authors: {
    fields: [
      { name: 'name' },
      { name: 'posts', type: 'join', collection: 'posts', on: 'author' },
      { name: 'edited', type: 'join', collection: 'posts', on: 'editors' },
    ],
  },
  posts: {
    fields: [
      { name: 'title' },
      { name: 'author', ...to('authors') },
      { name: 'editors', ...to('authors', { has_many: true }) },
      { name: 'lines', type: 'array', fields: [{ name: 'label' }] },
      { name: 'parts', type: 'blocks', blocks: [{ type: 'text', fields: [{ name: 'body' }] }] },
    ],
  },
};

function fill(count: number): { authors: string[]; posts: string[] } {
  stage = openStage({ collections: COLLECTIONS, settings: { pagination: { defaultLimit: 10, maxLimit: 1000, mode: 'page' } } });
  const authors = stage.createMany(
    'authors',
    Array.from({ length: count }, (_, i) => ({ name: `a${i}` })),
  ).documents;
  const ids = authors.map(({ id }) => id);
  const posts = stage.createMany(
    'posts',
    ids.map((author, i) => ({
      title: `p${i}`,
      author,
      editors: [author, ids[(i + 1) % count]],
      lines: [{ label: 'a' }, { label: 'b' }],
      parts: [{ _block_type: 'text', body: 'x' }],
    })),
  ).documents;
  return { authors: ids, posts: posts.map(({ id }) => id) };
}

/** The statements of a call, in order. */
function statements(call: () => unknown): string[] {
  const seen: string[] = [];
  const { db } = stage.ctx;
  const spies = (['all', 'get', 'run'] as const).map((method) => {
    const original = db[method].bind(db) as (sql: string, params?: never) => never;
    return vi.spyOn(db, method).mockImplementation(((sql: string, params: never) => {
      seen.push(sql);
      return original(sql, params);
    }) as never);
  });
  call();
  for (const spy of spies) spy.mockRestore();
  return seen;
}

describe('the number of statements does not grow with the documents of a page', () => {
  const cost = (count: number, call: () => unknown) => {
    fill(count);
    return statements(call).length;
  };

  it.each([
    ['rows', () => stage.find('posts', { limit: 400 })],
    ['references, two levels', () => stage.find('posts', { limit: 400, depth: 2 })],
    ['join fields, by columns and by links', () => stage.find('authors', { limit: 400, depth: 1 })],
    ['join fields, two levels', () => stage.find('authors', { limit: 400, depth: 2 })],
  ])('%s', (_, call) => {
    const few = cost(3, call);
    stage.dispose();
    expect(cost(300, call)).toBe(few);
  });
});

// Rows of arrays and blocks had no index by their owner: creating 2,000 documents read 2,000 times all rows there were.
it('rows of arrays and blocks are found by their owner, whatever the call', () => {
  const { posts } = fill(2);
  const id = posts[0]!;
  const seen = [
    ...statements(() => stage.findById('posts', id)),
    ...statements(() => stage.find('posts')),
    ...statements(() => stage.update('posts', id, { lines: [{ label: 'c' }], parts: [] })),
    ...statements(() => stage.count('posts', { where: { 'lines.label': 'c' } })),
  ].filter((sql) => /posts_(?:lines|parts)/.test(sql) && !sql.startsWith('INSERT'));
  expect(seen.length).toBeGreaterThan(4);
  for (const sql of seen) {
    const plan = stage.rows(`EXPLAIN QUERY PLAN ${sql.replaceAll('?', "'x'")}`).map(({ detail }) => String(detail));
    expect(plan.filter((step) => /SCAN (?:"?posts_|_s)|USE TEMP B-TREE/.test(step))).toEqual([]);
  }
  const cascade = stage.rows("SELECT name FROM pragma_index_list('posts_lines') WHERE origin = 'c'");
  expect(cascade).toEqual([{ name: '_ml_posts_lines_parent' }]);
});

it.each([
  ['plain', {}],
  ['with drafts', { versions: true }],
  ['with a trash', { soft_delete: true }],
  ['with both', { versions: true, soft_delete: true }],
])('Regression: a page in the default order was read and sorted from all documents: %s', (_, more) => {
  const fields = [
    { name: 'title', type: 'text' },
    { name: 'kind', type: 'text', index: true },
    { name: 'code', type: 'text', unique: true },
  ];
  const pagination = { defaultLimit: 10, maxLimit: 50, mode: 'cursor' as const };
  stage = openStage({ collections: { notes: { fields, ...more } }, settings: { pagination } });
  for (const title of ['a', 'b', 'c']) stage.create('notes', { title });
  const planOf = (query: object) => {
    const [sql] = statements(() => stage.find('notes', query)).filter((text) => text.includes(' LIMIT '));
    return stage.rows(`EXPLAIN QUERY PLAN ${sql!.replaceAll('?', '1')}`).map(({ detail }) => String(detail));
  };
  const { endCursor } = stage.find('notes', { limit: 1 }).pagination;
  for (const query of [{}, { limit: 2, page: 2 }, { where: { title: 'b' } }, { limit: 1, after_cursor: endCursor }]) {
    expect(planOf(query)).toEqual([expect.stringMatching(/^S\w+ notes USING INDEX _ml_idx_notes_newest/)]);
  }
  // What is more selective is asked first, and the few that it finds are sorted.
  expect(planOf({ where: { kind: 'x' } })[0]).toContain('USING INDEX idx_notes_kind');
  expect(planOf({ where: { code: 'x' } })[0]).toMatch(/code=\?/);
  expect(planOf({ where: { id: { in: ['x', 'y'] } } })[0]).toMatch(/id=\?/);
  expect(planOf({ search: 'b' })[0]).toMatch(/id=\?/);
  if (Object.keys(more).length === 0) expect(planOf({ order_by: 'title' })[0]).not.toContain('newest');
});

it('a document that many others point at has them all, in the order of creation times and ids', () => {
  const { authors } = fill(60);
  const [first] = authors;
  stage.updateMany('posts', {}, { author: first, editors: [first] });
  const doc = stage.findById('authors', first!, { depth: 1 }) as { posts?: { id: string }[]; edited?: { id: string }[] };
  expect(doc.posts).toHaveLength(60);
  expect(doc.edited?.map(({ id }) => id)).toEqual(doc.posts?.map(({ id }) => id));
  expect(doc.posts?.map(({ id }) => id)).toEqual(doc.posts?.map(({ id }) => id).toSorted((a, b) => (a < b ? 1 : -1)));
});

// Each round of a chain deleted the one document at its end: 2,000 documents took two million looks.
it.each(['older', 'newer'])('delete_many takes a chain of documents that refer to %s ones in a few rounds', (which) => {
  stage = openStage({ collections: { links: { fields: [{ name: 'next', ...to('links') }] } } });
  const ids = Array.from({ length: 60 }, () => stage.create('links', {}).id);
  for (const [i, id] of ids.entries()) {
    const next = ids[which === 'older' ? i - 1 : i + 1];
    if (next !== undefined) stage.update('links', id, { next });
  }
  const seen = statements(() => expect(stage.deleteMany('links', {}, {})).toEqual({ deleted: 60, skipped: 0 }));
  expect(seen.filter((sql) => sql.startsWith('SELECT 1 AS found FROM "links"')).length).toBeLessThanOrEqual(3 * 60);
});
