/** The magazine's jobs, each executed as a run: releasing, indexing, mails, imports and payments over HTTP, cleaning up. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/domain/json.js';
import { engines } from '../support/engines.js';
import { Magazine } from './support.js';

describe.each(engines)('jobs of the magazine on $name', ({ name: engine }) => {
  let magazine: Magazine;
  let server: Server;
  /** Answers of the next requests, in order. */
  let answers: { status: number; body: string }[] = [];
  const asked: { method: string | undefined; url: string | undefined; body: string }[] = [];
  beforeAll(async () => {
    magazine = await Magazine.open({ engine });
    server = createServer((request, response) => {
      void text(request).then((body) => {
        asked.push({ method: request.method, url: request.url, body });
        const answer = answers.shift() ?? { status: 500, body: 'nothing left to say' };
        response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body);
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  /** Each case ends with an empty house. */
  afterEach(async () => {
    asked.length = 0;
    answers = [];
    await magazine.run(
      `for _, slug in ipairs({ "comments", "orders", "subscriptions" }) do C.delete_many(slug, {}, { forceHardDelete = true }) end
       G.update("counters", { orders = 0, mails = 0, by_day = "{}" })
       G.update("site", { title = "Mondblatt" }, { hooks = false })
       for _, slug in ipairs({ "articles", "products" }) do
         for _, document in ipairs(C.find(slug, { trash = true, draft = true, limit = 250 }).documents) do C.undelete(slug, document.id) end
       end
       C.update_many("articles", {}, { related = {}, sources = {}, title = "to go", lead = "x" }, { hooks = false })
       for _, slug in ipairs({ "articles", "products", "events", "authors", "audit_log", "readers" }) do C.delete_many(slug, {}, { forceHardDelete = true, hooks = false }) end`,
      { keep: true },
    );
    await magazine.opened.write('test', (db) => db.run('DELETE FROM _crap_jobs'));
  });
  afterAll(async () => {
    server.close();
    await magazine.dispose();
  });
  const keep = (chunk: string) => magazine.run(chunk, { keep: true });
  const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  it('drafts whose time has come are released; those that are not ready stay, with the reason', async () => {
    await keep(`
      local au = author().id
      local function draft(slug, at, more)
        C.create("articles", crap.util.deep_merge({ title = "Draft " .. slug, slug = slug, author = au, body = "b", lead = "l", publish_at = at }, more or {}), { draft = true })
      end
      draft("due", "2026-01-01T08:00")
      draft("later", "2027-01-01T08:00")
      C.create("articles", { title = "No lead", slug = "no-lead", author = au, body = "b", publish_at = "2026-01-01T09:00" }, { draft = true })
      article({ author = au, title = "Out already", publish_at = "2026-01-01T07:00" })`);
    const { outcome, result, log } = await magazine.job('release_articles', { now: '2026-06-01T00:00:00.000Z' }, { keep: true });
    expect({ outcome, result }).toEqual({
      outcome: 'completed',
      result: { released: ['due'], refused: { 'no-lead': 'update error: Validation failed: lead: lead is required' }, looked_at: 3 },
    });
    expect(log.map(({ level, text }) => `${level} ${text}`)).toEqual(['warn not released: no-lead']);
    expect(await magazine.run('return pluck(C.find("articles", { order_by = "slug" }).documents, "slug")')).toEqual(['due', 'out-already']);
  });

  it('an article is indexed without its hooks, and one that is gone is no error', async () => {
    const id = await keep('return article({ body = "<p>three little words</p>", featured = true }).id');
    const { result } = await magazine.job('index_article', { id, title: 'Moon' }, { keep: true });
    expect(result).toEqual({ title: 'Moon', words: 3 });
    const read = (await magazine.run(
      `local a = C.find_by_id("articles", "${id}") return { a.data, a.featured, a.reading_minutes }`,
    )) as string[];
    expect([JSON.parse(read[0]!), read[1], read[2]]).toEqual([{ words: 3, author: 'Ada Luna' }, 1, 1]);
    expect(await magazine.job('index_article', { id: 'gone' })).toMatchObject({ outcome: 'completed', result: null });
  });

  it('the digest goes to everybody who wants it, with escaped titles, and is counted', async () => {
    await keep(`
      article({ title = "Tides & <moons>", author = author("Ada").id })
      for i = 1, 3 do C.create("readers", { name = "R" .. i, email = "r" .. i .. "@x.example", role = "reader", newsletter = i < 3 }, { hooks = false }) end`);
    const { result } = await magazine.job('send_digest', { limit: 2 }, { keep: true });
    expect(result).toEqual({ sent: 2, articles: ['Tides & <moons>'] });
    const { runs } = await queued('_system_email');
    expect(runs.map(({ data }) => [data['to'], data['subject']])).toEqual([
      ['r1@x.example', 'Mondblatt digest'],
      ['r2@x.example', 'Mondblatt digest'],
    ]);
    expect(runs[0]).toMatchObject({ queue: 'mail', max_attempts: 2, scheduled_by: 'system' });
    expect(runs[0]!.data['html']).toContain('<li>Tides &amp; &lt;moons&gt; by Ada</li>');
    expect(runs[0]!.data['text']).not.toContain('<');
    expect(await magazine.run('return G.get("counters").mails')).toBe(2);
  });

  it('a new reader is welcomed by mail in the transaction that creates them', async () => {
    await keep('C.create("readers", { name = "Rea <b>", email = "REA@x.example", role = "reader", interests = { "moon", "night" } })');
    const { runs } = await queued('_system_email');
    expect(runs.at(-1)?.data).toMatchObject({
      to: 'rea@x.example',
      html: '<p>Welcome, Rea &lt;b&gt;. Your interests: moon, night.</p>\n',
    });
    const before = runs.length;
    await keep('pcall(C.create, "readers", { name = "Rea", email = "rea@x.example", role = "reader" })');
    expect((await queued('_system_email')).runs).toHaveLength(before);
  });

  it('subscriptions that ended are marked, once, and each change stands in the audit trail', async () => {
    await keep(`
      local rea = C.create("readers", { name = "Rea", email = "rea@x.example", role = "reader" }, { hooks = false }).id
      for i, ends in ipairs({ "2026-02-01", "2026-03-01", "2027-01-01" }) do
        C.create("subscriptions", { reader = rea, plan = "print", code = "S" .. i, starts = "2026-01-01", ends = ends })
      end`);
    expect((await magazine.job('expire_subscriptions', { today: '2026-06-01' }, { keep: true })).result).toEqual({ expired: 2 });
    expect((await magazine.job('expire_subscriptions', { today: '2026-06-01' }, { keep: true })).result).toEqual({ expired: 0 });
    expect(await magazine.run('return C.count("audit_log", { where = { collection = "subscriptions", action = "update" } })')).toBe(2);
  });

  it('an order is confirmed by mail and counted by day', async () => {
    const id = await keep(`
      local rea = C.create("readers", { name = "Rea", email = "rea@x.example", role = "reader" }, { hooks = false }).id
      local poster = C.create("products", { sku = "P1", name = "Poster", price = 12.5, stock = 3 }).id
      return C.create("orders", { reader = rea, lines = { { product = poster, quantity = 2 } } }).id`);
    const { runs: waiting } = await queued('confirm_order');
    expect(waiting.at(-1)).toMatchObject({ data: { id }, queue: 'shop', priority: 5, max_attempts: 4, scheduled_by: 'hook' });
    expect((await magazine.job('confirm_order', { id }, { keep: true })).result).toEqual({ total: 25, mail: ['2 x Poster'] });
    const counters = (await magazine.run('return G.get("counters")')) as JsonObject;
    expect([counters['orders'], Object.values(JSON.parse(String(counters['by_day'])) as object)]).toEqual([1, [1]]);
  });

  it('a payment is collected from the bank; a refusal is a result, an outage an error that leaves the order open', async () => {
    const order = await keep(`
      local rea = C.create("readers", { name = "Rea", email = "rea@x.example", role = "reader" }, { hooks = false }).id
      local poster = C.create("products", { sku = "P1", name = "Poster", price = 12.5, stock = 3 }).id
      return C.create("orders", { reader = rea, lines = { { product = poster, quantity = 2 } } }).id`);
    const data = { order, amount: 25, bank: `${url()}/collect` };
    answers = [
      { status: 503, body: '' },
      { status: 200, body: '{"paid":false}' },
      { status: 200, body: '{"paid":true}' },
    ];
    const away = await magazine.job('collect_payment', data, { keep: true });
    expect([away.outcome, away.error?.message]).toEqual(['failed', expect.stringMatching(/jobs\/orders\.lua:\d+: the bank answered 503$/)]);
    expect((await magazine.job('collect_payment', data, { keep: true })).result).toEqual({ paid: false, status: 200 });
    expect(await magazine.run(`return C.find_by_id("orders", "${order}").state`)).toBe('open');
    expect((await magazine.job('collect_payment', data, { keep: true })).result).toEqual({
      paid: true,
      attempt: 1,
      seen: 'application/json',
    });
    expect(await magazine.run(`local o = C.find_by_id("orders", "${order}") return o.state .. " " .. #o.paid_at`)).toBe('paid 24');
    expect(asked[2]).toEqual({ method: 'POST', url: '/collect', body: expect.any(String) });
    expect(JSON.parse(asked[2]!.body)).toEqual({ order, amount: 25 });
  });

  it('a feed brings events, skips what is known, names what is broken and keeps the rest', async () => {
    const entries = [
      {
        title: 'Launch Night',
        day: '2026-05-01',
        starts: '2026-05-01T20:00',
        zone: 'Europe/Paris',
        venue: { city: 'Lyon', geo: { lat: 45.7 } },
      },
      { title: 'Known', day: '2026-06-01' },
      { title: 'No day' },
      { title: 'Bad zone', day: '2026-05-02', starts: '2026-05-02T20:00', zone: 'Mars/Tharsis' },
      { title: 'Late reading', day: '2026-07-01' },
    ];
    await keep('C.create("events", { title = "Known", day = "2026-06-01" })');
    answers = [{ status: 200, body: JSON.stringify({ entries }) }];
    expect((await magazine.job('import_feed', { url: `${url()}/feed` }, { keep: true })).result).toEqual({
      made: 2,
      skipped: 1,
      broken: ['3: day: day is required', "4: starts: starts has an unknown timezone 'Mars/Tharsis'"],
    });
    expect(
      await magazine.run(
        'local e = C.find("events", { where = { slug = "launch-night" } }).documents[1] return { e.starts, e.starts_tz, e.venue.city, e.seo.title }',
      ),
    ).toEqual(['2026-05-01T18:00:00.000Z', 'Europe/Paris', 'Lyon', 'Launch Night']);
    expect((await magazine.job('import_feed', { url: 'http://10.0.0.1/feed' })).error?.message).toContain(
      'Target resolves to a blocked address',
    );
  });

  it('the trash is emptied of what nobody refers to', async () => {
    await keep(`
      local au = author().id
      local function product(sku) return C.create("products", { sku = sku, name = sku, price = 1 }).id end
      local free, bound = product("FREE"), product("BOUND")
      local a, b = article({ author = au, title = "Stays", related = { "products/" .. bound } }), article({ author = au, title = "Goes" })
      for _, id in ipairs({ free, bound }) do C.delete("products", id) end
      C.delete("articles", b.id)`);
    expect((await magazine.job('empty_trash', {}, { keep: true })).result).toEqual({ articles: 1, products: 1, kept: ['products/BOUND'] });
    expect((await magazine.job('empty_trash')).result).toEqual({ articles: 0, products: 0, kept: ['products/BOUND'] });
  });

  it('a reader who leaves is made anonymous without losing the rest of the address', async () => {
    const id = await keep(
      'return C.create("readers", { name = "Rea", email = "rea@x.example", role = "reader", library_card = "L1", address = { street = "Moon Street", city = "Lund", country = "FR" } }, { hooks = false }).id',
    );
    expect((await magazine.job('anonymize_reader', { id })).result).toMatchObject({
      name: expect.stringMatching(/^reader [0-9a-f]{8}$/),
      address: { country: 'FR', geo: { verified: 0 } },
    });
    expect((await magazine.job('anonymize_reader', { id: 'gone' })).error?.message).toBe(
      'runtime error: update error: Document not found after update',
    );
  });

  it('a job that fails leaves nothing of what it wrote or queued', async () => {
    await keep(`
      article({ author = author().id })
      for i = 1, 2 do C.create("readers", { name = "R", email = "r" .. i .. "@x.example", role = "reader", newsletter = true }, { hooks = false }) end
      G.update("site", { title = "" }, { hooks = false })`);
    const before = (await queued('_system_email')).runs.length;
    const report = await magazine.job('send_digest', {}, { keep: true });
    expect([report.outcome, report.error?.message]).toEqual([
      'failed',
      expect.stringContaining("attempt to concatenate a nil value (field 'title')"),
    ]);
    expect((await queued('_system_email')).runs).toHaveLength(before);
  });

  interface Queued {
    data: JsonObject;
    queue: string;
    priority: number;
    max_attempts: number;
    scheduled_by: string;
  }
  /** Runs of a slug as stored, oldest first. */
  async function queued(slug: string): Promise<{ runs: Queued[] }> {
    const rows = await magazine.opened.read((db) =>
      db.all('SELECT data, queue, priority, max_attempts, scheduled_by FROM _crap_jobs WHERE slug = ? ORDER BY rowid', [slug]),
    );
    return { runs: rows.map((row) => ({ ...row, data: JSON.parse(String(row['data'])) }) as Queued) };
  }
});

async function text(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const part of request.setEncoding('utf8')) body += part as string;
  return body;
}

describe.each(engines)('pages in jobs of the magazine on $name', ({ name: engine }) => {
  it.each(['page', 'cursor'])('statistics walk over every article once (%s)', async (mode) => {
    const magazine = await Magazine.open({ engine, env: { CRAP_PAGINATION: mode } });
    try {
      await magazine.run(
        `local one, two = author("One").id, author("Two").id
         for i = 1, 5 do article({ title = "Number " .. i, author = i % 2 == 0 and one or two, kind = i > 3 and "essay" or "report" }) end`,
        { keep: true },
      );
      expect((await magazine.job('article_statistics')).result).toEqual({ by_kind: { report: 3, essay: 2 }, authors: 2, pages: 3 });
    } finally {
      await magazine.dispose();
    }
  });
});
