/** Synchronising a database with definitions: what is created, added, warned of, refused; never dropped. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ContentRegistry } from '../../src/content/context.js';
import { schemaHash } from '../../src/content/sync.js';
import { HostError } from '../../src/domain/errors.js';
import { type Config, collection, global, registryOf, settings, TestDatabase } from './support.js';

const posts = (...fields: Config[]): ContentRegistry => registryOf(collection('posts', { fields }).definition);
const withOptions = (config: Config): ContentRegistry => registryOf(collection('posts', config).definition);

const FULL: Config = {
  versions: true,
  indexes: [{ fields: ['title', 'n'], unique: true }],
  fields: [
    { name: 'title', required: true, index: true },
    { name: 'code', unique: true },
    { name: 'n', type: 'number', default_value: 3 },
    { name: 'name', localized: true },
    { name: 'rows', type: 'array', localized: true, fields: [{ name: 'label' }] },
    { name: 'parts', type: 'blocks' },
    { name: 'links', type: 'relationship', relationship: { collection: ['posts'], has_many: true } },
  ],
};

let db: TestDatabase;
beforeEach(() => {
  db = new TestDatabase();
});
afterEach(() => db.dispose());

function refused(body: () => unknown): HostError {
  try {
    body();
  } catch (error) {
    if (error instanceof HostError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

describe('a new database', () => {
  it('gets every table once', () => {
    const report = db.sync(
      registryOf(collection('posts', FULL).definition, global('settings', { fields: [{ name: 'a' }] }).definition),
      settings(['en', 'de']),
    );
    expect(report.created.toSorted()).toEqual(
      ['posts', 'posts_rows', 'posts_parts', 'posts_links', '_versions_posts', '_fts_posts', '_global_settings'].toSorted(),
    );
    expect(report.warnings).toEqual([]);
  });

  it('is left as it is by a second run', () => {
    const registry = registryOf(collection('posts', FULL).definition, global('settings', { fields: [{ name: 'a' }] }).definition);
    db.sync(registry, settings(['en', 'de']));
    const before = db.schema();
    expect(db.sync(registry, settings(['en', 'de']))).toEqual({ created: [], altered: [], warnings: [] });
    expect(db.schema()).toEqual(before);
  });

  it('takes names that are SQL words', () => {
    const words = ['order', 'group', 'select', 'values', 'table', 'index', 'from'];
    const registry = registryOf(
      collection('order', { indexes: [{ fields: ['group', 'select'] }], fields: words.map((name) => ({ name, index: true })) }).definition,
    );
    expect(db.sync(registry).warnings).toEqual([]);
    expect(db.columns('order')).toEqual(['id', ...words, '_ref_count', 'created_at', 'updated_at']);
  });

  it('gives a global its row, once', () => {
    const registry = registryOf(
      global('settings', {
        fields: [
          { name: 'theme', default_value: 'plain' },
          { name: 'on', type: 'checkbox' },
        ],
      }).definition,
    );
    db.sync(registry);
    db.sync(registry);
    const rows = db.all('SELECT * FROM _global_settings');
    expect(rows).toMatchObject([{ id: 'default', theme: 'plain', on: 0, _ref_count: 0 }]);
    expect(rows[0]!['created_at']).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
  });

  it('has rows that go with their document', () => {
    db.sync(withOptions({ fields: FULL['fields'] }));
    db.exec("INSERT INTO posts (id, title) VALUES ('p', 'x'); INSERT INTO posts_rows (id, parent_id, label) VALUES ('r', 'p', 'y');");
    db.exec("DELETE FROM posts WHERE id = 'p'");
    expect(db.all('SELECT * FROM posts_rows')).toEqual([]);
  });
});

describe('a later start', () => {
  it('adds columns, with their defaults for the documents that exist', () => {
    db.sync(posts({ name: 'title' }));
    db.exec("INSERT INTO posts (id, title) VALUES ('p', 'x')");
    const report = db.sync(
      posts(
        { name: 'title' },
        { name: 'colour', required: true, default_value: 'red' },
        { name: 'needed', required: true },
        { name: 'flag', type: 'checkbox' },
        { name: 'code', unique: true },
      ),
    );
    expect(report.altered).toEqual(['posts.colour', 'posts.needed', 'posts.flag', 'posts.code', 'idx_posts_code_unique', '_fts_posts']);
    expect(db.all('SELECT title, colour, needed, flag, code FROM posts')).toEqual([
      { title: 'x', colour: 'red', needed: null, flag: 0, code: null },
    ]);
    db.exec("INSERT INTO posts (id, code) VALUES ('q', 'c')");
    expect(() => db.exec("INSERT INTO posts (id, code) VALUES ('r', 'c')")).toThrow(/UNIQUE/);
    expect(
      db.sync(
        posts(
          { name: 'title' },
          { name: 'colour', required: true, default_value: 'red' },
          { name: 'needed', required: true },
          { name: 'flag', type: 'checkbox' },
          { name: 'code', unique: true },
        ),
      ).altered,
    ).toEqual([]);
  });

  it('adds what options bring: drafts, versions, auth, times, tables of new fields', () => {
    db.sync(withOptions({ timestamps: false, fields: [{ name: 'email', type: 'email' }] }));
    db.exec("INSERT INTO posts (id) VALUES ('p')");
    const report = db.sync(
      withOptions({
        versions: true,
        auth: true,
        fields: [
          { name: 'email', type: 'email' },
          { name: 'rows', type: 'array', fields: [{ name: 'x' }] },
        ],
      }),
    );
    expect(report.created).toEqual(['posts_rows', '_versions_posts']);
    expect(db.columns('posts')).toEqual(expect.arrayContaining(['_status', '_password_hash', '_locked', 'created_at', 'updated_at']));
    expect(db.all('SELECT _status, _locked FROM posts')).toEqual([{ _status: 'published', _locked: 0 }]);
  });

  it('adds sub-columns to rows and the locale of a localized container', () => {
    db.sync(posts({ name: 'rows', type: 'array', fields: [{ name: 'a' }] }));
    const later = posts({ name: 'rows', type: 'array', localized: true, fields: [{ name: 'a' }, { name: 'b', type: 'number' }] });
    expect(db.sync(later, settings(['en', 'de'])).altered).toEqual(['posts_rows._locale', 'posts_rows.b']);
    expect(db.columns('posts_rows')).toEqual(['id', 'parent_id', '_order', 'a', '_locale', 'b']);
  });

  it('adds the columns of a new locale', () => {
    const registry = posts({ name: 'title', localized: true });
    db.sync(registry, settings(['en']));
    expect(db.sync(registry, settings(['en', 'de'])).altered).toEqual(['posts.title__de', '_fts_posts']);
  });

  it('makes the search table anew, with what is stored', () => {
    db.sync(posts({ name: 'title' }));
    db.exec("INSERT INTO posts (id, title) VALUES ('p', 'hello world')");
    db.sync(posts({ name: 'title' }, { name: 'body', type: 'textarea' }));
    expect(db.all('SELECT id FROM _fts_posts WHERE _fts_posts MATCH ?', 'hello')).toEqual([{ id: 'p' }]);
  });

  it('fills the search table where rows are missing', () => {
    db.sync(posts({ name: 'title' }));
    db.exec("INSERT INTO posts (id, title) VALUES ('p', 'hello world')");
    expect(db.all('SELECT id FROM _fts_posts')).toEqual([]);
    expect(db.sync(posts({ name: 'title' })).altered).toEqual([]);
    expect(db.all('SELECT id FROM _fts_posts WHERE _fts_posts MATCH ?', 'hello')).toEqual([{ id: 'p' }]);
  });

  it('keeps deleted documents out of the search table', () => {
    const config = (name: string) => withOptions({ soft_delete: true, fields: [{ name: 'title' }, { name }] });
    db.sync(config('a'));
    db.exec("INSERT INTO posts (id, title, _deleted_at) VALUES ('p', 'hello', '2026-01-01'), ('q', 'hello', NULL)");
    db.sync(config('b'));
    expect(db.all('SELECT id FROM _fts_posts WHERE _fts_posts MATCH ?', 'hello')).toEqual([{ id: 'q' }]);
  });
});

describe('warnings', () => {
  it('name columns and tables that belong to no field, and leave them', () => {
    db.sync(posts({ name: 'title' }, { name: 'old' }, { name: 'rows', type: 'array' }));
    db.exec("INSERT INTO posts (id, old) VALUES ('p', 'kept')");
    const { warnings } = db.sync(posts({ name: 'title' }));
    expect(warnings).toEqual([
      'the column posts.old belongs to no field of the project and is left as it is',
      'the table posts_rows belongs to no field of the project and is left as it is',
    ]);
    expect(db.all('SELECT old FROM posts')).toEqual([{ old: 'kept' }]);
  });

  it('tell of a changed type', () => {
    db.sync(posts({ name: 'n' }));
    const { warnings } = db.sync(posts({ name: 'n', type: 'number' }));
    expect(warnings).toEqual(['the column posts.n is TEXT in the database, but its field is stored as REAL; the column is left as it is']);
  });

  it('are not given for what another generation would have created otherwise', () => {
    const registry = posts({ name: 'needed', required: true });
    db.sync(registry);
    expect(db.sync(registry, settings([], 10)).warnings).toEqual([]);
  });

  it('tell of documents that a unique index would refuse', () => {
    db.sync(posts({ name: 'code' }));
    db.exec("INSERT INTO posts (id, code) VALUES ('p', 'x'), ('q', 'x')");
    const report = db.sync(posts({ name: 'code', unique: true }));
    expect(report.altered).toEqual([]);
    expect(report.warnings[0]).toContain('posts has several documents with the same code');
    db.exec("UPDATE posts SET code = 'y' WHERE id = 'q'");
    expect(db.sync(posts({ name: 'code', unique: true })).altered).toEqual(['idx_posts_code_unique']);
  });
});

describe('refusals', () => {
  it('soft_delete without UNIQUE columns is only a column more', () => {
    db.sync(posts({ name: 'code' }));
    expect(db.sync(withOptions({ soft_delete: true, fields: [{ name: 'code', unique: true }] })).altered).toEqual([
      'posts._deleted_at',
      'idx_posts_code_active_unique',
      '_ml_idx_posts_newest',
    ]);
  });

  it('a side table that was made for something else, leaving nothing half done', () => {
    db.sync(posts({ name: 'f', type: 'array' }));
    const error = refused(() => db.sync(posts({ name: 'new' }, { name: 'f', type: 'blocks' })));
    expect(error.code).toBe('SCHEMA_MISMATCH');
    expect(error.message).toContain("the table 'posts_f' has no column '_block_type'");
    expect(db.columns('posts')).not.toContain('new');
  });

  it('a name that a view or a foreign table has', () => {
    db.exec('CREATE VIEW posts AS SELECT 1 AS id');
    expect(refused(() => db.sync(posts({ name: 'a' }))).message).toContain("the table 'posts' is a view");
    db.exec('DROP VIEW posts; CREATE TABLE posts (number INTEGER)');
    expect(refused(() => db.sync(posts({ name: 'a' }))).message).toContain("the table 'posts' has no column 'id'");
  });
});

it("a database of the reference's making is left alone but for what it lacks", () => {
  db.exec(`CREATE TABLE posts (id TEXT PRIMARY KEY, title TEXT NOT NULL, code TEXT UNIQUE, _ref_count INTEGER NOT NULL DEFAULT 0,
             created_at TEXT DEFAULT (datetime('now')), updated_at TEXT DEFAULT (datetime('now')));
           CREATE TABLE posts_rows (id TEXT PRIMARY KEY, parent_id TEXT NOT NULL REFERENCES posts(id) ON DELETE CASCADE,
             _order INTEGER NOT NULL DEFAULT 0, label TEXT);
           CREATE TABLE _crap_jobs (id TEXT PRIMARY KEY);
           CREATE VIRTUAL TABLE _fts_posts USING fts5(id UNINDEXED, title, code);
           INSERT INTO posts (id, title) VALUES ('p', 'x')`);
  const before = db.schema();
  const registry = posts(
    { name: 'title', required: true },
    { name: 'code', unique: true },
    { name: 'rows', type: 'array', fields: [{ name: 'label' }] },
  );
  expect(db.sync(registry)).toEqual({ created: [], altered: ['_ml_idx_posts_newest', '_ml_posts_rows_parent'], warnings: [] });
  db.exec('DROP INDEX _ml_idx_posts_newest; DROP INDEX _ml_posts_rows_parent');
  expect(db.schema()).toEqual(before);
  expect(db.all('SELECT id FROM posts')).toEqual([{ id: 'p' }]);
});

describe('the hash of a schema', () => {
  const of = (registry: ContentRegistry, locales: string[] = [], generation: 8 | 10 = 8) =>
    schemaHash(registry, settings(locales, generation));

  it('does not depend on order, labels, hooks or files', () => {
    const a = collection('a', { fields: [{ name: 'x' }] }).definition;
    const b = collection('b', { fields: [] }).definition;
    expect(of(registryOf(a, b))).toBe(of(registryOf(b, a)));
    const other = collection('a', {
      labels: { singular: 'A' },
      hooks: { after_read: ['h'] },
      fields: [{ name: 'x', max_length: 3 }],
    }).definition;
    expect(of(registryOf(a))).toBe(of(registryOf({ ...other, file: 'elsewhere.lua' })));
    expect(of(registryOf(a))).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each<[string, Config]>([
    ['a field', { fields: [{ name: 'x' }, { name: 'y' }] }],
    ['a type', { fields: [{ name: 'x', type: 'number' }] }],
    ['required', { fields: [{ name: 'x', required: true }] }],
    ['unique', { fields: [{ name: 'x', unique: true }] }],
    ['a default', { fields: [{ name: 'x', default_value: '1' }] }],
    ['an index', { fields: [{ name: 'x', index: true }] }],
    ['versions', { versions: { drafts: false }, fields: [{ name: 'x' }] }],
    ['searchable fields', { admin: { list_searchable_fields: ['nowhere'] }, fields: [{ name: 'x' }] }],
    ['soft delete', { soft_delete: true, fields: [{ name: 'x' }] }],
  ])('changes with %s', (_what, config) => {
    expect(of(withOptions(config))).not.toBe(of(posts({ name: 'x' })));
  });

  it('changes with the locales, where something is localized', () => {
    const localized = posts({ name: 'x', localized: true });
    expect(of(localized, ['en'])).not.toBe(of(localized, ['en', 'de']));
    expect(of(posts({ name: 'x' }), ['en'])).toBe(of(posts({ name: 'x' }), ['en', 'de']));
  });
});
