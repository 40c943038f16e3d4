/** Doctor over documents that point at each other: counts of references, rows and versions of documents that are gone, on a project with every kind of relation. */
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { examine } from '../../src/operations/doctor.js';
import { repairReferences } from '../../src/operations/doctor-content.js';
import { repair } from '../../src/operations/doctor-repair.js';
import { evalChunk } from '../../src/operations/eval-chunk.js';
import { type OpenedProject, openProject } from '../../src/operations/open-project.js';
import { createProject, type ProjectFolder } from '../support/project.js';

const FILES = {
  'crap.toml': '[access]\ndefault_deny = false\n[locale]\ndefault_locale = "en"\nlocales = ["en", "de"]\n',
  'collections/tags.lua': 'crap.collections.define("tags", { soft_delete = true, fields = { { name = "name", type = "text" } } })',
  'collections/posts.lua': `
local one = function(name, more)
  local field = { name = name, type = "relationship", relationship = { collection = "tags" } }
  for key, value in pairs(more or {}) do field[key] = value end
  return field
end
crap.collections.define("posts", {
  versions = true,
  fields = {
    { name = "title", type = "text" },
    one("main"), one("local", { localized = true }),
    { name = "many", type = "relationship", relationship = { collection = "tags", has_many = true } },
    { name = "any", type = "relationship", relationship = { collection = { "tags", "posts" }, has_many = true } },
    { name = "seo", type = "group", fields = { one("tag") } },
    { name = "list", type = "array", fields = { one("tag") } },
    { name = "layout", type = "blocks", blocks = { { type = "b", fields = { one("tag") } } } },
    { name = "next", type = "relationship", relationship = { collection = "posts" } },
  },
})`,
  'globals/site.lua':
    'crap.globals.define("site", { fields = { { name = "tag", type = "relationship", relationship = { collection = "tags" } } } })',
};

const CHUNK = `
local t = {}
for i = 1, 4 do t[i] = crap.collections.create("tags", { name = "t" .. i }).id end
local first = crap.collections.create("posts", { title = "one", main = t[1], many = { t[1], t[2] }, any = { "tags/" .. t[3] },
  seo = { tag = t[2] }, list = { { tag = t[1] }, { tag = t[1] } }, layout = { { _block_type = "b", tag = t[2] } } })
crap.collections.update("posts", first.id, { ["local"] = t[3] }, { locale = "de" })
crap.collections.create("posts", { title = "two", next = first.id, any = { "posts/" .. first.id } })
crap.globals.update("site", { tag = t[1] })
for i = 1, 30 do crap.collections.create("posts", { title = "more " .. i, main = t[1 + i % 4] }) end
local gone = crap.collections.create("posts", { title = "three", main = t[4], many = { t[4] } })
crap.collections.delete("posts", gone.id)
return { tags = t, first = first.id }`;

let folder: ProjectFolder;
let opened: OpenedProject;
let made: { tags: string[]; first: string };
beforeEach(async () => {
  folder = await createProject(FILES);
  opened = await openProject({ cwd: folder.dir, env: {} });
  [made] = (await evalChunk(opened, { source: CHUNK, chunkName: '=test' })) as [typeof made];
});
afterEach(async () => {
  await opened.close();
  await folder.dispose();
});

/** Writes as another program would that keeps no foreign keys. */
function tamper(...statements: string[]): void {
  const driver = new Sqlite(join(folder.dir, 'data', 'crap.db'));
  driver.pragma('foreign_keys = OFF');
  for (const sql of statements) driver.exec(sql);
  driver.close();
}
const findings = async () => (await examine(opened, true)).findings;
const counts = () => opened.read((db) => db.all('SELECT id, _ref_count FROM tags UNION ALL SELECT id, _ref_count FROM posts ORDER BY id'));

