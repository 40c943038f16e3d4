/** Who may do what at the magazine: guests, readers, editors and admins; what of a document each of them sees. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../src/domain/json.js';
import { engines } from '../support/engines.js';
import { Magazine } from './support.js';

describe.each(engines)('people of the magazine on $name', ({ name: engine }) => {
  let magazine: Magazine;
  let ids: Record<string, string>;
  let users: Record<'admin' | 'editor' | 'reader' | 'other', JsonObject>;
  beforeAll(async () => {
    magazine = await Magazine.open({ engine });
    ids = (await magazine.run(
      `local function person(name, role, more)
         local data = crap.util.deep_merge({ name = name, email = name .. "@Mondblatt.example", role = role, password = "pw " .. name }, more or {})
         return C.create("readers", data).id
       end
       local ada, bea = author("Ada").id, author("Bea").id
       local ids = { ada = ada, bea = bea, admin = person("chief", "admin"), editor = person("ed", "editor", { author = ada }),
         reader = person("rea", "reader", { library_card = "L-1" }), other = person("otto", "reader") }
       ids.open = article({ author = ada, title = "Open to all", fee = 100 }).id
       ids.closed = article({ author = bea, title = "For subscribers", audience = "subscribers" }).id
       ids.poster = C.create("products", { sku = "P1", name = "Poster", price = 12, stock = 9 }).id
       for _, who in ipairs({ "reader", "other" }) do
         C.create("orders", { reader = ids[who], lines = { { product = ids.poster, quantity = 1 } } })
       end
       ids.comment = C.create("comments", { article = ids.open, reader = ids.reader, text = "waiting" }).id
       return ids`,
      { keep: true },
    )) as Record<string, string>;
    const user = async (name: string) => (await magazine.run(`return C.find_by_id("readers", "${ids[name]}")`)) as JsonObject;
    users = { admin: await user('admin'), editor: await user('editor'), reader: await user('reader'), other: await user('other') };
  });
  afterAll(() => magazine.dispose());

  /** As one of them, or as a guest; `ids` is there for the chunk. */
  const as = (who: keyof typeof users | 'guest', chunk: string): Promise<Json[]> => {
    const table = `local ids = { ${Object.entries(ids)
      .map(([name, id]) => `["${name}"] = "${id}"`)
      .join(', ')} }\n`;
    if (who !== 'guest') return magazine.all(table + chunk, { user: users[who] });
    const enforced = chunk.replaceAll('ENFORCED', 'overrideAccess = false');
    return magazine.all(table + enforced);
  };

  it('guests and readers see what is for everyone, subscribers and staff see all of it', async () => {
    expect(
      await as(
        'guest',
        'return pluck(C.find("articles", { ENFORCED }).documents, "title"), C.find_by_id("articles", ids.closed, { ENFORCED })',
      ),
    ).toEqual([['Open to all'], null]);
    expect(
      await as('reader', 'return C.count("articles"), C.find_by_id("articles", ids.closed), C.find_by_id("articles", ids.open).title'),
    ).toEqual([1, null, 'Open to all']);
    expect(
      await as(
        'reader',
        `C.create("subscriptions", { reader = ids.reader, plan = "digital", starts = "2026-01-01" })
         local subscribed = C.count("articles")
         C.update_many("subscriptions", {}, { expired = true }, { overrideAccess = true })
         return subscribed, C.count("articles")`,
      ),
    ).toEqual([2, 1]);
    expect(await as('editor', 'return C.count("articles")')).toEqual([2]);
  });

  it('a constraint is added to whatever a reader asks for, in lists, counts, searches and alternatives', async () => {
    expect(
      await as(
        'reader',
        `return C.count("articles", { where = { ["or"] = { { audience = "subscribers" }, { audience = "everyone" } } } }),
           C.count("articles", { search = "subscribers" }), #C.find("orders").documents, C.find("orders").documents[1].reader == ids.reader,
           #C.find("orders", { where = { reader = ids.other } }).documents, crap.access.check("orders", "read").reader == ids.reader`,
      ),
    ).toEqual([1, 0, 1, true, 0, true]);
  });

  it('writing is for staff; an editor changes the articles of their own author, admins every one', async () => {
    expect(
      await as(
        'reader',
        `return fails(C.create, "articles", { title = "Mine" }), fails(C.update, "articles", ids.open, { title = "Mine" }),
           fails(C.delete, "articles", ids.open), fails(C.delete, "articles", ids.open, { forceHardDelete = true }), fails(C.undelete, "articles", ids.open),
           fails(C.unpublish, "articles", ids.open), fails(C.update_many, "articles", {}, { title = "Mine" }), fails(C.delete_many, "articles", {}),
           fails(C.create_many, "articles", { { title = "Mine" } }), fails(C.find, "articles", { trash = true }), fails(G.update, "site", { title = "Mine" })`,
      ),
    ).toEqual([
      'runtime error: create error: Create access denied',
      'runtime error: update error: Update access denied',
      'runtime error: delete error: Trash access denied',
      'runtime error: delete error: Delete access denied',
      'runtime error: Undelete access denied',
      'runtime error: unpublish error: Update access denied',
      'runtime error: Update access denied',
      'runtime error: Delete access denied',
      'runtime error: Create access denied',
      'runtime error: Trash access denied',
      'runtime error: update_global error: Update access denied',
    ]);
    expect(
      await as(
        'editor',
        `return C.update("articles", ids.open, { title = "Edited" }).title, fails(C.update, "articles", ids.closed, { title = "Edited" }),
           C.update_many("articles", {}, { keywords = "[]" }).modified, fails(C.delete, "articles", ids.closed, { forceHardDelete = true }),
           C.delete("articles", ids.closed), C.undelete("articles", ids.closed)`,
      ),
    ).toEqual([
      'Edited',
      'runtime error: update error: Update access denied',
      1,
      'runtime error: delete error: Delete access denied',
      true,
      true,
    ]);
    expect(await as('admin', 'return C.update("articles", ids.closed, { title = "Edited" }).title')).toEqual(['Edited']);
  });

  it('the fee of an article is read by staff and written by admins; guessing it by filter or order is refused', async () => {
    expect(
      await as(
        'reader',
        `return C.find_by_id("articles", ids.open).fee, fails(C.count, "articles", { where = { fee = { greater_than = 50 } } }),
           fails(C.find, "articles", { order_by = "fee" }), crap.access.field_read_denied("articles"), crap.access.field_write_denied("articles", "create")`,
      ),
    ).toEqual([
      null,
      "runtime error: Read access denied for field 'fee': it cannot be filtered or sorted on",
      "runtime error: Read access denied for field 'fee': it cannot be filtered or sorted on",
      ['fee'],
      ['fee'],
    ]);
    expect(
      await as(
        'editor',
        'return C.find_by_id("articles", ids.open).fee, C.update("articles", ids.open, { fee = 1 }).fee, C.count("articles", { where = { fee = 100 } })',
      ),
    ).toEqual([100, 100, 1]);
    expect(await as('admin', 'return C.update("articles", ids.open, { fee = 1 }).fee')).toEqual([1]);
  });

  it('readers see and change themselves, without their role; guests register, and nobody reads a password', async () => {
    expect(
      await as(
        'reader',
        `local me = C.update("readers", ids.reader, { name = "Rea L.", role = "admin" })
         return pluck(C.find("readers").documents, "id")[1] == ids.reader, me.name, me.role, me.library_card, me.password, me._password_hash,
           fails(C.update, "readers", ids.other, { name = "x" }), C.find_by_id("readers", ids.other)`,
      ),
    ).toEqual([true, 'Rea L.', 'reader', null, null, null, 'runtime error: update error: Update access denied', null]);
    expect(
      await as(
        'guest',
        `return C.create("readers", { name = "New", email = "NEW@x.example", role = "reader", password = "secret" }, { ENFORCED }).email,
           fails(C.create, "readers", { name = "New", email = "rea@mondblatt.example", role = "reader" }, { ENFORCED }),
           fails(C.find, "readers", { ENFORCED })`,
      ),
    ).toEqual([
      'new@x.example',
      'runtime error: create error: Validation failed: email: email must be unique',
      'runtime error: Read access denied',
    ]);
  });

  it('a comment is signed with its reader and waits for approval, which its reader cannot give', async () => {
    expect(
      await as(
        'reader',
        `local own = C.create("comments", { article = ids.open, text = "mine", approved = true, reader = ids.other })
         return own.reader == ids.reader, own.approved, C.count("comments"), C.find_by_id("articles", ids.open, { depth = 1 }).comments`,
      ),
    ).toEqual([true, 0, 0, {}]);
    expect(
      await as(
        'editor',
        `C.update("comments", ids.comment, { approved = true })
         return #C.find_by_id("articles", ids.open, { depth = 1 }).comments`,
      ),
    ).toEqual([1]);
    expect(await as('guest', 'return fails(C.create, "comments", { article = ids.open, text = "hi" }, { ENFORCED })')).toEqual([
      'runtime error: create error: Create access denied',
    ]);
  });

  it('what has no rule is closed to everybody: the audit log, and writing redirects', async () => {
    expect(
      await as(
        'admin',
        `return fails(C.find, "audit_log"), fails(C.count, "audit_log"), fails(C.create, "redirects", { from = "a", to = "b" }), crap.access.check("audit_log", "read"),
           crap.access.check("redirects", "read"), C.count("audit_log", { overrideAccess = true }) > 0`,
      ),
    ).toEqual([
      'runtime error: Read access denied',
      'runtime error: Read access denied',
      'runtime error: create error: Create access denied',
      'denied',
      'allowed',
      true,
    ]);
  });

  it('globals answer yes or no: anyone reads the site, staff the counters, admins change both names and texts', async () => {
    expect(await as('reader', 'return G.get("site").title, fails(G.get, "counters"), crap.access.check("site", "update")')).toEqual([
      'Mondblatt',
      'runtime error: Read access denied',
      'denied',
    ]);
    expect(
      await as(
        'admin',
        'return G.update("site", { title = "Mondpost" }).title, G.get("counters").orders, fails(crap.access.check, "site", "delete")',
      ),
    ).toEqual(['Mondpost', 0, "runtime error: Operation 'delete' not valid for global 'site'"]);
  });

  it('the last admin stays', async () => {
    expect(
      await as(
        'admin',
        `local refused = fails(C.delete, "readers", ids.admin)
         C.update("readers", ids.editor, { role = "admin" })
         return refused, C.delete("readers", ids.admin)`,
      ),
    ).toEqual(['runtime error: delete error: runtime error: the last admin stays', true]);
  });

  it('the library card finds its reader, and passwords verify against their hash', async () => {
    expect(
      await magazine.all(`
        local found = require("hooks.readers").by_library_card({ headers = { ["x-library-card"] = "L-1" } })
        local hash = crap.auth.hash_password("moon")
        return found.name, require("hooks.readers").by_library_card({ headers = {} }), crap.auth.verify_password("moon", hash), crap.auth.verify_password("sun", hash),
          hash:sub(1, 30), crap.auth.user()`),
    ).toEqual(['rea', null, true, false, '$argon2id$v=19$m=19456,t=2,p=1', null]);
  });

  it('who may start a job is asked when it is queued', async () => {
    expect(await as('reader', 'return fails(crap.jobs.queue, "anonymize_reader", { id = ids.reader })')).toEqual([
      'runtime error: Trigger access denied',
    ]);
    expect(await as('admin', 'return #crap.jobs.queue("anonymize_reader", { id = ids.reader })')).toEqual([21]);
    expect(await as('reader', 'return #crap.jobs.queue("purge_caches")')).toEqual([21]);
  });
});
