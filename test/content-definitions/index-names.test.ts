/** Indexes that ask for one name: within a collection, and between collections, since SQLite counts names in the whole database. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Config, collection, registryOf, TestDatabase } from './support.js';

let db: TestDatabase;
beforeEach(() => {
  db = new TestDatabase();
});
afterEach(() => db.dispose());

const project = (collections: Record<string, Config>) =>
  registryOf(...Object.entries(collections).map(([slug, config]) => collection(slug, config).definition));
/** `table.name (columns)`, unique ones with a star; without the ones that SQLite makes for a UNIQUE, and that of the default order. */
const indexes = () =>
  db
    .all(
      "SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND name NOT LIKE '%_newest' ORDER BY tbl_name, name",
    )
    .map(({ tbl_name, name, sql }) => `${tbl_name}.${name}${String(sql).includes('UNIQUE') ? '*' : ''}`);

describe('within a collection', () => {
  it('Regression: the same columns asked for twice are one index, unique where either is', () => {
    const fields = [{ name: 'slug', index: true }, { name: 'n' }];
    const wanted = [{ fields: ['slug'], unique: true }, { fields: ['n'] }, { fields: ['n'] }];
    db.sync(project({ posts: { fields, indexes: wanted } }));
    expect(indexes()).toEqual(['posts.idx_posts_n', 'posts.idx_posts_slug*']);
    expect(db.sync(project({ posts: { fields, indexes: wanted } })).altered).toEqual([]);
  });

  it('Regression: other columns under the same name get a name of their own', () => {
    const fields = [{ name: 'b' }, { name: 'c' }, { name: 'b_c', index: true }];
    const config = { fields, indexes: [{ fields: ['b', 'c'], unique: true }] };
    db.sync(project({ a: config }));
    expect(indexes()).toEqual(['a._ml_idx_a_b_c(b,c)*', 'a.idx_a_b_c']);
    expect(db.sync(project({ a: config })).altered).toEqual([]);
    expect(db.sync(project({ a: { fields } })).altered).toEqual(['_ml_idx_a_b_c(b,c)']);
    expect(indexes()).toEqual(['a.idx_a_b_c']);
  });
});

describe('between collections', () => {
  const blog = { fields: [{ name: 'post_title', index: true }] };
  const post = { fields: [{ name: 'title', index: true }] };

  it('Regression: the second has a name of its own, on every start', () => {
    db.sync(project({ blog, blog_post: post }));
    expect(indexes()).toEqual(['blog.idx_blog_post_title', 'blog_post._ml_idx_blog_post_title(title)']);
    expect(db.sync(project({ blog, blog_post: post })).altered).toEqual([]);
    expect(db.sync(project({ blog_post: post, blog })).altered).toEqual([]);
  });

  it('a collection that becomes unique later, too', () => {
    const active = { soft_delete: true, fields: [{ name: 'post_title', unique: true }] };
    const later = { fields: [{ name: 'title', unique: true }] };
    db.sync(project({ blog: active, blog_post: post }));
    db.sync(project({ blog: active, blog_post: later }));
    expect(indexes()).toContain('blog_post.idx_blog_post_title_unique*');
    const taken = { fields: [{ name: 'post_title_unique', index: true }] };
    db.exec('DROP INDEX idx_blog_post_title_unique');
    db.sync(project({ blog: taken, blog_post: later }));
    expect(indexes()).toContain('blog_post._ml_idx_blog_post_title_unique(title)*');
  });
});

it('the index of the default order follows what a find leaves out', () => {
  const fields = [{ name: 'title' }];
  const condition = (config: Config) => {
    db.sync(project({ posts: { fields, ...config } }));
    expect(db.sync(project({ posts: { fields, ...config } })).altered).toEqual([]);
    const [row] = db.all("SELECT sql FROM sqlite_master WHERE name = '_ml_idx_posts_newest'");
    return String(row?.['sql']).split(' WHERE ')[1];
  };
  const [published, live] = ["_status = 'published'", '_deleted_at IS NULL'];
  expect(condition({})).toBeUndefined();
  expect(condition({ versions: true })).toBe(published);
  expect(condition({ versions: true, soft_delete: true })).toBe(`${published} AND ${live}`);
  expect(condition({ soft_delete: true })).toBe(live);
  expect(condition({})).toBeUndefined();
});
