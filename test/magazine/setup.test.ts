/** How the magazine is set up: what plugins make of the definitions, on_init, the migration, the schema that code sees, rich text. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines } from '../support/engines.js';
import { Magazine } from './support.js';

describe.each(engines)('the set-up of the magazine on $name', ({ name: engine }) => {
  let magazine: Magazine;
  beforeAll(async () => {
    magazine = await Magazine.open({ engine });
  });
  afterAll(() => magazine.dispose());
  const all = (chunk: string) => magazine.all(chunk);

  it('the seo plugin adds its group to the collections that it was told, and fills titles that editors left out', async () => {
    expect(
      await all(`
        local with = {}
        for slug, definition in pairs(C.config.list()) do
          for _, field in ipairs(definition.fields) do
            if field.name == "seo" then with[#with + 1] = slug end
          end
        end
        table.sort(with)
        local long = C.create("events", { title = ("Night of the moon "):rep(5), day = "2026-05-01" })
        local own = C.create("events", { title = "Reading", day = "2026-05-01", seo = { title = "Ours", description = "d", noindex = true } })
        C.update("events", own.id, { seo = { description = "auf Deutsch" } }, { locale = "de" })
        return table.concat(with, " "), #long.seo.title, long.seo.title:sub(-3), own.seo.title, own.seo.noindex,
          C.find_by_id("events", own.id, { locale = "de" }).seo.description, C.find_by_id("events", own.id).seo.description`),
    ).toEqual(['categories events products', 60, '...', 'Ours', 1, 'auf Deutsch', 'd']);
  });

  it('the slugs plugin fills slugs where a definition asks for it', async () => {
    expect(
      await all(`
        local a, b = C.create("categories", { name = "Café au lait" }), C.create("categories", { name = "Café au lait" })
        local c = C.create("categories", { name = "Tea", slug = "Own Slug" })
        return a.slug, b.slug, c.slug, C.update("categories", c.id, { name = "Green tea" }).slug, C.update("categories", c.id, { slug = "New one" }).slug`),
    ).toEqual(['cafe-au-lait', 'cafe-au-lait-2', 'own-slug', 'own-slug', 'new-one']);
  });

  it('a definition that went through a plugin lost what the round trip does not carry; others kept everything', async () => {
    expect(
      await all(`
        local function field(collection, name)
          for _, each in ipairs(crap.schema.get_collection(collection).fields) do
            if each.name == name then return each end
          end
        end
        local related, venue = field("articles", "related").relationship, field("events", "venue")
        return related.collection, related.has_many, field("issues", "year").min, field("issues", "toc").fields[2].relationship.collection,
          field("products", "stock").min, venue.fields[3].fields[1].min, field("authors", "articles").on, field("authors", "mentor").relationship.max_depth,
          C.config.get("events").versions, C.config.get("articles").versions.max_versions, C.config.get("nope"), G.config.get("homepage").versions.max_versions`),
    ).toEqual([['articles', 'products', 'events'], true, 1950, ['articles', 'events'], null, null, 'author', 1, true, 6, null, 4]);
  });

  it('hooks of plugins stand behind those of the definitions, in the order in which they were installed', async () => {
    expect(
      await all(`
        local products, readers = C.config.get("products").hooks, C.config.get("readers").hooks
        return products.before_validate, products.before_change, products.after_change, readers.before_validate, #crap.hooks.list("before_change"),
          #crap.hooks.list("after_delete")`),
    ).toEqual([['plugins.seo.fill'], ['plugins.audit.before_change'], ['plugins.audit.after_change'], ['hooks.readers.lower_email'], 1, 1]);
  });

  it('on_init makes the first admin once, who can sign in, and sees every collection', async () => {
    expect(
      await all(`
        local init = require("hooks.on_init")
        init.seed_staff({ operation = "init" })
        init.seed_staff({ operation = "init" })
        init.check_schema({ operation = "init" })
        local chief = C.find("readers").documents[1]
        return C.count("readers"), chief.role, chief.email, #crap.schema.list_collections(), #crap.schema.list_globals()`),
    ).toEqual([1, 'admin', 'chief@mondblatt.example', 13, 3]);
    const texts = magazine.lines.map((line) => line.text);
    expect(texts).toContain('created the first admin (init)');
    expect(texts).toContain('13 collections');
  });

  it('the migration seeds sections in two languages and the names of the site, and takes the sections back', async () => {
    expect(
      await all(`
        local migration = require("migrations.20260101000000_seed_sections")
        migration.up()
        local function names(locale) return table.concat(pluck(C.find("categories", { locale = locale, order_by = "weight" }).documents, "name"), " ") end
        local claims = { G.get("site").claim, G.get("site", { locale = "de" }).claim, G.get("site", { locale = "fr" }).claim }
        local out = { names("en"), names("de"), names("fr"), claims, C.find("categories").documents[1].color }
        migration.down()
        return out, C.count("categories")`),
    ).toEqual([
      ['Moon Tides Night', 'Mond Gezeiten Nacht', 'Moon Tides Night', ['Seen at night', 'Bei Nacht gesehen', 'Seen at night'], '#101040'],
      0,
    ]);
  });

  it('the site takes navigation in rows of rows, refuses a seventh entry, and says why it is closed', async () => {
    expect(
      await all(`
        local home = article({ title = "Home page" }).id
        local site = G.update("site", {
          navigation = { { label = "Home", target = "articles/" .. home, children = { { label = "Moon", url = "/moon" }, { label = "Tides" } } } },
          contact = { email = "post@mondblatt.example" }, contact__phone = "123",
        })
        return site.navigation[1].children[2].label, site.contact, C.ref_count("articles", home), fails(G.update, "site", { maintenance = true }),
          fails(G.update, "site", { contact = { email = "nope" }, navigation = { {}, {}, {}, {}, {}, {}, { label = "x" } } }),
          G.get("site").navigation[1].label`),
    ).toEqual([
      'Tides',
      { email: 'post@mondblatt.example', phone: '123' },
      1,
      'runtime error: update_global error: runtime error: say in the claim why the site is closed',
      'runtime error: update_global error: Validation failed: contact__email: email is not a valid email address; navigation: navigation allows at most 6 item(s); ' +
        [0, 1, 2, 3, 4, 5].map((i) => `navigation[${i}][label]: label is required`).join('; '),
      'Home',
    ]);
  });

  it('the homepage is translated, made of blocks, and shows what is referenced as ids', async () => {
    expect(
      await all(`
        local a, b = article({ title = "One" }).id, C.create("articles", { title = "Two", author = author("B").id }, { draft = true }).id
        G.update("homepage", { headline = "Hello", picks = { b, a }, stage = { { _block_type = "columns", columns = { { items = { { _block_type = "paragraph", text = "<p>x</p>" } } } } } } })
        G.update("homepage", { headline = "Hallo" }, { locale = "de" })
        local page = G.get("homepage", { locale = "all" })
        return page.headline, page.picks[1] == b, page._status, page.stage[1].columns[1].items[1].text, C.ref_count("articles", a),
          fails(G.update, "homepage", { headline = "" }), fails(G.update, "homepage", { stage = { { _block_type = "columns", columns = {} } } })`),
    ).toEqual([
      { en: 'Hello', de: 'Hallo' },
      true,
      'published',
      '<p>x</p>',
      1,
      'runtime error: update_global error: Validation failed: headline: headline is required',
      'runtime error: update_global error: Validation failed: stage[0][columns]: columns requires at least 1 item(s)',
    ]);
  });

  it('redirects get their status when they are read, from a registered hook', async () => {
    expect(
      await all(`
        C.create_many("redirects", { { from = "/a", to = "https://example.org/" }, { from = "/b", to = "/c" } })
        return pluck(C.find("redirects", { order_by = "from" }).documents, "status"), C.find("redirects").documents[1].hits`),
    ).toEqual([[301, 302], 0]);
  });

  it('callouts of rich text are rendered by the node that init.lua registered', async () => {
    expect(
      await all(`
        local document = crap.json.encode({ type = "doc", content = {
          { type = "paragraph", content = { { type = "text", text = "moon", marks = { { type = "strong" } } } } },
          { type = "callout", attrs = { tone = "warm", text = "Look up" } },
        } })
        return crap.richtext.render(document), crap.richtext.render('<p>x</p><crap-node data-type="callout" data-attrs=\\'{"tone":"cold"}\\'></crap-node>'),
          fails(crap.richtext.register_node, "late", {})`),
    ).toEqual([
      '<p><strong>moon</strong></p><aside class="warm">Look up</aside>',
      '<p>x</p><aside class="cold"></aside>',
      'runtime error: crap.richtext.register_node must be called from init.lua or a definition file — runtime registration only lands in one VM of the pool',
    ]);
  });

  it('settings of crap.toml are read by path, secrets are not', async () => {
    expect(
      await all(`
        local get = crap.config.get
        return get("email.from_name"), get("auth.secret"), get("auth.token_expiry"), get("locale.locales"), get("jobs.auto_purge"), get("hooks.on_init")[1],
          get("nope.nothing"), crap.locale.get_all(), crap.locale.get_default(), crap.env.get("HOME"), crap.env.get("CRAP_UNSET_ANYWHERE"),
          crap.pages.list(), crap.template_data.list()`),
    ).toEqual([
      'Mondblatt',
      '[REDACTED]',
      7200,
      ['en', 'de', 'fr'],
      1209600,
      'hooks.on_init.seed_staff',
      null,
      ['en', 'de', 'fr'],
      'en',
      null,
      null,
      ['circulation'],
      ['circulation'],
    ]);
  });

  it('uploads are described by their fields, with the table of their sizes', async () => {
    expect(
      await all(`
        local moon = C.create("media", { filename = "moon.jpg", mime_type = "image/jpeg", filesize = 2048, width = 640, height = 480, url = "/uploads/media/moon.jpg",
          thumbnail_url = "/uploads/media/moon_thumbnail.jpg", thumbnail_width = 320, thumbnail_height = 240, alt = "Moon", exif = { iso = 100 } })
        local read = C.find_by_id("media", moon.id)
        return read.filesize, read.thumbnail_url, read.sizes, read.exif, fails(C.create, "media", { alt = "no file" })`),
    ).toEqual([
      2048,
      '/uploads/media/moon_thumbnail.jpg',
      { thumbnail: { url: '/uploads/media/moon_thumbnail.jpg', width: 320, height: 240 } },
      '{"iso":100}',
      'runtime error: create error: Validation failed: filename: filename is required',
    ]);
  });
});
