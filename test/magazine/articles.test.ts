/** The magazine's articles: what it takes to publish one, what is kept of it, in which languages it is read, how it is found. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines } from '../support/engines.js';
import { Magazine } from './support.js';

describe.each(engines)('articles of the magazine on $name', ({ name: engine }) => {
  let magazine: Magazine;
  beforeAll(async () => {
    magazine = await Magazine.open({ engine });
  });
  afterAll(() => magazine.dispose());
  const all = (chunk: string) => magazine.all(chunk);

  describe('publishing', () => {
    it('an article cannot be published without a lead, and may be drafted without one', async () => {
      expect(
        await all(`
          local data = { title = "Low water", author = author().id, body = "<p>none</p>" }
          local draft = C.create("articles", data, { draft = true })
          return fails(C.create, "articles", data), draft._status, fails(C.update, "articles", draft.id, { title = "Low tide" }),
            C.update("articles", draft.id, { lead = "There is none." })._status, C.find("articles").pagination.totalDocs`),
      ).toEqual([
        'runtime error: create error: Validation failed: lead: lead is required',
        'draft',
        'runtime error: update error: Validation failed: lead: lead is required',
        'published',
        1,
      ]);
    });

    it('every problem of an article is told at once, under the key that has it', async () => {
      expect(
        await all(`
          local au = author().id
          return fails(C.create, "articles", {
            title = "No", lead = ("x"):rep(401), kind = "poem", audience = "nobody", body = "b", meta = { priority = 2 }, fee = -1,
            related = { "media/x" },
            meta__footnotes = { { text = "no mark" } },
            content = { { _block_type = "quote", text = ("y"):rep(281), style = { align = "up", size = 9 } }, { _block_type = "poem" }, "text",
              { _block_type = "columns", columns = { { items = { { _block_type = "picture" } } } } } },
          })`),
      ).toEqual([
        'runtime error: create error: Validation failed: title: title must be at least 3 characters; lead: lead must be at most 400 characters; ' +
          'content[0][text]: text must be at most 280 characters; content[0][style][0][align]: align has an invalid option; ' +
          "content[0][style][0][size]: size must be at most 5; content[1]: content row 1 has unknown block type 'poem'; " +
          'content[2]: content row 2 must be an object; content[3][columns][0][items][0][image]: image is required; author: author is required; ' +
          'kind: kind has an invalid option; audience: audience has an invalid option; ' +
          `related: related references collection 'media' which is not in the polymorphic allowlist ["articles", "products", "events"]; ` +
          'meta__priority: priority must be at most 1; meta__footnotes[0][mark]: mark is required; fee: fee must be at least 0',
      ]);
    });

    it('a title makes the slug, accents are spelled out, and a slug that is taken gets a number', async () => {
      expect(
        await all(`
          local au = author().id
          return article({ author = au, title = "Über die Flut" }).slug, article({ author = au, title = "Über die Flut" }).slug,
            article({ author = au, title = "  Spaced   out " }).title, article({ author = au, slug = "Mein Text" }).slug`),
      ).toEqual(['ueber-die-flut', 'ueber-die-flut-2', 'Spaced   out', 'mein-text']);
    });

    it('placeholder text is refused in every collection by the registered hook', async () => {
      expect(
        await all(`
          return fails(article, { title = "About Lorem Ipsum" }), fails(C.create, "redirects", { from = "/a", to = "Lorem ipsum" }),
            fails(G.update, "site", { claim = "lorem ipsum dolor" }), C.count("articles")`),
      ).toEqual([
        'runtime error: create error: runtime error: articles.title still holds placeholder text',
        'runtime error: create error: runtime error: redirects.to still holds placeholder text',
        'runtime error: update_global error: runtime error: site.claim still holds placeholder text',
        0,
      ]);
    });

    it('reading minutes come from the body, and a published article queues its indexing once', async () => {
      expect(
        await all(`
          local long = article({ body = ("<p>word</p> "):rep(450) })
          local draft = C.create("articles", { title = "Draft", author = long.author, body = "b" }, { draft = true })
          return long.reading_minutes, draft.reading_minutes`),
      ).toEqual([3, 1]);
    });

    it('what a failing article wrote and queued is undone when the error is caught', async () => {
      expect(
        await all(`
          local au = author().id
          local problem = fails(C.create, "articles", { title = "Bodiless", lead = "l", author = au })
          local dangling = fails(C.create, "articles", { title = "Dangling", lead = "l", body = "b", author = "nobody" })
          return problem, dangling, C.count("articles"), C.ref_count("authors", au)`),
      ).toEqual([
        'runtime error: create error: runtime error: an article needs a body or content before it is published',
        'runtime error: create error: cannot reference authors/nobody: target no longer exists (concurrently hard-deleted)',
        0,
        0,
      ]);
    });
  });

  describe('drafts and versions', () => {
    it('a draft builds on the draft before it and the published row stays', async () => {
      expect(
        await all(`
          local a = article({ title = "Published", co_authors = {} })
          C.update("articles", a.id, { title = "Redrafted" }, { draft = true })
          C.update("articles", a.id, { lead = "Second thoughts", co_authors = { a.author } }, { draft = true })
          local draft, row = C.find_by_id("articles", a.id, { draft = true }), C.find_by_id("articles", a.id)
          return draft.title, draft.lead, #draft.co_authors, row.title, row.lead, #row.co_authors, C.ref_count("authors", a.author),
            pluck(C.list_versions("articles", a.id).docs, "status")`),
      ).toEqual(['Redrafted', 'Second thoughts', 1, 'Published', 'It rose late.', 0, 1, ['draft', 'draft', 'published']]);
    });

    it('blocks of two languages live in one draft, each in its own rows', async () => {
      expect(
        await all(`
          local a = C.create("articles", { title = "Tide tables", author = author().id, content = {
            { _block_type = "paragraph", text = "<p>one</p>", drop_cap = true },
            { _block_type = "columns", columns = { { width = 6, items = { { _block_type = "quote", text = "q", style = { size = 2 } } } } } },
          } }, { draft = true })
          C.update("articles", a.id, { title = "Gezeiten", content = { { _block_type = "paragraph", text = "<p>eins</p>" } } }, { draft = true, locale = "de" })
          local function read(locale) return C.find_by_id("articles", a.id, { draft = true, locale = locale }) end
          local en, de, fr = read("en"), read("de"), read("fr")
          return en.title, de.title, fr.title, pluck(en.content, "_block_type"), pluck(de.content, "text"), #fr.content,
            en.content[2].columns[1].items[1].style.size, C.find_by_id("articles", a.id, { locale = "de" }).title`),
      ).toEqual(['Tide tables', 'Gezeiten', 'Tide tables', ['paragraph', 'columns'], ['<p>eins</p>'], 2, 2, 'Tide tables']);
    });

    it('an old version comes back whole: every language, its blocks, rows and references', async () => {
      expect(
        await all(`
          local au = author().id
          local a = article({ author = au, title = "First", content = { { _block_type = "paragraph", text = "a" } }, co_authors = { au } })
          C.update("articles", a.id, { title = "Premier", lead = "fr", content = { { _block_type = "paragraph", text = "fr" } }, sources = { { title = "livre" } } }, { locale = "fr" })
          C.update("articles", a.id, { title = "Third", content = {}, co_authors = {} })
          C.update("articles", a.id, { title = "Troisième", content = {}, sources = {} }, { locale = "fr" })
          local versions = C.list_versions("articles", a.id).docs
          local restored = C.restore_version("articles", a.id, versions[3].id)
          local fr = C.find_by_id("articles", a.id, { locale = "fr" })
          return restored.title, restored.content[1].text, restored.co_authors[1] == au, fr.title, fr.content[1].text, fr.sources[1].title,
            C.list_versions("articles", a.id).docs[1].version`),
      ).toEqual(['First', 'a', true, 'Premier', 'fr', 'livre', 5]);
    });

    it('six versions are kept, numbers go on, and a version of another article is not restored', async () => {
      expect(
        await all(`
          local a, b = article(), article({ title = "Other", author = author("Other").id })
          for i = 1, 9 do C.update("articles", a.id, { title = "Take " .. i }) end
          local kept = C.list_versions("articles", a.id, { limit = 4, offset = 1 })
          local theirs = C.list_versions("articles", b.id).docs[1].id
          return pluck(kept.docs, "version"), kept.pagination.totalDocs, fails(C.restore_version, "articles", a.id, theirs)`),
      ).toEqual([[9, 8, 7, 6], 6, expect.stringContaining('not found')]);
    });

    it('unpublished articles leave the site, keep their text and can be published again', async () => {
      expect(
        await all(`
          local a = article()
          local away = C.unpublish("articles", a.id)
          local seen = C.count("articles")
          C.update("articles", a.id, { title = a.title })
          return away._status, away.title, seen, C.count("articles"), C.count("articles", { draft = true })`),
      ).toEqual(['draft', 'Moon over the harbour', 0, 1, 1]);
    });

    it('validate tells what create would, and writes nothing', async () => {
      expect(
        await all(`
          local au = author().id
          local bad = C.validate("articles", { title = "No", author = au, body = "b" })
          local fine = C.validate("articles", { title = "Yes", lead = "l", author = au, body = "b" })
          return bad.valid, bad.errors.title, bad.errors.lead, fine, C.count("articles", { draft = true })`),
      ).toEqual([false, 'title must be at least 3 characters', 'lead is required', { valid: true }, 0]);
    });
  });

  describe('the trash', () => {
    it('an article in the trash is gone for readers, lists and joins, and comes back as it was', async () => {
      expect(
        await all(`
          local au = author().id
          local one, two = article({ author = au, title = "One" }), article({ author = au, title = "Two", content = { { _block_type = "paragraph", text = "t" } } })
          C.delete("articles", two.id)
          local function joined() return pluck(C.find_by_id("authors", au, { depth = 1 }).articles, "title") end
          local before = { C.find_by_id("articles", two.id) == nil, C.count("articles"), C.count("articles", { search = "two" }), joined(),
            C.find("articles", { trash = true }).documents[1].title, C.ref_count("authors", au), fails(C.update, "articles", two.id, { title = "Three" }) }
          C.undelete("articles", two.id)
          return before, C.find_by_id("articles", two.id).content[1].text, C.count("articles", { search = "two" }), #joined()`),
      ).toEqual([[true, 1, 0, ['One'], 'Two', 2, 'runtime error: update error: Document not found after update'], 't', 1, 2]);
    });

    it('an article with comments is not removed for good; its author not while articles name them', async () => {
      expect(
        await all(`
          local a = article()
          C.create("comments", { article = a.id, text = "fine" })
          return fails(C.delete, "authors", a.author), fails(C.delete, "articles", a.id, { forceHardDelete = true }), C.delete("articles", a.id),
            C.find("articles", { trash = true }).documents[1]._deleted_at ~= nil`),
      ).toEqual([
        expect.stringMatching(/^runtime error: delete error: Cannot delete '.{21}': referenced by 1 document\(s\)$/),
        expect.stringMatching(/^runtime error: delete error: Cannot delete '.{21}': referenced by 1 document\(s\)$/),
        true,
        true,
      ]);
      expect(magazine.lines.at(-1)?.text).toMatch(/^article .{21} gone, with 1 comment\(s\)$/);
    });
  });

  describe('languages', () => {
    it('what is not translated reads in the default language, lists too, and "all" shows what is there', async () => {
      expect(
        await all(`
          local a = article({ title = "Moon", sources = { { title = "Almanac" } }, meta = { canonical = "/moon" } })
          C.update("articles", a.id, { title = "Mond", meta = { canonical = "/mond" } }, { locale = "de" })
          local de, every = C.find_by_id("articles", a.id, { locale = "de" }), C.find_by_id("articles", a.id, { locale = "all" })
          return de.title, de.lead, de.sources[1].title, de.meta.canonical, every.title, every.lead, every.meta.canonical,
            fails(C.find, "articles", { locale = "it" })`),
      ).toEqual([
        'Mond',
        'It rose late.',
        'Almanac',
        '/mond',
        { en: 'Moon', de: 'Mond' },
        { en: 'It rose late.' },
        { en: '/moon', de: '/mond' },
        "runtime error: Invalid locale 'it'. Available locales: en, de, fr",
      ]);
    });

    it('filters and order look at the language that was asked for, without falling back', async () => {
      expect(
        await all(`
          local au = author().id
          local a, b = article({ author = au, title = "Beta" }), article({ author = au, title = "Alpha" })
          C.update("articles", a.id, { title = "Abend" }, { locale = "de" })
          local function titles(query) return pluck(C.find("articles", query).documents, "title") end
          return titles({ order_by = "title" }), titles({ order_by = "-title", locale = "de" }), titles({ locale = "de", where = { title = "Alpha" } }),
            titles({ locale = "de", where = { title = { like = "ab%" } } })`),
      ).toEqual([['Alpha', 'Beta'], ['Abend', 'Alpha'], {}, ['Abend']]);
    });
  });

  describe('finding', () => {
    it('filters reach into blocks, rows, groups in rows and relations', async () => {
      const chunk = (where: string) => `
        local au = author().id
        local p = C.create("products", { sku = "P1", name = "Poster", price = 12 }).id
        article({ author = au, content = {
          { _block_type = "paragraph", text = "<p>one</p>", drop_cap = true },
          { _block_type = "columns", columns = { { width = 6, items = { { _block_type = "quote", text = "q", source = au, style = { size = 2 } } } } } } },
          sources = { { title = "Book", refs = { items = { "products/" .. p } } } }, related = { "products/" .. p }, co_authors = { au },
          sponsor = "products/" .. p, keywords = { "a", "b" }, meta = { canonical = "/x", priority = 0.5 },
          meta__footnotes = { { mark = "*" } }, meta__boxes = { { _block_type = "list", entries = { { entry = "e" } } } } })
        article({ author = au, title = "Other", audience = "subscribers" })
        local found, out = { ${where} }, {}
        for i, filter in ipairs(found) do out[i] = C.count("articles", { where = filter }) end
        return out`;
      const filters = [
        '{ ["content._block_type"] = "columns" }',
        '{ ["content.text"] = { contains = "one" } }',
        '{ ["content.drop_cap"] = true }',
        '{ ["content.columns.width"] = { greater_than = 5 } }',
        '{ ["content.columns.items._block_type"] = "quote" }',
        '{ ["content.columns.items.style.size"] = { less_than_or_equal = 2 } }',
        '{ ["sources.title"] = { ["in"] = { "Book", "Film" } } }',
        '{ ["sources.refs.items"] = { contains = "products/" } }',
        '{ ["related.id"] = p }',
        '{ ["co_authors.id"] = { ["in"] = { au, "nobody" } } }',
        '{ sponsor = "products/" .. p }',
        '{ ["meta.canonical"] = "/x" }',
        '{ meta__priority = 0.5 }',
        '{ ["meta__footnotes.mark"] = "*" }',
        '{ ["meta__boxes.entries.entry"] = "e" }',
        '{ keywords = { contains = "\\"a\\"" } }',
        '{ ["or"] = { { audience = "subscribers", ["content.text"] = "x" }, { title = { contains = "moon" }, featured = false } } }',
      ];
      expect(await magazine.run(chunk(filters.join(', ')))).toEqual(filters.map(() => 1));
    });

    it('words are found in title, lead and keywords, in every language, without accents, by their beginning', async () => {
      expect(
        await all(`
          local a = article({ title = "Flut und Ebbe", lead = "Wasser", keywords = { "flood" } })
          C.update("articles", a.id, { title = "Brouillard épais" }, { locale = "fr" })
          local out = {}
          for i, words in ipairs({ "ebbe", "flu was", "flood", "epais", "hier", "flut OR nebel" }) do out[i] = C.count("articles", { search = words }) end
          return out`),
      ).toEqual([[1, 1, 1, 1, 0, 0]]);
    });

    it('targets are shown as deep as was asked, in blocks, groups, rows and lists of several collections', async () => {
      expect(
        await all(`
          local au = author().id
          local event = C.create("events", { title = "Launch", day = "2026-05-01" }).id
          local image = C.create("media", { filename = "moon.jpg", mime_type = "image/jpeg" }).id
          local a = article({ author = au, related = { "events/" .. event }, gallery = { image }, cover = image, meta__translators = { au },
            content = { { _block_type = "columns", columns = { { items = { { _block_type = "picture", image = image } } } } } },
            sources = { { title = "s", refs = { items = { "events/" .. event } } } } })
          local flat, deep = C.find_by_id("articles", a.id), C.find("articles", { depth = 1 }).documents[1]
          return flat.related[1] == "events/" .. event, deep.related[1].title, deep.related[1].collection, deep.gallery[1].filename, deep.cover.filename,
            deep.meta.translators[1].name, deep.content[1].columns[1].items[1].image.filename, deep.sources[1].refs.items[1].title, deep.author.name`),
      ).toEqual([true, 'Launch', 'events', 'moon.jpg', 'moon.jpg', 'Ada Luna', 'moon.jpg', 'Launch', 'Ada Luna']);
    });

    it('only what was selected is read, and readers of the site get a headline', async () => {
      expect(
        await all(`
          local a = article({ kind = "essay" })
          local found = C.find("articles", { select = { "slug", "kind", "title" } }).documents[1]
          return crap.util.is_empty(C.find("articles", { select = {} }).documents[1].meta or {}), found.lead, found.slug, found.headline, found.asked,
            C.find_by_id("articles", a.id).asked, a.headline`),
      ).toEqual([true, null, 'moon-over-the-harbour', 'Essay: Moon over the harbour', 'find', 'find_by_id', null]);
    });
  });
});

describe.each(engines)('pages by cursor on $name', ({ name: engine }) => {
  let magazine: Magazine;
  beforeAll(async () => {
    magazine = await Magazine.open({ engine, env: { CRAP_PAGINATION: 'cursor' } });
  });
  afterAll(() => magazine.dispose());

  it('each article once, drafts first, in the order of a translated title of which one is missing', async () => {
    const walk = (query: string) => `
      local au = author().id
      for i, name in ipairs({ "delta", "alpha", "charlie", "bravo", "echo" }) do
        local a = article({ author = au, title = "en " .. i, slug = "s" .. i })
        if i ~= 3 then C.update("articles", a.id, { title = name }, { locale = "de" }) end
      end
      C.create("articles", { author = au, title = "a draft", slug = "d" }, { draft = true })
      local seen, query, back = {}, ${query}, {}
      repeat
        local page = C.find("articles", query)
        for _, document in ipairs(page.documents) do seen[#seen + 1] = document.slug end
        query.after_cursor = page.pagination.endCursor
      until not page.pagination.hasNextPage
      query.after_cursor, query.before_cursor = nil, query.after_cursor
      repeat
        local page = C.find("articles", query)
        for i = #page.documents, 1, -1 do back[#back + 1] = page.documents[i].slug end
        query.before_cursor = page.pagination.startCursor
      until not page.pagination.hasPrevPage
      return table.concat(seen, " "), table.concat(back, " ")`;
    expect(await magazine.all(walk('{ limit = 2, order_by = "title", locale = "de" }'))).toEqual(['s3 s2 s4 s1 s5', 's1 s4 s2 s3']);
    expect(await magazine.all(walk('{ limit = 2, order_by = "-title", locale = "de", draft = true }'))).toEqual([
      'd s5 s1 s4 s2 s3',
      's2 s4 s1 s5 d',
    ]);
  });
});
