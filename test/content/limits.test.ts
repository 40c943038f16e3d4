/** Filters and documents far beyond what a form would send. */
import { afterEach, describe, expect, it } from 'vitest';
import { openStage, type Stage, type StageOptions } from './support.js';

let stage: Stage;
afterEach(() => stage.dispose());

const many = (n: number, name: (i: number) => unknown) => Array.from({ length: n }, (_, i) => name(i));

function open(settings: StageOptions['settings'] = {}): void {
  stage = openStage({
    settings,
    collections: {
      items: {
        fields: [
          { name: 'title', type: 'text' },
          { name: 'n', type: 'number' },
          { name: 'on', type: 'checkbox' },
          { name: 'day', type: 'date' },
          { name: 'data', type: 'json' },
          {
            name: 'lines',
            type: 'array',
            fields: [
              { name: 'label', type: 'text' },
              { name: 'q', type: 'number' },
            ],
          },
        ],
      },
    },
  });
  stage.create('items', { title: 'a', n: 1, on: true, day: '2026-01-02', lines: [{ label: 'x', q: 5 }] });
  stage.create('items', { title: 'b', n: 2.5 });
  stage.create('items', { title: '3' });
}

const titles = (where: object) => stage.find('items', { where, order_by: 'title' }).documents.map(({ title }) => title);

describe('filters', () => {
  it('regression: `in` and `not_in` take more values than a statement has parameters, compared as in short lists', () => {
    open();
    const fill = many(40_000, (i) => `none ${i}`);
    for (const rest of [[], fill]) {
      expect(titles({ title: { in: ['a', 3, ...rest] } })).toEqual(['3', 'a']);
      expect(titles({ title: { not_in: ['a', ...rest] } })).toEqual(['3', 'b']);
      expect(titles({ n: { in: ['1', 2.5, ...rest] } })).toEqual(['a', 'b']);
      expect(titles({ n: { not_in: [1, 'words', 1e300, ...rest] } })).toEqual(['b']);
      expect(titles({ on: { in: [true, ...rest] } })).toEqual(['a']);
      expect(titles({ day: { in: ['2026-01-02', ...rest] } })).toEqual(['a']);
      expect(titles({ 'lines.q': { in: [5, ...rest] } })).toEqual(['a']);
      expect(titles({ id: { in: ['nobody', ...rest] } })).toEqual([]);
    }
    expect(stage.deleteMany('items', { where: { title: { not_in: ['b', ...fill] } } })).toEqual({ deleted: 2, skipped: 0 });
  });

  it('regression: `or` takes thousands of groups', () => {
    open();
    const groups = many(1_500, (i) => ({ title: `none ${i}`, n: { greater_than: 1 } }));
    expect(titles({ or: [...groups, { title: 'a' }, { title: 'b', n: 2.5 }] })).toEqual(['a', 'b']);
    expect(titles({ or: groups })).toEqual([]);
  });

  it('say so when a statement cannot take them', () => {
    open();
    expect(stage.failure(() => stage.count('items', { where: { or: many(32_001, (i) => ({ title: `${i}` })) } }))).toBe(
      'runtime error: the filter has 32001 values in single conditions: at most 32000 can be asked for at once',
    );
  });
});

describe('pages', () => {
  it('regression: may be longer than a statement has parameters', () => {
    open({ pagination: { defaultLimit: 10, maxLimit: 50_000, mode: 'page' } });
    stage.execute(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 33000)
      INSERT INTO items (id, title, created_at, updated_at) SELECT 'x' || i, 'many', '2026', '2026' FROM n`);
    stage.execute("INSERT INTO items_lines (id, parent_id, _order, label) VALUES ('r', 'x33000', 0, 'last')");
    const { documents } = stage.find('items', { limit: 50_000, where: { title: 'many' }, order_by: 'id' });
    expect(documents).toHaveLength(33_000);
    expect(documents.filter(({ lines }) => (lines as object[]).length > 0)).toMatchObject([{ id: 'x33000', lines: [{ label: 'last' }] }]);
  });
});

describe('documents', () => {
  it('of a megabyte, with thousands of rows and 60 levels read back as they were', () => {
    open();
    let deep: object = { end: 'x' };
    for (let i = 0; i < 60; i++) deep = { a: deep };
    const { id } = stage.create('items', {
      title: 'é'.repeat(524_288),
      data: deep,
      lines: many(20_000, (i) => ({ label: `row ${i}`, q: i })),
    });
    const document = stage.findById('items', id)!;
    expect(document['title']).toHaveLength(524_288);
    expect(document['lines']).toHaveLength(20_000);
    expect((document['lines'] as object[])[19_999]).toMatchObject({ label: 'row 19999' });
    expect(JSON.parse(String(document['data']))).toEqual(deep);
  });
});