describe('doctor, documents', () => {
  it('counts references as the writes do: every kind of relation, locales, globals, updates and deletes', async () => {
    expect(await findings()).toEqual([]);
    const rows = await counts();
    expect(rows.find(({ id }) => id === made.tags[1])).toMatchObject({ _ref_count: 3 + 8 });
    expect(rows.find(({ id }) => id === made.first)).toMatchObject({ _ref_count: 2 });
  });

  it('finds wrong counts and counts them anew, by what is there under the lock', async () => {
    const before = await counts();
    tamper(
      `UPDATE tags SET _ref_count = 0 WHERE id = '${made.tags[0]}'`,
      `UPDATE tags SET _ref_count = _ref_count + 5 WHERE id = '${made.tags[3]}'`,
      `UPDATE posts SET _ref_count = -1 WHERE id = '${made.first}'`,
    );
    const found = await examine(opened, true);
    expect(found.findings).toMatchObject([{ code: 'REFERENCE_MISCOUNT', level: 'problem', repairable: true }]);
    expect(found.findings[0]!.message).toMatch(/^3 document\(s\) carry a wrong count/);
    expect((await examine(opened, false)).findings).toEqual([]);
    // Written between the look and the repair.
    await evalChunk(opened, {
      source: `crap.collections.create("posts", { title = "late", main = "${made.tags[0]}" })`,
      chunkName: '=test',
    });
    expect(await repair(opened, found)).toEqual(['counted the references of 3 document(s) anew']);
    expect(await findings()).toEqual([]);
    const after = (await counts()).filter(({ id }) => before.some((row) => row['id'] === id));
    const late = (row: { id?: unknown; _ref_count?: unknown }) =>
      row.id === made.tags[0] ? { ...row, _ref_count: Number(row._ref_count) + 1 } : row;
    expect(after).toEqual(before.map(late));
  });

  it('counts anew what each kind of relation points at, also where every count is wrong', async () => {
    const before = await counts();
    for (const wrong of ['0', '-1', '_ref_count + 100']) {
      tamper(`UPDATE tags SET _ref_count = ${wrong}`, `UPDATE posts SET _ref_count = ${wrong}`);
      await repair(opened, await examine(opened, true));
      expect(await findings()).toEqual([]);
      expect(await counts()).toEqual(before);
    }
  });

  it('Regression: counts in slices, between which others write, instead of holding the write lock as long as reading all documents takes', async () => {
    const count = 12_000;
    tamper(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
       INSERT INTO tags (id, name, _ref_count) SELECT 'tag' || i, 'many', 999 FROM n`,
      `INSERT INTO posts (id, title, main) SELECT 'post' || substr(id, 4), 'many', id FROM tags WHERE name = 'many'`,
      `INSERT INTO posts_many (parent_id, related_id, _order) SELECT id, main, 0 FROM posts WHERE title = 'many'`,
    );
    const { content } = await examine(opened, true);
    expect(content.miscounts).toHaveLength(count);
    const transactions: number[] = [];
    const slow = Object.create(opened) as OpenedProject;
    slow.write = async (owner, body) => {
      const left = await opened.read((db) => db.get('SELECT count(*) AS n FROM tags WHERE _ref_count = 999'));
      transactions.push(Number(left!['n']));
      return await opened.write(owner, body);
    };
    expect(await repairReferences(slow, content)).toEqual([`counted the references of ${count} document(s) anew`]);
    expect(transactions).toEqual([12_000, 7_000, 2_000]);
    expect((await findings()).map(({ code }) => code)).toEqual(['SEARCH_INCOMPLETE']);
  });

  it("Regression: what other connections have written is not taken for damage of the search table (SQLite's check goes by what it remembers)", async () => {
    expect(await findings()).toEqual([]);
    for (let n = 0; n < 12; n++) {
      await evalChunk(opened, { source: `crap.collections.create("posts", { title = "written by another" })`, chunkName: '=test' });
      expect(await findings()).toEqual([]);
    }
  });

  it('takes a reference of a document to itself for right, counted or not', async () => {
    tamper(`UPDATE posts SET next = id WHERE id = '${made.first}'`);
    expect(await findings()).toEqual([]);
    tamper(`UPDATE posts SET _ref_count = _ref_count + 1 WHERE id = '${made.first}'`);
    expect(await findings()).toEqual([]);
    tamper(`UPDATE posts SET _ref_count = _ref_count + 1 WHERE id = '${made.first}'`);
    expect(await findings()).toMatchObject([{ code: 'REFERENCE_MISCOUNT' }]);
  });

  it('names rows and versions of documents that are gone, with the statement that removes them, and removes none', async () => {
    const id = made.first;
    tamper(`DELETE FROM posts WHERE id = '${id}'`, `DELETE FROM _fts_posts WHERE id = '${id}'`);
    const found = await examine(opened, true);
    const orphans = found.findings.filter(({ code }) => code === 'ROW_ORPHAN');
    expect(orphans.map(({ message }) => message)).toEqual([
      '2 version(s) in _versions_posts belong to documents of posts that are not there',
      '1 row(s) in posts_any belong to documents of posts that are not there',
      '1 row(s) in posts_layout belong to documents of posts that are not there',
      '2 row(s) in posts_list belong to documents of posts that are not there',
      '2 row(s) in posts_many belong to documents of posts that are not there',
    ]);
    expect(found.findings.filter(({ code }) => code !== 'ROW_ORPHAN')).toMatchObject([
      { code: 'REFERENCE_MISCOUNT' },
      { code: 'REFERENCE_DANGLING', level: 'note', message: expect.stringContaining('2 reference(s)') },
    ]);
    await repair(opened, found);
    expect((await findings()).map(({ code }) => code)).toEqual([...orphans.map(() => 'ROW_ORPHAN'), 'REFERENCE_DANGLING']);
    for (const { remedy } of orphans) tamper(/DELETE FROM .*;/.exec(remedy)![0]);
    expect((await findings()).map(({ code }) => code)).toEqual(['REFERENCE_DANGLING']);
  });
});
