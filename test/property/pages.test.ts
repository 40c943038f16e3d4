/**
 * Pages visit every row that is there all the time exactly once, in order. With cursors also while rows come and go between two pages;
 * numbered pages count from the start, so there it holds for the one snapshot that a run reads, whatever others commit meanwhile.
 */
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { LuaTable } from '../../src/lua/value.js';
import { openDatabase } from '../../src/store/sqlite/database.js';
import { Benches } from '../bindings/support.js';
import { openStage, type Stage } from '../content/support.js';
import { engines } from '../support/engines.js';
import { holds, holdsAsync, TIMEOUT } from './check.js';
import { luaSource, plainTable } from './compare.js';
import type { Table } from './naive.js';
import {
  changes,
  compareKeys,
  LOCALES,
  order,
  type Row,
  row,
  SHAPES,
  type Shape,
  type Sorting,
  sortingFor,
  sortKeys,
} from './page-cases.js';

const shape = fc.constantFrom(...(Object.keys(SHAPES) as Shape[]));
const paging = fc.record({
  shape,
  order,
  rows: fc.array(row, { minLength: 1, maxLength: 14 }),
  limit: fc.integer({ min: 1, max: 5 }),
  changes,
});

/** More pages than any of these walks can have. */
const TOO_MANY = 80;

/** A collection with rows, its pages, and how it changes. */
class Book {
  readonly stage: Stage;
  readonly shape: Shape;
  readonly sorting: Sorting;
  readonly ids: string[] = [];
  /** Those that were there from the beginning and still are. */
  readonly lasting = new Set<string>();

  constructor(shape: Shape, sorting: Sorting, mode: 'page' | 'cursor', fallback = true) {
    this.shape = shape;
    this.sorting = sorting;
    this.stage = openStage({
      collections: { docs: SHAPES[shape] },
      settings: { pagination: { defaultLimit: 10, maxLimit: 100, mode }, locale: { default: 'en', locales: LOCALES, fallback } },
    });
  }

  add({ data, other, draft }: Row): string {
    const { id } = this.stage.create('docs', data, { draft });
    if (other !== undefined) {
      this.stage.execute(`UPDATE docs SET loc__de = '${other}' WHERE id = '${id}'`);
    }
    this.ids.push(id);
    return id;
  }

  remove(place: number): void {
    if (this.ids.length === 0) return;
    const [id] = this.ids.splice(place % this.ids.length, 1);
    this.stage.remove('docs', id!);
    this.lasting.delete(id!);
  }

  page(query: object): { documents: Table[]; pagination: Table } {
    const { orderBy, locale } = this.sorting;
    return this.stage.find('docs', {
      draft: true,
      ...(orderBy !== undefined && { order_by: orderBy }),
      ...(locale !== undefined && { locale }),
      ...query,
    }) as { documents: Table[]; pagination: Table };
  }

  /** What the rows are sorted by: the stored values, where a read shows those of the default locale. */
  keysOf(id: string) {
    const [found] = this.stage.rows(`SELECT * FROM docs WHERE id = '${id}'`);
    const { grp__txt: inner, loc__en: initial, loc__de: other, ...stored } = found!;
    return sortKeys(this.shape, this.sorting, {
      ...stored,
      loc: this.sorting.locale === 'de' ? other : initial,
      grp: { txt: inner },
    });
  }
}

/** Walks with cursors until there is no further page; `between` happens after each page. */
function walk(book: Book, first: object, forward: boolean, limit: number, between: () => void): string[] {
  const visited: string[] = [];
  let query = first;
  for (let pages = 0; ; pages++) {
    expect(pages, 'pages').toBeLessThan(TOO_MANY);
    const { documents, pagination } = book.page({ limit, ...query });
    expect(documents.length).toBeLessThanOrEqual(limit);
    const ids = documents.map((document) => document['id'] as string);
    if (forward) visited.push(...ids);
    else visited.unshift(...ids);
    const sorted = ids.map((id) => book.keysOf(id));
    for (let i = 1; i < sorted.length; i++) expect(compareKeys(sorted[i - 1]!, sorted[i]!), 'order within a page').toBeLessThan(0);
    const more = pagination[forward ? 'hasNextPage' : 'hasPrevPage'];
    if (more !== true) return visited;
    const cursor = pagination[forward ? 'endCursor' : 'startCursor'];
    expect(typeof cursor, 'a page with others behind it has a cursor').toBe('string');
    query = forward ? { after_cursor: cursor } : { before_cursor: cursor };
    between();
  }
}

const times = (ids: readonly string[], id: string) => ids.filter((each) => each === id).length;

