/** Any filter finds exactly the documents that it holds for when it is evaluated over what was read. */
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { LuaTable } from '../../src/lua/value.js';
import { Benches } from '../bindings/support.js';
import { openStage, type Stage } from '../content/support.js';
import { engines } from '../support/engines.js';
import { holds, holdsAsync, TIMEOUT } from './check.js';
import { luaSource, plainTable } from './compare.js';
import { BY_NAME, documents, FIELDS, filters, german, LOCALES, TAGS } from './filter-cases.js';
import { matches, type Table } from './naive.js';

const SLUGS = { tags: { fields: [] }, more: { fields: [] }, docs: { fields: FIELDS } };
const LOCALE = { default_locale: LOCALES[0], locales: LOCALES, fallback: false };

function open(generation: 8 | 10): Stage {
  const stage = openStage({
    collections: SLUGS,
    settings: {
      generation,
      pagination: { defaultLimit: 100, maxLimit: 100, mode: 'page' },
      locale: { default: 'en', locales: LOCALES, fallback: false },
    },
  });
  for (const id of TAGS) {
    stage.execute(`INSERT INTO tags (id) VALUES ('${id}')`);
    stage.execute(`INSERT INTO more (id) VALUES ('${id}')`);
  }
  return stage;
}

describe.each([8, 10] as const)('generation %i', (generation) => {
  const strict = generation === 10;
  const cases = fc.record({
    documents: fc.array(fc.tuple(documents, german), { minLength: 3, maxLength: 8 }),
    filters: fc.array(fc.tuple(filters(strict), fc.constantFrom(...LOCALES)), { minLength: 12, maxLength: 24 }),
  });

  it('filters find what they hold for', { timeout: TIMEOUT }, () => {
    let [found, possible] = [0, 0];
    holds(cases, 40, (given) => {
      const stage = open(generation);
      try {
        for (const [first, second] of given.documents) {
          const { id } = stage.create('docs', first);
          stage.update('docs', id, second, { locale: 'de' });
        }
        const read = new Map(LOCALES.map((locale) => [locale, stage.find('docs', { locale }).documents]));
        for (const [where, locale] of given.filters) {
          const expected = read.get(locale)!.filter((document) => matches(BY_NAME, document, where));
          const label = `${locale} ${JSON.stringify(where)}`;
          const ids = stage.find('docs', { where, locale }).documents.map((document) => document.id);
          expect(ids.toSorted(), label).toEqual(expected.map((document) => document.id).toSorted());
          expect(stage.count('docs', { where, locale }), label).toBe(expected.length);
          found += expected.length;
          possible += given.documents.length;
        }
      } finally {
        stage.dispose();
      }
    });
    // Filters that always or never hold would show nothing.
    expect(found / possible).toBeGreaterThan(0.1);
    expect(found / possible).toBeLessThan(0.9);
  });
});

describe.each(engines)('from Lua on $name', (engine) => {
  const benches = new Benches();
  afterEach(() => benches.dispose());

  it('filters find what they hold for', { timeout: TIMEOUT }, async () => {
    const cases = fc.record({
      documents: fc.array(fc.tuple(documents, german), { minLength: 3, maxLength: 6 }),
      filters: fc.array(fc.tuple(filters(false), fc.constantFrom(...LOCALES)), { minLength: 15, maxLength: 25 }),
    });
    await holdsAsync(cases, engine.name === 'lua54' ? 8 : 3, async (given) => {
      const bench = await benches.open(engine, {
        config: { locale: LOCALE, pagination: { mode: 'page', default_limit: 100, max_limit: 100 } },
      });
      try {
        await bench.run(
          Object.entries(SLUGS)
            .map(([slug, config]) => `crap.collections.define("${slug}", ${luaSource(config as never)})`)
            .join('\n'),
        );
        await bench.enter();
        const { db } = bench.session.requireDatabase();
        for (const slug of ['tags', 'more']) for (const id of TAGS) [...db.run(`INSERT INTO ${slug} (id) VALUES (?)`, [id])];
        const writes = given.documents.map(
          ([first, second]) =>
            `C.update("docs", C.create("docs", ${luaSource(first as never)}).id, ${luaSource(second as never)}, { locale = "de" })`,
        );
        await bench.run(`local C = crap.collections\n${writes.join('\n')}`);
        for (const [where, locale] of given.filters) {
          const [all, ids, count] = await bench.run(`
            local C, query = crap.collections, { locale = "${locale}", where = ${luaSource(where as never)} }
            local ids = {}
            for _, doc in ipairs(C.find("docs", query).documents) do ids[#ids + 1] = doc.id end
            return C.find("docs", { locale = "${locale}" }).documents, ids, C.count("docs", query)`);
          const read = plainTable(all as LuaTable) as Table[];
          const expected = read.filter((document) => matches(BY_NAME, document, where)).map((document) => document['id'] as string);
          const label = `${locale} ${JSON.stringify(where)}`;
          expect([...(ids as LuaTable).entries.values()].toSorted(), label).toEqual(expected.toSorted());
          expect(count, label).toBe(expected.length);
        }
      } finally {
        benches.dispose();
      }
    });
  });
});
