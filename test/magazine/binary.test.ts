/** The magazine as its operators meet it: the real command over the folder, from check to a drained worker. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/store/sqlite/database.js';
import { failJson, runCli, runJson } from '../support/cli.js';
import { engines } from '../support/engines.js';
import { copyMagazine, MAGAZINE_10 } from './support.js';

interface RunRow {
  slug: string;
  status: string;
  attempt: number;
  error: string | null;
  result: unknown;
  queue: string;
}

const env = { CRAP_CHIEF_PASSWORD: 'moonrise' };

function commandsIn(dir: () => string) {
  const json = <T>(...args: string[]) => runJson<T>(['-C', dir(), ...args], { env });
  const value = async (chunk: string, ...more: string[]) => (await json<{ value: unknown }>('eval', chunk, ...more)).value;
  return { json, value };
}

describe.each(engines)('the magazine worked on $name', ({ name: engine }) => {
  let dir: string;
  beforeAll(() => {
    dir = copyMagazine({ engine });
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));
  const { json, value } = commandsIn(() => dir);

  it('[ONCE] what hooks queued is worked off by three threads: every order counted, every mail sent once', {
    timeout: 90_000,
  }, async () => {
    await value(`
      local C = crap.collections
      local ada = C.create("authors", { name = "Ada" }).id
      local rea = C.create("readers", { name = "Rea", email = "rea@x.example", role = "reader", newsletter = true }).id
      local poster = C.create("products", { sku = "P1", name = "Poster", price = 12.5, stock = 30 }).id
      for i = 1, 3 do C.create("articles", { title = "Tide " .. i, lead = "l", body = "two words", author = ada }) end
      for i = 1, 20 do C.create("orders", { reader = rea, lines = { { product = poster, quantity = 1 } } }) end
      for i = 1, 5 do crap.jobs.queue("send_digest", { limit = 2 }) end`);
    const threads = { ...env, MOONLIGHTER_WORKERS_THREADS: '3' };
    const drained = await runCli(['-C', dir, 'work', '--drain', '--no-cron'], { env: threads });
    expect([drained.code, `${drained.stdout}${drained.stderr}`]).toEqual([0, expect.stringContaining('13 collections')]);
    const ended = new Map<string, number>();
    for (const { slug, status, attempt } of await json<RunRow[]>('jobs', 'status', '--limit', '200')) {
      const key = `${slug} ${status} ${attempt}`;
      ended.set(key, (ended.get(key) ?? 0) + 1);
    }
    expect(Object.fromEntries(ended)).toEqual({
      // A welcome, twenty confirmations, five digests.
      '_system_email completed 1': 26,
      'confirm_order completed 1': 20,
      'index_article completed 1': 3,
      'send_digest completed 1': 5,
    });
    expect(
      await value(
        'local c, C = crap.globals.get("counters"), crap.collections return { c.orders, c.mails, C.find("products").documents[1].stock, C.count("readers") }',
      ),
    ).toEqual([20, 6, 10, 1]);
  });
});

describe('the magazine through the command', () => {
  let dir: string;
  beforeAll(() => {
    dir = copyMagazine();
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));
  const { json, value } = commandsIn(() => dir);

  it('is checked and listed, made ready by on_init, and read with and without a user', { timeout: 60_000 }, async () => {
    const check = await runCli(['-C', dir, 'check'], { env });
    expect([check.code, check.stdout]).toEqual([0, expect.stringContaining('13 collections, 3 globals, 11 jobs')]);
    const scheduled = (await json<{ slug: string; schedule: string | null }[]>('jobs', 'list')).filter(({ schedule }) => schedule);
    expect(scheduled.map(({ slug }) => slug)).toEqual([
      ...['article_statistics', 'empty_trash', 'expire_subscriptions', 'release_articles', 'send_digest'],
    ]);
    const ready = await runCli(['-C', dir, 'work', '--drain', '--no-cron'], { env });
    expect([ready.code, `${ready.stdout}${ready.stderr}`]).toEqual([0, expect.stringContaining('created the first admin (init)')]);
    const found = await json<{ documents: object[]; pagination: object }>(
      ...['collections', 'find', 'readers', '--where', '{"role":"admin"}'],
    );
    expect(found).toMatchObject({ documents: [{ email: 'chief@mondblatt.example' }], pagination: { totalDocs: 1 } });
    expect(await value('return #crap.collections.find("readers").documents', '--user', '{"id":"x","role":"reader"}')).toBe(0);
    const denied = await failJson(['-C', dir, 'eval', 'return crap.collections.find("audit_log")', '--user', '{"id":"x","role":"admin"}']);
    expect(denied).toMatchObject({ exit: 1, message: expect.stringContaining('Read access denied') });
    expect(await failJson(['-C', dir, 'jobs', 'trigger', 'send_digst'])).toMatchObject({ exit: 3, code: 'JOB_NOT_DEFINED' });
  });

  it('is migrated up and down: the sections of its migration in two languages, with what its hooks queue', {
    timeout: 60_000,
  }, async () => {
    const names = () =>
      value(
        'local out = {} for _, c in ipairs(crap.collections.find("categories", { locale = "de", order_by = "weight" }).documents) do out[#out + 1] = c.name end return out',
      );
    expect((await runCli(['-C', dir, 'migrate', 'up'], { env })).stdout).toContain('Applied 20260101000000_seed_sections.lua');
    expect(await names()).toEqual(['Mond', 'Gezeiten', 'Nacht']);
    expect((await json<{ slug: string; data: unknown }[]>('jobs', 'status', '-s', 'purge_caches')).map(({ slug }) => slug)).toEqual([
      ...['purge_caches', 'purge_caches'],
    ]);
    expect((await runCli(['-C', dir, 'migrate', 'down'], { env })).stdout).toContain('Rolled back 20260101000000_seed_sections.lua');
    expect(await names()).toEqual({});
  });

  it('lays its tables out as crap-cms does', async () => {
    await value('return 1');
    const database = openDatabase({ path: join(dir, 'data/crap.db'), readonly: true });
    try {
      const columns = (table: string) =>
        database
          .all(`SELECT name, type, "notnull" AS required, dflt_value FROM pragma_table_info('${table}')`)
          .map((row) => Object.values(row).join(' '));
      expect(columns('articles')).toEqual([
        'id TEXT 0 ',
        ...['title', 'title__de', 'title__fr'].map(() => expect.any(String)),
        ...columns('articles').slice(4),
      ]);
      expect(columns('articles').map((column) => column.split(' ')[0])).toEqual([
        ...['id', 'title__en', 'title__de', 'title__fr', 'slug', 'lead__en', 'lead__de', 'lead__fr', 'body__en', 'body__de', 'body__fr'],
        ...['author', 'category', 'publish_at', 'publish_at_tz', 'kind', 'featured', 'audience', 'sponsor', 'cover', 'keywords'],
        ...[
          'meta__canonical__en',
          'meta__canonical__de',
          'meta__canonical__fr',
          'meta__noindex',
          'meta__priority',
          'embed',
          'embed_lang',
          'data',
        ],
        ...['reading_minutes', 'fee', '_status', '_deleted_at', '_ref_count', 'created_at', 'updated_at'],
      ]);
      expect(columns('articles_related')).toEqual([
        'parent_id TEXT 1 ',
        'related_id TEXT 1 ',
        "related_collection TEXT 1 ''",
        '_order INTEGER 1 0',
      ]);
      expect(columns('articles_content').map((column) => column.split(' ')[0])).toEqual([
        'id',
        'parent_id',
        '_order',
        '_block_type',
        'data',
        '_locale',
      ]);
      expect(columns('articles_meta__footnotes').map((column) => column.split(' ')[0])).toEqual([
        'id',
        'parent_id',
        '_order',
        'mark',
        'text',
      ]);
      expect(columns('issues_toc')).toEqual([
        'id TEXT 0 ',
        'parent_id TEXT 1 ',
        '_order INTEGER 1 0',
        ...['page REAL 0 ', 'entry TEXT 0 ', 'spread INTEGER 0 ', 'grid TEXT 0 ', 'corrections TEXT 0 '],
      ]);
      expect(columns('readers').slice(0, 4)).toEqual(['id TEXT 0 ', 'email TEXT 1 ', 'name TEXT 1 ', "role TEXT 1 'reader'"]);
      const indexes = database
        .all(
          `SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND name LIKE 'idx_%' AND tbl_name IN ('articles', 'products', 'issues', 'orders')`,
        )
        .map((row) => String(row['name']));
      expect(indexes.sort()).toEqual([
        'idx_articles_category',
        'idx_articles_slug_active_unique',
        'idx_issues_isbn',
        'idx_issues_year_number',
        'idx_orders_state',
        'idx_products_sku_active_unique',
      ]);
      const tables = database
        .all(`SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE '%articles%'`)
        .map((row) => String(row['name']));
      expect(tables.filter((name) => !/_(config|content|data|docsize|idx)$/.test(name) || name === 'articles_content').sort()).toEqual(
        [
          ...['_fts_articles', '_versions_articles', 'articles', 'articles_co_authors', 'articles_content', 'articles_gallery'],
          ...[
            'articles_meta__boxes',
            'articles_meta__footnotes',
            'articles_meta__translators',
            'articles_related',
            'articles_sources',
            'homepage',
          ],
        ].filter((name) => name !== 'homepage'),
      );
    } finally {
      database.close();
    }
  });
});

describe('the newer magazine through the command', () => {
  let dir: string;
  beforeAll(() => {
    dir = copyMagazine({ from: MAGAZINE_10 });
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));
  const { json, value } = commandsIn(() => dir);

  it('is worked: retries of the queue, a transfer that fails for good, effects told in the log of the run', {
    timeout: 60_000,
  }, async () => {
    expect((await runCli(['-C', dir, 'check'], { env })).stdout).toContain('4 collections, 1 global, 4 jobs');
    expect((await runCli(['-C', dir, 'work', '--drain', '--no-cron'], { env })).code).toBe(0);
    const ids = (await value(`
      local transfer = crap.jobs.queue("transfer", { from = "cash", to = "paper", amount = 30 })
      local careless = crap.jobs.queue("careless", { from = "cash", amount = 5 }, { after = { transfer } })
      return { transfer, careless }`)) as [string, string];
    expect((await runCli(['-C', dir, 'work', '--drain', '--no-cron'], { env })).code).toBe(0);
    const runs = await json<RunRow[]>('jobs', 'status');
    expect(runs.map(({ slug, status, attempt }) => `${slug} ${status} ${attempt}`).sort()).toEqual([
      'careless failed 1',
      'transfer completed 1',
    ]);
    expect(runs.find(({ slug }) => slug === 'careless')?.error).toContain('power cut');
    expect((await runCli(['-C', dir, 'jobs', 'logs', ids[0]], { env })).stdout).toContain('effect committed transfer');
    expect(
      await value(
        'local out = {} for _, r in ipairs(crap.collections.ledger.find({ order_by = "account" }).documents) do out[r.account] = r.amount end return out',
      ),
    ).toEqual({ cash: 65, paper: 130 });
  });
});
