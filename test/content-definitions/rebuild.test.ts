/** Definitions that allow more than their table does: the table is made anew with every row, or nothing is touched. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ContentRegistry } from '../../src/content/context.js';
import { HostError } from '../../src/domain/errors.js';
import { type Config, collection, registryOf, settings, TestDatabase } from './support.js';

let db: TestDatabase;
beforeEach(() => {
  db = new TestDatabase();
});
afterEach(() => db.dispose());

const posts = (config: Config): ContentRegistry => registryOf(collection('posts', config).definition);
const ROWS = { name: 'rows', type: 'array', fields: [{ name: 'label' }] };
const LINKS = { name: 'links', type: 'relationship', relationship: { collection: 'posts', has_many: true } };
const FIELDS = [{ name: 'code', unique: true }, { name: 'title', required: true, default_value: "it's" }, ROWS, LINKS];

function fill(): void {
  db.exec(`INSERT INTO posts (rowid, id, code, title) VALUES (7, 'p', 'x', 'first'), (9, 'q', 'y', 'second');
           INSERT INTO posts_rows (id, parent_id, _order, label) VALUES ('r', 'p', 0, 'a'), ('s', 'p', 1, 'b'), ('t', 'q', 0, 'c');
           INSERT INTO posts_links (parent_id, related_id, _order) VALUES ('p', 'q', 0)`);
}

const TABLES = ['posts', 'posts_rows', 'posts_links', '_versions_posts'];
const content = (tables = TABLES) => tables.map((table) => db.all(`SELECT rowid AS row, * FROM ${table} ORDER BY rowid`));

function refusedWith(body: () => unknown): HostError {
  try {
    body();
  } catch (error) {
    if (error instanceof HostError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

describe('soft_delete over a unique column', () => {
  const before = { versions: true, indexes: [{ fields: ['code', 'title'] }], fields: FIELDS };

  it('keeps every document, its rows, links and versions, under the same row numbers', () => {
    db.sync(posts(before));
    fill();
    db.exec("INSERT INTO _versions_posts (id, _parent, _version, _status, snapshot) VALUES ('v', 'p', 1, 'published', '{}')");
    const rows = content();
    const { altered, warnings } = db.sync(posts({ ...before, soft_delete: true }));
    expect(warnings).toEqual([]);
    expect(altered).toEqual(['posts._deleted_at', 'posts', 'idx_posts_code_active_unique', '_ml_idx_posts_newest']);
    expect(content()).toEqual([rows[0]!.map((row) => ({ ...row, _deleted_at: null })), ...rows.slice(1)]);
    expect(db.all("SELECT name FROM sqlite_master WHERE name LIKE '_ml_rebuild%'")).toEqual([]);
    expect(db.all('PRAGMA foreign_key_check')).toEqual([]);
    expect(db.all('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
  });

  it('counts live documents only from then on', () => {
    db.sync(posts(before));
    fill();
    db.sync(posts({ ...before, soft_delete: true }));
    expect(() => db.exec("INSERT INTO posts (id, code) VALUES ('z', 'x')")).toThrow('UNIQUE constraint failed: posts.code');
    db.exec("UPDATE posts SET _deleted_at = '2026-01-01' WHERE id = 'p'; INSERT INTO posts (id, code) VALUES ('z', 'x')");
    expect(db.all("SELECT id FROM posts WHERE code = 'x'")).toEqual([{ id: 'p' }, { id: 'z' }]);
  });

  it('keeps defaults, keys, cascades, other indexes and the search table', () => {
    db.sync(posts(before));
    fill();
    db.exec('INSERT INTO _fts_posts (rowid, id, code, title) SELECT rowid, id, code, title FROM posts; CREATE INDEX mine ON posts (title)');
    db.sync(posts({ ...before, soft_delete: true }));
    expect(db.all('SELECT id FROM _fts_posts WHERE _fts_posts MATCH ?', 'second')).toEqual([{ id: 'q' }]);
    expect(db.all("SELECT name FROM pragma_index_list('posts') WHERE origin = 'c' ORDER BY name").map(({ name }) => name)).toEqual([
      '_ml_idx_posts_newest',
      'idx_posts_code_active_unique',
      'idx_posts_code_title',
      'mine',
    ]);
    db.exec("INSERT INTO posts (id) VALUES ('new')");
    expect(db.all("SELECT title, _status, created_at IS NOT NULL AS timed FROM posts WHERE id = 'new'")).toEqual([
      { title: "it's", _status: 'published', timed: 1 },
    ]);
    expect(() => db.exec("INSERT INTO posts (id) VALUES ('new')")).toThrow('UNIQUE constraint failed: posts.id');
    db.exec("DELETE FROM posts WHERE id = 'p'");
    expect(db.all('SELECT id FROM posts_rows')).toEqual([{ id: 't' }]);
  });

  it('ends where a new database begins, and a second run changes nothing', () => {
    const after = posts({ ...before, soft_delete: true });
    db.sync(posts(before));
    db.sync(after);
    expect(db.sync(after)).toEqual({ created: [], altered: [], warnings: [] });
  });

  it('carries tables of others that hang on it', () => {
    db.sync(posts(before));
    db.exec(`CREATE TABLE notes (n INTEGER PRIMARY KEY, post TEXT REFERENCES posts(id) ON DELETE RESTRICT);
             CREATE TABLE marks (note INTEGER REFERENCES notes(n), post TEXT REFERENCES posts(id) ON DELETE SET NULL)`);
    fill();
    db.exec("INSERT INTO notes VALUES (4, 'p'); INSERT INTO marks VALUES (4, 'q')");
    db.sync(posts({ ...before, soft_delete: true }));
    expect(db.all('SELECT * FROM notes')).toEqual([{ n: 4, post: 'p' }]);
    expect(db.all('SELECT * FROM marks')).toEqual([{ note: 4, post: 'q' }]);
  });

  it.each([
    ["CREATE TABLE posts (id TEXT PRIMARY KEY, code TEXT UNIQUE CHECK (code <> ''))", 'its definition in the database uses CHECK'],
    ['CREATE TABLE posts (id TEXT PRIMARY KEY, code TEXT UNIQUE, n INTEGER AS (length(code)))', 'it has generated columns'],
    [
      'CREATE TABLE posts (id TEXT PRIMARY KEY, code TEXT UNIQUE); CREATE TRIGGER watch AFTER DELETE ON posts BEGIN SELECT 1; END',
      'the trigger watch watches posts',
    ],
  ])('is refused over a table that it could not make anew: %s', (sql, why) => {
    db.exec(sql);
    const schema = db.schema();
    const error = refusedWith(() => db.sync(posts({ soft_delete: true, fields: [{ name: 'code', unique: true }] })));
    expect(error.code).toBe('SCHEMA_REBUILD_NEEDED');
    expect(error.message).toBe(
      `soft_delete cannot be switched on for 'posts': its unique column code would count deleted documents too, and the table cannot be rebuilt: ${why}`,
    );
    expect(error.remedy).toContain('switch soft_delete off');
    expect(db.schema()).toEqual(schema);
  });

  it('is not misled by words in names and texts', () => {
    db.exec(`CREATE TABLE posts (id TEXT PRIMARY KEY, code TEXT UNIQUE, "check" TEXT DEFAULT 'WITHOUT rowid')`);
    db.sync(posts({ soft_delete: true, fields: [{ name: 'code', unique: true }, { name: 'check' }] }));
    db.exec("INSERT INTO posts (id) VALUES ('p')");
    expect(db.all('SELECT "check" AS word FROM posts')).toEqual([{ word: 'WITHOUT rowid' }]);
  });
});

describe('a constraint that refuses what is allowed now is taken away', () => {
  it.each([
    ['a field is no longer required', { fields: [{ name: 'title' }] }, {}],
    ['drafts may be empty', { versions: true, fields: [{ name: 'title', required: true }] }, {}],
    ['a field was removed', { fields: [{ name: 'other' }] }, {}],
    ['a field became localized', { fields: [{ name: 'title', required: true, localized: true }] }, { locales: ['en', 'de'] }],
  ])('NOT NULL: %s', (_what, config, { locales }: { locales?: string[] }) => {
    db.sync(posts({ fields: [{ name: 'title', required: true }] }));
    db.exec("INSERT INTO posts (id, title) VALUES ('p', 'kept')");
    expect(db.sync(posts(config), settings(locales)).altered).toContain('posts');
    expect(db.all('SELECT title FROM posts')).toEqual([{ title: 'kept' }]);
    db.exec(`INSERT INTO posts (id${locales ? ', title__en' : ''}) VALUES ('new'${locales ? ", 'x'" : ''})`);
  });

  it('UNIQUE of a field that is no longer unique, made with the table or later', () => {
    db.sync(posts({ fields: [{ name: 'a', unique: true }] }));
    db.sync(
      posts({
        fields: [
          { name: 'a', unique: true },
          { name: 'b', unique: true },
        ],
      }),
    );
    const { altered } = db.sync(posts({ fields: [{ name: 'a' }, { name: 'b' }] }));
    expect(altered).toEqual(['posts', 'idx_posts_b_unique']);
    db.exec("INSERT INTO posts (id, a, b) VALUES ('p', 'x', 'x'), ('q', 'x', 'x')");
  });

  it('a compound index that changed, and one that nothing asks for any more', () => {
    const config = (...indexes: Config[]) => posts({ indexes, fields: [{ name: 'a' }, { name: 'b' }] });
    db.sync(config({ fields: ['a', 'b'] }));
    expect(db.sync(config({ fields: ['a', 'b'], unique: true }))).toMatchObject({ altered: ['idx_posts_a_b'], warnings: [] });
    db.exec("INSERT INTO posts (id, a, b) VALUES ('p', 'x', 'x')");
    expect(() => db.exec("INSERT INTO posts (id, a, b) VALUES ('q', 'x', 'x')")).toThrow('UNIQUE constraint failed');
    expect(db.sync(config()).altered).toEqual(['idx_posts_a_b']);
    db.exec("INSERT INTO posts (id, a, b) VALUES ('q', 'x', 'x')");
  });

  it('a default stays as the table was made with it', () => {
    const posts_ = (default_value: string) => posts({ fields: [{ name: 'a', default_value }] });
    db.sync(posts_('old'));
    expect(db.sync(posts_('new'))).toEqual({ created: [], altered: [], warnings: [] });
    db.exec("INSERT INTO posts (id) VALUES ('p')");
    expect(db.all('SELECT a FROM posts')).toEqual([{ a: 'old' }]);
  });

  it('but an index that only costs time is left', () => {
    db.sync(posts({ fields: [{ name: 'a', index: true }] }));
    expect(db.sync(posts({ fields: [{ name: 'a' }] }))).toEqual({ created: [], altered: [], warnings: [] });
  });

  it('the key of links grows with a locale or a collection, and keeps the links', () => {
    const links = (collections: string | string[], localized: boolean) =>
      posts({ fields: [{ name: 'links', type: 'relationship', localized, relationship: { collection: collections, has_many: true } }] });
    db.sync(links('posts', false));
    db.exec("INSERT INTO posts (id) VALUES ('p'); INSERT INTO posts_links (parent_id, related_id) VALUES ('p', 'p')");
    const { altered, warnings } = db.sync(links(['posts', 'media'], true), settings(['en', 'de']));
    expect(altered).toEqual(['posts_links.related_collection', 'posts_links._locale', 'posts_links']);
    expect(warnings).toEqual([]);
    db.exec("INSERT INTO posts_links (parent_id, related_id, _locale) VALUES ('p', 'p', 'de')");
    expect(db.all('SELECT related_collection, _locale FROM posts_links ORDER BY _locale DESC')).toEqual([
      { related_collection: '', _locale: 'en' },
      { related_collection: '', _locale: 'de' },
    ]);
    db.exec('DELETE FROM posts');
    expect(db.all('SELECT * FROM posts_links')).toEqual([]);
  });

  it('or named in a warning where the table cannot be made anew', () => {
    db.exec("CREATE TABLE posts (id TEXT PRIMARY KEY, old TEXT NOT NULL, a TEXT NOT NULL CHECK (a <> ''), b TEXT UNIQUE)");
    expect(db.sync(posts({ timestamps: false, fields: [{ name: 'a' }, { name: 'b' }] })).warnings).toEqual([
      'the column posts.old belongs to no field of the project and is left as it is',
      ...[
        'the column posts.old belongs to no field of the project and is NOT NULL without a default; every new document will fail',
        'the column posts.a is NOT NULL in the database, but its field may be empty; writes without it will fail',
        'the column posts.b is UNIQUE in the database, but its field is not; writes of an equal value will fail',
      ].map((text) => `${text}; the table cannot be rebuilt: its definition in the database uses CHECK`),
    ]);
  });
});

describe('values follow their field', () => {
  const zoned = (localized: boolean) => [
    { name: 'title', localized },
    { name: 'on', type: 'date', picker_appearance: 'dayAndTime', timezone: true, localized },
    { name: 'seo', type: 'group', localized, fields: [{ name: 'text' }] },
  ];
  const VALUES = "('p', 'kept', '2026-01-01T12:00:00.000Z', 'Europe/Berlin', 'words')";

  it('into the default locale when it becomes localized, or locales are switched on', () => {
    db.sync(posts({ fields: zoned(false) }), settings(['en', 'de']));
    db.exec(`INSERT INTO posts (id, title, "on", on_tz, seo__text) VALUES ${VALUES}`);
    db.sync(posts({ fields: zoned(true) }), settings(['en', 'de']));
    expect(db.all('SELECT title__en, title__de, on__en, on_tz__en, on_tz__de, seo__text__en FROM posts')).toEqual([
      {
        title__en: 'kept',
        title__de: null,
        on__en: '2026-01-01T12:00:00.000Z',
        on_tz__en: 'Europe/Berlin',
        on_tz__de: null,
        seo__text__en: 'words',
      },
    ]);
    expect(db.all('SELECT id FROM _fts_posts WHERE _fts_posts MATCH ?', 'kept')).toEqual([{ id: 'p' }]);
  });

  it('out of the default locale when it is no longer localized, or locales are switched off', () => {
    db.sync(posts({ fields: zoned(true) }), settings(['en', 'de']));
    db.exec(`INSERT INTO posts (id, title__en, on__en, on_tz__en, seo__text__en) VALUES ${VALUES}`);
    db.sync(posts({ fields: zoned(true) }), settings([]));
    expect(db.all('SELECT title, "on", on_tz, seo__text FROM posts')).toEqual([
      { title: 'kept', on: '2026-01-01T12:00:00.000Z', on_tz: 'Europe/Berlin', seo__text: 'words' },
    ]);
  });

  it('and what another setting hid is told of', () => {
    const rows = (localized: boolean, soft: boolean) => posts({ soft_delete: soft, fields: [{ ...ROWS, localized }] });
    db.sync(rows(true, true), settings(['en', 'de']));
    db.exec(`INSERT INTO posts (id, _deleted_at) VALUES ('p', NULL), ('q', '2026-01-01');
             INSERT INTO posts_rows (id, parent_id, _locale) VALUES ('a', 'p', 'en'), ('b', 'p', 'de')`);
    expect(db.sync(rows(false, false), settings(['en', 'de'])).warnings).toEqual([
      'posts holds 1 deleted document, shown again without soft_delete',
      'the table posts_rows holds rows of several locales, which are read together now that its field is not localized',
    ]);
  });
});
