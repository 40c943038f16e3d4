/** The magazine's shop, its printed issues and its calendar: prices, stock, the audit trail, what is unique and what is kept. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines } from '../support/engines.js';
import { ADMIN, Magazine } from './support.js';

const SHOP = `
local rea = C.create("readers", { name = "Rea", email = "rea@x.example", role = "reader" }).id
local poster = C.create("products", { sku = "P1", name = "Poster", price = 12.5, stock = 3 }).id
`;

describe.each(engines)('the shop of the magazine on $name', ({ name: engine }) => {
  let magazine: Magazine;
  beforeAll(async () => {
    magazine = await Magazine.open({ engine });
  });
  afterAll(() => magazine.dispose());
  const all = (chunk: string) => magazine.all(SHOP + chunk);

  it('prices come from the shop, whatever an order says, and what was ordered leaves the stock', async () => {
    expect(
      await all(`
        local order = C.create("orders", { reader = rea, total = 1, lines = { { product = poster, quantity = 2, unit_price = 0, gift = true } } })
        return order.total, order.lines[1].unit_price, order.lines[1].gift, order.state, C.find_by_id("products", poster).stock,
          C.find_by_id("orders", order.id, { depth = 1 }).lines[1].product.name`),
    ).toEqual([25, 12.5, 1, 'open', 1, 'Poster']);
  });

  it('an order beyond the stock leaves nothing: no order, no confirmation, no change of the stock before it', async () => {
    expect(
      await all(`
        local pen = C.create("products", { sku = "P2", name = "Pen", price = 2, stock = 1 }).id
        local audited = C.count("audit_log")
        local problem = fails(C.create, "orders", { reader = rea, lines = { { product = poster, quantity = 1 }, { product = pen, quantity = 2 } } })
        return problem, C.count("orders"), C.find_by_id("products", poster).stock, C.count("audit_log") - audited`),
    ).toEqual(['runtime error: create error: runtime error: only 1 of P2 left', 0, 3, 0]);
  });

  it('an order has lines, of existing products, in amounts that can be sent', async () => {
    expect(
      await all(`
        local function order(lines) return fails(C.create, "orders", { reader = rea, lines = lines }) end
        return order(nil), order({}), order({ { product = poster, quantity = 100 }, { quantity = 0 } }), order({ { product = "gone", quantity = 1 } })`),
    ).toEqual([
      'runtime error: create error: Validation failed: lines: lines is required; lines: lines requires at least 1 item(s)',
      'runtime error: create error: Validation failed: lines: lines is required; lines: lines requires at least 1 item(s)',
      'runtime error: create error: Validation failed: lines[0][quantity]: quantity must be at most 99; lines[1][product]: product is required; lines[1][quantity]: quantity must be at least 1',
      'runtime error: create error: runtime error: no product gone',
    ]);
  });

  it('the audit trail names who changed a price, and what left the shop', async () => {
    expect(
      await magazine.all(
        `local id = C.create("products", { sku = "A1", name = "Atlas", price = 40 }, { overrideAccess = true }).id
         C.update("products", id, { price = 30 })
         C.delete("products", id)
         local trail = C.find("audit_log", { where = { document = id }, overrideAccess = true }).documents
         local out = {}
         for _, entry in ipairs(trail) do out[entry.action] = entry.actor .. " " .. entry.details end
         return out`,
        { user: ADMIN },
      ),
    ).toEqual([
      {
        create: 'chief@mondblatt.example {"price":40}',
        update: 'chief@mondblatt.example {"price":30}',
        trash: 'chief@mondblatt.example {}',
      },
    ]);
    expect(await all('return C.find("audit_log").documents[1].actor')).toEqual(['system']);
  });

  it('a number of the shop is free again when its product is in the trash, and taken when it should come back', async () => {
    expect(
      await all(`
        local taken = fails(C.create, "products", { sku = "P1", name = "Again", price = 1 })
        C.delete("products", poster)
        local again = C.create("products", { sku = "P1", name = "Again", price = 1 })
        local back = fails(C.undelete, "products", poster)
        C.delete("products", again.id, { forceHardDelete = true })
        return taken, back, C.undelete("products", poster), C.count("products")`),
    ).toEqual([
      'runtime error: create error: Validation failed: sku: sku must be unique',
      expect.stringMatching(
        /^runtime error: Cannot restore document '.{21}' in 'products': a unique field value is already in use by another active document$/,
      ),
      true,
      1,
    ]);
  });

  it('a price is never negative; the bound of the stock went with the plugin that re-defined the collection', async () => {
    expect(
      await all(`
        return fails(C.update, "products", poster, { price = -1 }), C.update("products", poster, { stock = -1 }).stock,
          crap.schema.get_collection("products").fields[4].min, fails(C.update, "products", poster, { colors = crap.json.encode({ "black", "pink" }) })`),
    ).toEqual([
      'runtime error: update error: Validation failed: price: a price is never negative',
      -1,
      null,
      'runtime error: update error: Validation failed: colors: colors has an invalid option: pink',
    ]);
  });

  it('variants keep numbers, groups and their order, and are replaced as a whole', async () => {
    expect(
      await all(`
        local p = C.update("products", poster, { variants = { { label = "A2", surcharge = 3, size = { width = 42, unit = "cm" } }, { label = "A1" } } })
        local q = C.update("products", poster, { name = "Plakat" }, { locale = "de" })
        local r = C.update("products", poster, { variants = { { label = "A0" } } })
        return p.variants[1].size.width, p.variants[1].surcharge, p.variants[2].label, #q.variants, #r.variants, r.variants[1].surcharge,
          C.count("products", { where = { ["variants.size.unit"] = "cm" } })`),
    ).toEqual([42, 3, 'A1', 2, 1, null, 0]);
  });

  it('a subscription ends after it starts, and its code is unique among those that run', async () => {
    expect(
      await all(`
        local data = { reader = rea, plan = "print", code = "S1", starts = "2026-05-01", ends = "2026-05-01" }
        local same_day = fails(C.create, "subscriptions", data)
        data.ends = "2027-05-01"
        local made = C.create("subscriptions", data)
        return same_day, made.ends, fails(C.create, "subscriptions", data), C.delete("subscriptions", made.id), C.create("subscriptions", data).code,
          fails(C.create, "subscriptions", { reader = rea, plan = "radio" })`),
    ).toEqual([
      'runtime error: create error: Validation failed: ends: validation failed',
      '2027-05-01T12:00:00.000Z',
      'runtime error: create error: Validation failed: code: code must be unique',
      true,
      'S1',
      'runtime error: create error: Validation failed: plan: plan has an invalid option; starts: starts is required',
    ]);
  });

  it('a year has each number once; three versions of an issue are kept, and restored with its table of contents', async () => {
    expect(
      await all(`
        local launch = C.create("events", { title = "Launch", day = "2026-05-01" }).id
        local issue = C.create("issues", { year = 2026, number = 1, month = "2026-02", print_run = { 1000, 2000 }, toc = {
          { page = 4, entry = "events/" .. launch, spread = true, grid = { columns = 3 }, corrections = { { text = "c", line = 3 } } },
        } })
        for page = 5, 8 do C.update("issues", issue.id, { toc = { { page = page } } }) end
        local versions = C.list_versions("issues", issue.id).docs
        local restored = C.restore_version("issues", issue.id, versions[2].id)
        return issue.print_run, issue.month, issue.toc[1].grid.columns, issue.toc[1].corrections[1].line, #versions, restored.toc[1].page, issue._status,
          C.ref_count("events", launch), fails(C.create, "issues", { year = 2026, number = 1, toc = { { page = 1 } } })`),
    ).toEqual([
      '[1000,2000]',
      '2026-02',
      3,
      3,
      3,
      7,
      null,
      0,
      expect.stringContaining('UNIQUE constraint failed: issues.year, issues.number'),
    ]);
  });

  it('dates are kept as their pickers mean them, and impossible ones are refused', async () => {
    expect(
      await all(`
        local e = C.create("events", { title = "Launch", day = "2026-05-01", doors = "19:30", starts = "2026-05-01T20:00", starts_tz = "Europe/Paris", season = "2026-05" })
        return e.day, e.doors, e.starts, e.starts_tz, e.season, C.count("events", { where = { starts = { greater_than = "2026-05-01T17:59:00Z" } } }),
          C.count("events", { where = { day = "2026-05-01" } }),
          fails(C.create, "events", { title = "x", day = "2026-02-30", doors = "25:99", season = "2026-13", starts = "2026-03-29T02:30", starts_tz = "Europe/Berlin" })`),
    ).toEqual([
      '2026-05-01T12:00:00.000Z',
      '19:30',
      '2026-05-01T18:00:00.000Z',
      'Europe/Paris',
      '2026-05',
      1,
      1,
      'runtime error: create error: Validation failed: day: day is not a valid date format; doors: doors is not a valid date format; ' +
        "starts: starts does not exist in timezone 'Europe/Berlin'; season: season is not a valid date format",
    ]);
  });

  it('an address keeps its parts when one of them changes, by table and by flat key', async () => {
    expect(
      await all(`
        local e = C.create("events", { title = "Reading", day = "2026-05-01", venue = { street = "Moon Street", geo = { lat = 1.5, lng = 2, verified = true } } })
        local moved = C.update("events", e.id, { venue = { geo = { lat = 3, verified = true } } }).venue
        local renamed = C.update("events", e.id, { venue__city = "Lund", venue__geo__verified = "on" }).venue
        return moved.street, moved.country, moved.geo, renamed.city, renamed.geo.verified, C.count("events", { where = { ["venue.geo.lat"] = 3 } }),
          pluck(C.find("events", { order_by = "-venue__city" }).documents, "title")`),
    ).toEqual(['Moon Street', 'DE', { lat: 3, lng: 2, verified: 1 }, 'Lund', 1, 1, ['Reading']]);
  });

  it('an author has at most four links, each a web address', async () => {
    expect(
      await all(`
        local link = { label = "Home", url = "https://ada.example/", stats = { visits = 3, primary = true, seen = "2026-01-02" } }
        local ada = C.create("authors", { name = "Ada", pseudonyms = { "A.", "Luna" }, links = { link } })
        return ada.links[1].url, ada.links[1].stats, ada.pseudonyms, ada.notes_internal,
          fails(C.create, "authors", { name = "Bea", born = "2016-01-01", links = { { label = "x", url = "ftp://x" }, link, link, link, link }, pseudonyms = crap.json.encode({ ("p"):rep(31) }) })`),
    ).toEqual([
      'https://ada.example/',
      { visits: 3, primary: true, seen: '2026-01-02' },
      '["A.","Luna"]',
      null,
      'runtime error: create error: Validation failed: born: born must be on or before 2015-12-31; ' +
        `pseudonyms: pseudonyms: '${'p'.repeat(31)}' must be at most 30 characters; links: links allows at most 4 item(s); links[0][url]: must be a web address`,
    ]);
  });
});
