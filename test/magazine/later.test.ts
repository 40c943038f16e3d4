/** The same house in the newer spelling (fixtures/magazine-10): accessors by slug, snake_case, options of hooks, transactions by hand, values as Lua has them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/domain/json.js';
import { engines } from '../support/engines.js';
import { MAGAZINE_10, Magazine } from './support.js';

const MEMBER: JsonObject = { id: 'member', name: 'Mem', role: 'member' };
const STAFF: JsonObject = { id: 'staff', name: 'Stella', role: 'staff' };

const HOUSE = `
local ada = C.authors.create({ name = "Ada", nicknames = { "A", "B" }, age = 30, settings = { list = { 1, crap.null, 3 } } }, { override_access = true })
local moon = C.articles.create({
  title = "Moon tonight", author = ada.id, tags = { "new", "odd" }, score = 2.5, related = { "authors/" .. ada.id },
  meta = { canonical = "/x", noindex = true, notes = { { note = "n", line = 3 } } },
  body = { { _block_type = "text", text = "one two three" }, { _block_type = "gallery", pictures = { { caption = "c", wide = true } } } },
}, { override_access = true })
`;

describe.each(engines)('the newer magazine on $name', ({ name: engine }) => {
  let magazine: Magazine;
  beforeAll(async () => {
    magazine = await Magazine.open({ engine, from: MAGAZINE_10 });
    await magazine.run('require("hooks.on_init").open_ledger()', { keep: true });
  });
  afterAll(() => magazine.dispose());
  const all = (chunk: string, user?: JsonObject) => magazine.all(HOUSE + chunk, user && { user });

  it('values read as Lua has them: booleans, whole numbers, tables, defaults that the fields name', async () => {
    expect(
      await all(`
        local article = C.articles.find_by_id(moon.id)
        return article.featured, article.meta.noindex, article.tags, article.score, article.words, article.section, ada.active, ada.age, math.type(ada.age),
          ada.nicknames, #ada.settings.list, ada.settings.list[2] == crap.null, article.body[2].pictures[1].wide, article.meta.notes[1].line`),
    ).toEqual([false, true, ['new', 'odd'], 2.5, 3, 'moon', true, 30, 'integer', ['A', 'B'], 3, true, true, 3]);
  });

  it('reads show targets one level deep unless they say otherwise, at most three', async () => {
    expect(
      await all(`
        local article = C.articles.find_by_id(moon.id)
        return article.author.name, article.related[1].collection, C.articles.find({ depth = 0 }).documents[1].author == ada.id,
          C.authors.find_by_id(ada.id).articles[1].title, moon.author == ada.id`),
    ).toEqual(['Ada', 'authors', true, 'Moon tonight', true]);
  });

  it('slug-first calls, accessors and both spellings of options mean the same', async () => {
    expect(
      await all(`
        local a, b = C.articles.find({ limit = 1 }).pagination, C.find("articles", { limit = 1 }).pagination
        return a.total_docs, b.totalDocs, a.has_next_page, b.page_start, C.articles.count(), C.count("articles", { overrideAccess = true }),
          C.articles.count({ override_access = true }), G.front.get().breaking, G.get("front").breaking`),
    ).toEqual([1, 1, false, 1, 1, 1, 1, false, false]);
  });

  it('options that do not exist are named, with what was probably meant', async () => {
    expect(
      await all(`
        return fails(C.articles.find, { wher = {} }):match("^[^.]*"), fails(C.articles.update_many, { where = {}, limit = 1 }, { score = 1 }),
          fails(C.articles.delete_many, { limit = 1 }), fails(crap.jobs.queue, "census", {}, { prioriti = 5 }):match("^[^.]*"),
          fails(crap.hooks.register, "before_lunch", print):match("^(.-)%. ")`),
    ).toEqual([
      "runtime error: Unknown find config key 'wher' (did you mean 'where'?)",
      "runtime error: Unknown update_many config key 'limit'. Valid keys: where",
      "runtime error: Unknown delete_many config key 'limit'. Valid keys: where",
      "runtime error: Unknown queue option key 'prioriti' (did you mean 'priority'?)",
      "runtime error: crap.hooks.register: unknown event 'before_lunch'",
    ]);
  });

  it('hooks get their options, the id of what is changed and the language that is meant', async () => {
    expect(
      await all(`
        local seen = {}
        local function look(ctx) if ctx.collection == "articles" then seen[#seen + 1] = { ctx.operation, ctx.id == moon.id, ctx.locale } end end
        crap.hooks.register("before_change", look)
        C.articles.update(moon.id, { title = "Mond heute" }, { locale = "de" })
        crap.hooks.remove("before_change", look)
        return moon.slug, seen, fails(C.articles.create, { title = "About Lorem", author = ada.id }), C.articles.find_by_id(moon.id).authors_in_house,
          C.articles.validate({ title = "ipsum here", author = ada.id })`),
    ).toEqual([
      'moon-tonight',
      [['update', true, 'de']],
      'runtime error: create error: Validation failed: title: title holds placeholder text: lorem',
      1,
      { valid: false, errors: { title: 'title holds placeholder text: ipsum' } },
    ]);
  });

  it('members see what one of two conditions allows, staff everything, and access can be asked', async () => {
    const more = `
      C.articles.create({ title = "Tides", author = ada.id, section = "tides" }, { override_access = true })
      C.articles.create({ title = "Featured tides", author = ada.id, section = "tides", featured = true }, { override_access = true })
      return C.articles.count(), C.articles.count({ where = { section = "tides" } }), crap.access.check("articles", "read"),
        fails(C.articles.create, { title = "Mine" }), fails(C.ledger.find), fails(C.articles.validate, { title = "Mine" })`;
    expect(await all(more, MEMBER)).toEqual([
      2,
      1,
      { or: [{ section: 'moon' }, { featured: '1' }] },
      'runtime error: create error: Create access denied',
      'runtime error: Read access denied',
      'runtime error: validate error: Create access denied',
    ]);
    expect((await all(more, STAFF)).slice(0, 3)).toEqual([3, 2, 'allowed']);
  });

  it('a draft that was never published is hidden from those who do not ask for drafts; publishing takes what the draft holds', async () => {
    expect(
      await all(`
        local draft = C.articles.create({ title = "Draft", author = ada.id }, { draft = true })
        local hidden = C.articles.find_by_id(draft.id)
        C.articles.update(draft.id, { title = "Second draft", body = { { _block_type = "text", text = "x" } } }, { draft = true })
        local published = C.articles.update(draft.id, { score = 1 })
        return hidden, draft._status, published._status, published.title, published.words, pluck(C.articles.list_versions(draft.id).documents, "status")`),
    ).toEqual([null, 'draft', 'published', 'Second draft', 1, ['published', 'draft', 'draft']]);
  });

  it('the front page has drafts of its own, versions, and can be taken back', async () => {
    expect(
      await all(`
        G.front.update({ headline = "Tomorrow" }, { draft = true })
        local before, draft = G.front.get().headline, G.front.get({ draft = true }).headline
        local out = G.front.update({ headline = "Today", lead = moon.id, breaking = true })
        local versions = G.front.list_versions().documents
        return before, draft, out.headline, out.breaking, C.articles.ref_count(moon.id), pluck(versions, "status"), G.front.unpublish()._status,
          G.front.restore_version(versions[2].id).headline`),
    ).toEqual([null, 'Tomorrow', 'Today', true, 1, ['published', 'draft'], 'draft', 'Tomorrow']);
  });

  it('a key of rows or null means what it says: null clears, an absent key leaves', async () => {
    expect(
      await all(`
        local cleared = C.authors.update(ada.id, { email = crap.null, age = crap.null, settings = crap.null })
        local left = C.articles.update(moon.id, { score = crap.null })
        return cleared.age, cleared.settings, cleared.active, cleared.nicknames, left.score, left.meta.noindex, #left.body, left.tags,
          crap.json.encode({ 1, crap.null, 3 }), crap.json.decode("[1,null]")[2] == crap.null`),
    ).toEqual([null, null, true, ['A', 'B'], null, true, 2, ['new', 'odd'], '[1,null,3]', true]);
  });

  it('a job moves money between two rows in a transaction by hand: both or neither, and its effects are told', async () => {
    const amounts = () => magazine.run('return pluck(C.ledger.find({ order_by = "account" }).documents, "amount")');
    const [cash, paper] = (await amounts()) as [number, number];
    const moved = await magazine.job('transfer', { from: 'cash', to: 'paper', amount: 30 }, { keep: true });
    expect(moved).toMatchObject({ outcome: 'completed', result: { moved: 30, attempt: 1, queue: 'editorial' } });
    expect(moved.log.map(({ text }) => text)).toEqual(['effect committed transfer']);
    const failed = await magazine.job('transfer', { from: 'cash', to: 'nowhere', amount: 30 }, { keep: true });
    expect(failed).toMatchObject({ outcome: 'failed', error: { message: 'runtime error: no account nowhere' } });
    expect(failed.log.map(({ text }) => text)).toEqual(['effect rolled_back transfer']);
    expect(await amounts()).toEqual([cash - 30, paper + 30]);
    // Without a transaction by hand each call stands for itself: what was done before the error stays.
    expect(await magazine.job('careless', { from: 'cash', amount: 5 }, { keep: true })).toMatchObject({ outcome: 'failed' });
    expect(await amounts()).toEqual([cash - 35, paper + 30]);
    expect(await magazine.run('return C.ledger.find({ where = { account = "cash" } }).documents[1].stamp')).toBe('house update');
  });

  it('an error in a transaction by hand comes out as it was raised, its writes are gone, and several values come back', async () => {
    expect(
      await all(`
        local row = C.ledger.find({ order_by = "account" }).documents[1]
        local ok, problem = pcall(crap.transaction, function()
          C.ledger.update(row.id, { amount = 1 })
          error({ code = 7 })
        end)
        local count = select("#", crap.transaction(function() return 1, nil, 3 end))
        return ok, problem.code, C.ledger.find_by_id(row.id).amount == row.amount, count, fails(C.ledger.delete, row.id)`),
    ).toEqual([false, 7, true, 3, 'runtime error: delete error: runtime error: the ledger is never shortened']);
  });

  it('runs are queued with a key, a priority and a delay, can be looked up, listed and cancelled', async () => {
    expect(
      await all(`
        local one = crap.jobs.queue("announce", { id = "x" }, { unique = "k", priority = 4, delay = "1h" })
        local same = crap.jobs.queue("announce", { id = "y" }, { unique = "k" }) == one
        local transfer = crap.jobs.get_run(crap.jobs.queue("transfer", { from = "cash" }))
        local run = crap.jobs.get_run(one)
        return same, run.status, run.priority, run.unique_key, run.data, run.queue, transfer.max_attempts, crap.jobs.list_runs({ slug = "announce" }).total,
          crap.jobs.cancel_run(one), crap.jobs.get_run(one).status`),
    ).toEqual([true, 'pending', 4, 'k', { id: 'x' }, 'mail', 3, 2, true, 'cancelled']);
    expect(await all('return fails(crap.jobs.queue, "transfer", {})', MEMBER)).toEqual(['runtime error: Trigger access denied']);
  });

  it('the announcement knows its run, and gives null for an article that is gone', async () => {
    const id = await magazine.run(`${HOUSE} return moon.id`, { keep: true });
    expect((await magazine.job('announce', { id })).result).toMatchObject({ title: 'Moon tonight', author: 'Ada' });
    expect(await magazine.job('announce', { id: 'gone' })).toMatchObject({ outcome: 'completed', result: null });
    await magazine.run('C.articles.delete_many({}, { force_hard_delete = true }) C.authors.delete_many({})', { keep: true });
  });
});

describe.each(engines)('the census of the newer magazine on $name', ({ name: engine }) => {
  it.each(['page', 'cursor'])('walks over every article once, with the options of its handler (%s)', async (mode) => {
    const magazine = await Magazine.open({ engine, from: MAGAZINE_10, env: { CRAP_PAGINATION: mode } });
    try {
      await magazine.run(
        'local a = C.authors.create({ name = "A" }) for i = 1, 5 do C.articles.create({ title = "Number " .. i, author = a.id }) end',
        { keep: true },
      );
      expect((await magazine.job('census')).result).toEqual({
        slugs: [1, 2, 3, 4, 5].map((i) => `number-${i}`),
        total: 5,
        options: { quick: true },
      });
    } finally {
      await magazine.dispose();
    }
  });
});
