/** Search tables whose names FTS5 needs for the tables behind another one: collections `page` and `page_content`. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { collection, registryOf, TestDatabase } from './support.js';

let db: TestDatabase;
beforeEach(() => {
  db = new TestDatabase();
});
afterEach(() => db.dispose());

const project = (...slugs: string[]) => registryOf(...slugs.map((slug) => collection(slug, { fields: [{ name: 'title' }] }).definition));
const searchTables = () =>
  db.all("SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL TABLE%' ORDER BY name").map(({ name }) => String(name));
const write = (...slugs: string[]) => {
  for (const slug of slugs) db.exec(`INSERT INTO ${slug} (id, title) VALUES ('${slug}', 'moon')`);
};
const found = (table: string) => db.all(`SELECT id FROM "${table}" WHERE "${table}" MATCH 'moon'`).map(({ id }) => id);

it.each([
  [['page', 'page_content']],
  [['page_content', 'page']],
  [['page_data', 'page_idx', 'page', 'page_docsize', 'page_config', 'page_config_data']],
])('Regression: %j have search tables beside each other', (slugs) => {
  db.sync(project(...slugs));
  write(...slugs);
  db.sync(project(...slugs, 'another'));
  for (const slug of slugs) expect(found(slug === 'page' ? '_fts_page' : `_fts_${slug}+`)).toEqual([slug]);
  expect(db.sync(project(...slugs, 'another'))).toEqual({ created: [], altered: [], warnings: [] });
});

it.each([[['page', 'page_content']], [['page_content', 'page']]])(
  'collections that come and go leave each other searchable (%j)',
  (both) => {
    db.sync(project('page_content'));
    write('page_content');
    expect(searchTables()).toEqual(['_fts_page_content']);
    db.sync(project(...both));
    write('page');
    db.sync(project(...both, 'another'));
    expect(searchTables()).toEqual(['_fts_another', '_fts_page', '_fts_page_content+']);
    expect([found('_fts_page'), found('_fts_page_content+')]).toEqual([['page'], ['page_content']]);
    db.sync(project('page_content'));
    expect(found('_fts_page_content')).toEqual(['page_content']);
    db.sync(project(...both));
    expect([found('_fts_page'), found('_fts_page_content+')]).toEqual([['page'], ['page_content']]);
  },
);