it('with cursors, while rows come and go', { timeout: TIMEOUT }, () => {
  holds(paging, 60, (given) => {
    const book = new Book(given.shape, sortingFor(given.shape, given.order), 'cursor');
    try {
      for (const each of given.rows) book.lasting.add(book.add(each));
      let at = 0;
      const change = () => {
        const { inserted, deleted } = given.changes[at++] ?? { inserted: [], deleted: [] };
        for (const each of inserted) book.add(each);
        for (const place of deleted) book.remove(place);
      };
      const forward = walk(book, {}, true, given.limit, change);
      for (const id of book.lasting) expect(times(forward, id), 'visited forward').toBe(1);
      expect(new Set(forward).size, 'nothing twice').toBe(forward.length);

      // Backward from the last row that is there now.
      const { documents, pagination } = book.page({ limit: 100 });
      const last = documents.at(-1)?.['id'] as string | undefined;
      if (last === undefined) return;
      book.lasting.clear();
      for (const id of book.ids) if (id !== last) book.lasting.add(id);
      at = 0;
      const backward = walk(book, { before_cursor: pagination['endCursor'] }, false, given.limit, change);
      for (const id of book.lasting) expect(times(backward, id), 'visited backward').toBe(1);
      expect(backward).not.toContain(last);
    } finally {
      book.stage.dispose();
    }
  });
});

it('with numbers, over rows that stay', { timeout: TIMEOUT }, () => {
  holds(paging, 40, (given) => {
    const book = new Book(given.shape, sortingFor(given.shape, given.order), 'page');
    try {
      for (const each of given.rows) book.add(each);
      const visited: string[] = [];
      for (let page = 1; ; page++) {
        expect(page).toBeLessThan(TOO_MANY);
        const { documents, pagination } = book.page({ limit: given.limit, page });
        visited.push(...documents.map((document) => document['id'] as string));
        expect(pagination).toMatchObject({
          totalDocs: book.ids.length,
          page,
          hasPrevPage: page > 1,
          totalPages: Math.ceil(book.ids.length / given.limit),
        });
        if (pagination['hasNextPage'] !== true) break;
        expect(pagination['nextPage']).toBe(page + 1);
      }
      const sorted = book.ids.toSorted((a, b) => compareKeys(book.keysOf(a), book.keysOf(b)));
      expect(visited).toEqual(sorted);
    } finally {
      book.stage.dispose();
    }
  });
});

describe.each(engines)('from Lua on $name', (engine) => {
  const benches = new Benches();
  afterEach(() => benches.dispose());
  const cases = fc.record({ rows: fc.integer({ min: 3, max: 14 }), limit: fc.integer({ min: 1, max: 4 }), changes });
  const DEFINE = `crap.collections.define("docs", ${luaSource(SHAPES.plain as never)})`;

  it.each(['cursor', 'page'] as const)('in mode %s, while others commit between two pages', { timeout: TIMEOUT }, async (mode) => {
    await holdsAsync(cases, engine.name === 'lua54' ? 6 : 3, async (given) => {
      const bench = await benches.open(engine, { config: { pagination: { mode, default_limit: 10, max_limit: 100 } } });
      const other = openDatabase({ path: `${bench.dir}/crap.db`, create: true });
      try {
        await bench.run(DEFINE);
        await bench.enter();
        const made = await bench.value(`
          local ids = {}
          for i = 1, ${given.rows} do ids[i] = crap.collections.create("docs", { txt = "t" .. i % 3, num = i }).id end
          return ids`);
        bench.commit();
        const there = (plainTable(made) as string[]).slice();
        const lasting = new Set(there);
        const snapshot = there.slice();
        let [at, n] = [0, 0];
        const change = () => {
          const { inserted, deleted } = given.changes[at++] ?? { inserted: [], deleted: [] };
          for (const { data } of inserted) {
            const id = `other-${String(n++).padStart(15, '0')}`;
            other.run(
              "INSERT INTO docs (id, txt, created_at, updated_at) VALUES (?, ?, '2026-01-02T03:04:05.000Z', '2026-01-02T03:04:05.000Z')",
              [id, typeof data['txt'] === 'string' ? data['txt'] : null],
            );
            there.push(id);
          }
          for (const place of deleted) {
            const [id] = there.splice(place % there.length, there.length === 0 ? 0 : 1);
            if (id === undefined) continue;
            other.run('DELETE FROM docs WHERE id = ?', [id]);
            lasting.delete(id);
          }
        };
        const visited: string[] = [];
        // Numbered pages: one snapshot, as in one run. Cursors: a transaction a page, as in runs that go on where others ended.
        await bench.enter();
        for (let page = 1, cursor: unknown; ; page++) {
          expect(page).toBeLessThan(TOO_MANY);
          const where = mode === 'page' ? `page = ${page}` : cursor === undefined ? '' : `after_cursor = "${String(cursor)}"`;
          const [documents, more, end] = await bench.run(`
            local found = crap.collections.find("docs", { order_by = "-txt", limit = ${given.limit}, ${where} })
            local ids = {}
            for i, doc in ipairs(found.documents) do ids[i] = doc.id end
            return ids, found.pagination.hasNextPage, found.pagination.endCursor`);
          visited.push(...(plainTable(documents as LuaTable) as string[]));
          if (more !== true) break;
          cursor = end;
          if (mode === 'cursor') bench.commit();
          change();
          if (mode === 'cursor') await bench.enter();
        }
        bench.rollback();
        if (mode === 'page') expect(visited.toSorted()).toEqual(snapshot.toSorted());
        for (const id of lasting) expect(times(visited, id), 'visited').toBe(1);
        expect(new Set(visited).size).toBe(visited.length);
      } finally {
        other.close();
        benches.dispose();
      }
    });
  });
});
