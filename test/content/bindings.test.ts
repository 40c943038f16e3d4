/** The operations of content as Lua calls them: crap.collections over a real VM and database. */
import { afterEach, describe, expect, it } from 'vitest';
import { type Bench, Benches } from '../bindings/support.js';
import { engines } from '../support/engines.js';

const DEFINE = `
  crap.collections.define("notes", { soft_delete = true, versions = { max_versions = 3 }, fields = {
    { name = "title", type = "text", required = true },
    { name = "other", type = "relationship", relationship = { collection = "notes" } },
  } })
`;

describe.each(engines)('$name', (engine) => {
  const benches = new Benches();
  afterEach(() => benches.dispose());
  const open = async (): Promise<Bench> => {
    const bench = await benches.open(engine);
    await bench.run(DEFINE);
    await bench.enter();
    return bench;
  };

  it('creates, changes and deletes many', async () => {
    const bench = await open();
    expect(
      await bench.run(`
        local C = crap.collections
        local made = C.create_many("notes", { { title = "a" }, { title = "b" } })
        local changed = C.update_many("notes", { where = { title = "a" } }, { title = "c" })
        local gone = C.delete_many("notes", { where = { title = "c" } }, { forceHardDelete = true })
        return made.created, made.documents[2].title, changed.modified, gone.deleted, gone.skipped, C.count("notes")`),
    ).toEqual([2, 'b', 1, 1, 0, 1]);
    expect(await bench.failure('crap.collections.create_many("notes", { { title = "x" }, 5 })')).toBe(
      'runtime error: create_many: item at index 2 is not a table',
    );
  });

  it('hashes the password of a document while the script waits', async () => {
    const bench = await benches.open(engine);
    await bench.run('crap.collections.define("people", { auth = true, fields = {} })');
    await bench.enter();
    expect(
      await bench.run(`
        local doc = crap.collections.create("people", { email = "a@example.com", password = "secret" })
        return doc.email, doc.password, doc._password_hash, crap.collections.update("people", doc.id, { password = 5 }).email`),
    ).toEqual(['a@example.com', undefined, undefined, 'a@example.com']);
  });

  it('keeps versions', async () => {
    const bench = await open();
    expect(
      await bench.run(`
        local C = crap.collections
        local doc = C.create("notes", { title = "one" })
        C.update("notes", doc.id, { title = "two" }, { draft = true })
        local draft = C.find_by_id("notes", doc.id, { draft = true })
        local versions = C.list_versions("notes", doc.id)
        local restored = C.restore_version("notes", doc.id, versions.docs[1].id)
        return draft.title, versions.pagination.totalDocs, restored.title, C.unpublish("notes", doc.id)._status`),
    ).toEqual(['two', 2, 'two', 'draft']);
  });

  it('keeps versions of globals in the later generation', async () => {
    const bench = await benches.open(engine, { generation: 10 });
    await bench.run(`
      crap.globals.define("site", { versions = true, fields = {
        { name = "title", type = "text", required = true }, { name = "lines", type = "array", fields = { { name = "label", type = "text" } } },
      } })`);
    await bench.enter();
    expect(
      await bench.run(`
        local site = crap.globals.site
        site.update({ title = "one", lines = { { label = "l" } } })
        site.update({ title = "two", lines = {} })
        site.update({ title = "draft" }, { draft = true })
        local shown, draft = site.get(), site.get({ draft = true })
        local versions = site.list_versions().documents
        local restored = site.restore_version(versions[3].id)
        return shown.title, draft.title, #versions, restored.title, restored.lines[1].label, site.update({ lines = {} }).title, site.unpublish()._status,
          site.validate({ title = "" }).errors.title, site.validate({ title = "x" }).valid`),
    ).toEqual(['two', 'draft', 3, 'one', 'l', 'one', 'draft', 'title is required', true]);
    // Regression: unpublishing put the row on top of what a pending draft had changed.
    expect(
      await bench.run(`
        local site = crap.globals.site
        site.update({ title = "public" })
        site.update({ title = "pending" }, { draft = true })
        return site.unpublish().title, site.get({ draft = true }).title`),
    ).toEqual(['public', 'pending']);
    expect(await bench.failure('crap.globals.site.restore_version("nope")')).toBe("runtime error: Version 'nope' not found");
  });

  it('takes documents out of the trash, counts references and validates', async () => {
    const bench = await open();
    expect(
      await bench.run(`
        local C = crap.collections
        local a = C.create("notes", { title = "a" })
        C.create("notes", { title = "b", other = a.id })
        C.delete("notes", a.id)
        local hidden = C.count("notes")
        return hidden, C.undelete("notes", a.id), C.count("notes"), C.ref_count("notes", a.id),
          C.validate("notes", { title = "t" }).valid, C.validate("notes", {}).errors.title`),
    ).toEqual([1, true, 2, 1, true, 'title is required']);
  });
});
