import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openStage, type Stage } from './support.js';

const WORDS = ['alpha', 'Beta', 'gamma', 'delta', '100%', 'a_b', 'back\\slash', 'alpha beta'];
const FIELDS = [
  { name: 'n', type: 'number' },
  { name: 'word', type: 'text' },
  { name: 'half', type: 'number' },
  { name: 'flag', type: 'checkbox' },
  { name: 'day', type: 'date' },
  { name: 'meta', type: 'group', fields: [{ name: 'leaf', type: 'text' }] },
  { name: 'tags', type: 'relationship', relationship: { collection: 'samples', has_many: true } },
  {
    name: 'lines',
    type: 'array',
    fields: [
      { name: 'label', type: 'text' },
      { name: 'amount', type: 'number' },
      { name: 'box', type: 'group', fields: [{ name: 'leaf', type: 'text' }] },
    ],
  },
  {
    name: 'parts',
    type: 'blocks',
    blocks: [
      {
        type: 'para',
        fields: [
          { name: 'body', type: 'text' },
          { name: 'rows', type: 'array', fields: [{ name: 'cell', type: 'number' }] },
        ],
      },
      { type: 'pic', fields: [{ name: 'caption', type: 'text' }] },
    ],
  },
];
const VALID = 'created_at, day, flag, half, id, lines.*, meta__leaf, n, parts.*, tags.*, updated_at, word';

let stage: Stage;
let ids: string[];
// Nothing here writes after the documents are made, so all tests share them: one database a pagination mode.
function open(mode: 'page' | 'cursor'): void {
  stage = openStage({
    collections: { samples: { fields: FIELDS } },
    settings: { pagination: { defaultLimit: 5, maxLimit: 6, mode } },
  });
  ids = WORDS.map((word, i) => {
    const n = i + 1;
    const data = {
      n,
      word,
      half: n % 4 === 0 ? undefined : n / 2,
      flag: n % 3 === 0,
      day: `2024-0${n}-15`,
      meta: { leaf: n % 2 === 0 ? 'even' : 'odd' },
      lines:
        n <= 3
          ? [
              { label: `first ${n}`, amount: n, box: { leaf: `b${n}` } },
              { label: 'shared', amount: n * 10 },
            ]
          : undefined,
      parts:
        n >= 7
          ? [
              { _block_type: 'para', body: `p${n}`, rows: [{ cell: n }] },
              { _block_type: 'pic', caption: 'c' },
            ]
          : undefined,
    };
    return stage.create('samples', data).id;
  });
}
const stages: Record<'page' | 'cursor', Stage | undefined> = { page: undefined, cursor: undefined };
beforeAll(() => {
  for (const mode of ['cursor', 'page'] as const) {
    open(mode);
    stages[mode] = stage;
  }
});
beforeEach(() => {
  stage = stages.page!;
});
afterAll(() => {
  for (const open of Object.values(stages)) open?.dispose();
});

/** The numbers of the documents that match, which count must agree with. */
function matching(where: object): string {
  const documents = [1, 2].flatMap((page) => stage.find('samples', { where, order_by: 'n', limit: 6, page }).documents);
  expect(stage.count('samples', { where })).toBe(documents.length);
  return documents.map((document) => String(Number(document['n']))).join(' ');
}

describe('filters', () => {
  it.each([
    [{}, '1 2 3 4 5 6 7 8'],
    [{ word: 'alpha' }, '1'],
    [{ n: 3 }, '3'],
    [{ n: '3.0' }, '3'],
    [{ n: 'many' }, ''],
    [{ flag: true }, '3 6'],
    [{ flag: 'yes' }, '3 6'],
    [{ flag: false }, '1 2 4 5 7 8'],
    [{ word: {} }, '1 2 3 4 5 6 7 8'],
    [{ n: 6, flag: true }, '6'],
    [{ n: { greater_than: 2, less_than_or_equal: 4 } }, '3 4'],
    [{ half: { not_equals: 1 } }, '1 3 5 6 7'],
    [{ half: { exists: true } }, '1 2 3 5 6 7'],
    [{ half: { exists: false } }, '4 8'],
    [{ half: { not_exists: true } }, '4 8'],
    [{ word: { like: 'a%' } }, '1 6 8'],
    [{ word: { contains: 'LPHA' } }, '1 8'],
    [{ word: { contains: '%' } }, '5'],
    [{ word: { contains: '_' } }, '6'],
    [{ word: { contains: '\\' } }, '7'],
    [{ n: { in: [1, '2', 9] } }, '1 2'],
    [{ n: { in: [] } }, ''],
    [{ n: { not_in: [1, 2] } }, '3 4 5 6 7 8'],
    [{ n: { not_in: [] } }, '1 2 3 4 5 6 7 8'],
    [{ day: '2024-03-15' }, '3'],
    [{ day: { less_than: '2024-03-01' } }, '1 2'],
    [{ 'meta.leaf': 'even' }, '2 4 6 8'],
    [{ meta__leaf: 'odd' }, '1 3 5 7'],
    [{ or: [{ n: 1 }, { n: 2, word: 'Beta' }] }, '1 2'],
    [{ flag: true, or: [{ n: 1 }, { n: 3 }] }, '3'],
    [{ or: 'text' }, '1 2 3 4 5 6 7 8'],
    [{ 'lines.label': 'shared' }, '1 2 3'],
    [{ 'lines.label': { not_equals: 'shared' } }, '1 2 3'],
    [{ 'lines.amount': { greater_than: 20 } }, '3'],
    [{ 'lines.box.leaf': 'b2' }, '2'],
    [{ 'parts._block_type': 'pic' }, '7 8'],
    [{ 'parts.body': 'p7' }, '7'],
    [{ 'parts.rows.cell': 8 }, '8'],
    [{ 'tags.id': 'none' }, ''],
  ])('%j finds %j', (where, numbers) => {
    expect(matching(where)).toBe(numbers);
  });

  it.each([
    [{ word: { resembles: 'x' } }, "unknown filter operator 'resembles'"],
    [{ word: { equals: ['x'] } }, 'filter value must be string, number, or boolean'],
    [{ n: { in: 1 } }, "'in' operator requires a table/array"],
    [{ nope: 1 }, `Invalid field 'nope'. Valid fields: ${VALID}`],
    [{ nope: true }, `Invalid field 'nope'. Valid fields: ${VALID}`],
    [{ 'meta.nope': 1 }, `Invalid field 'meta__nope'. Valid fields: ${VALID}`],
    [{ 'n; drop table samples': 1 }, `Invalid field 'n; drop table samples'. Valid fields: ${VALID}`],
    [{ lines: 1 }, `Invalid field 'lines'. Valid fields: ${VALID}`],
    [{ 'lines.nope': 1 }, `Invalid field 'lines.nope'. Valid fields: ${VALID}`],
    [{ 'lines.label.x': 1 }, "Nested dot path 'label.x' in array 'lines': only Group sub-fields support nested filtering"],
    [{ 'lines.la bel': 1 }, "Invalid segment 'la bel' in filter path 'lines.la bel'"],
    [{ 'tags.name': 1 }, "Has-many relationship 'tags' can only be filtered by '.id', got '.name'"],
    [{ 'parts.nope': 1 }, "Unknown field 'nope' in block filter path"],
    [{ 'parts.body.x': 1 }, "Scalar field 'body' cannot have sub-paths"],
    [{ 'parts.rows': 1 }, 'Filter path must end on a scalar field or _block_type, not a container'],
    [{ _ref_count: 1 }, "Cannot filter on system column '_ref_count' — reach this data via the 'trash' or 'draft' request flag instead."],
    [{ or: [] }, "'or' needs a list of groups with at least one condition in each"],
    [{ or: [{ n: 1 }, {}] }, "'or' needs a list of groups with at least one condition in each"],
  ])('%j is refused', (where, message) => {
    expect(stage.failure(() => stage.find('samples', { where }))).toBe(`runtime error: ${message}`);
    expect(stage.failure(() => stage.count('samples', { where }))).toBe(`runtime error: ${message}`);
  });

  it('name what is no text in the reference’s words, without a prefix', () => {
    expect(stage.failure(() => stage.find('samples', { where: { word: new Uint8Array([0xff]) } }))).toBe(
      'error converting Lua string to &str (invalid utf-8 sequence of 1 bytes from index 0)',
    );
    expect(stage.failure(() => stage.find('samples', { where: { or: ['x'] } }))).toBe('error converting Lua string to table');
  });
});

describe('order', () => {
  const order = (order_by: unknown) =>
    stage
      .find('samples', { order_by, limit: 6 })
      .documents.map((document) => Number(document['n']))
      .join(' ');

  it('sorts by one column, NULL first ascending, ties by id in the same direction', () => {
    expect(order('n')).toBe('1 2 3 4 5 6');
    expect(order('-n')).toBe('8 7 6 5 4 3');
    expect(order('half').slice(4)).toBe('1 2 3 5');
    expect(order('-half')).toBe('7 6 5 3 2 1');
    expect(order('word')).toBe('5 2 6 1 8 7');
    const byFlag = stage.find('samples', { order_by: '-flag', limit: 6 }).documents.slice(0, 2);
    expect(byFlag.map(({ id }) => id)).toEqual([ids[2], ids[5]].sort().reverse());
  });

  it.each(['', '+n', '--n', 'n,word', 'meta.leaf', 'lines', 'tags', '_ref_count'])('refuses %j', (name) => {
    const shown = name === '--n' ? '-n' : name;
    expect(stage.failure(() => order(name))).toMatch(
      `runtime error: Invalid field '${shown}'. Valid fields: created_at, day, flag, half, id, meta__leaf`,
    );
  });

  it('ignores what is no text', () => {
    expect(order({})).toHaveLength(11);
    expect(order(true)).toHaveLength(11);
  });
});

describe('pages', () => {
  const page = (query: object) => stage.find('samples', { order_by: 'n', ...query });

  it('tell where they stand in both spellings', () => {
    expect(page({ limit: 3, page: 2 }).pagination).toEqual({
      totalDocs: 8,
      total_docs: 8,
      limit: 3,
      hasNextPage: true,
      has_next_page: true,
      hasPrevPage: true,
      has_prev_page: true,
      totalPages: 3,
      total_pages: 3,
      page: 2,
      pageStart: 4,
      page_start: 4,
      prevPage: 1,
      prev_page: 1,
      nextPage: 3,
      next_page: 3,
    });
  });

  it.each([
    [{}, '1 2 3 4 5', 5],
    [{ limit: 0 }, '1', 1],
    [{ limit: -3 }, '1', 1],
    [{ limit: 2.7 }, '1 2', 2],
    [{ limit: '2' }, '1 2', 2],
    [{ limit: 'many' }, '1 2 3 4 5', 5],
    [{ limit: 100 }, '1 2 3 4 5 6', 6],
    [{ offset: 6 }, '7 8', 5],
    [{ offset: -1, limit: 2 }, '1 2', 2],
    [{ offset: 7, page: 1, limit: 2 }, '1 2', 2],
    [{ page: 0, limit: 2 }, '1 2', 2],
    [{ page: 9, limit: 2 }, '', 2],
  ])('%j gives %j', (query, numbers, limit) => {
    const { documents, pagination } = page(query);
    expect(documents.map((document) => Number(document['n'])).join(' ')).toBe(numbers);
    expect(pagination).toMatchObject({ totalDocs: 8, limit });
  });

  it('know that nothing comes behind the last and nothing is found', () => {
    expect(page({ page: 2, limit: 6 }).pagination).toMatchObject({ hasNextPage: false, totalDocs: 8 });
    expect(page({ page: 3, limit: 6 }).pagination).toMatchObject({ hasNextPage: false, hasPrevPage: true, prevPage: 2, totalDocs: 8 });
    expect(page({ where: { n: 99 } }).pagination).toMatchObject({ totalDocs: 0, totalPages: 0, page: 1, hasPrevPage: false });
    expect(page({ offset: -1 }).pagination).toMatchObject({ pageStart: 1 });
  });
});

describe('cursors', () => {
  beforeEach(() => {
    stage = stages.cursor!;
  });
  const walk = (query: object) => {
    const { documents, pagination } = stage.find('samples', { limit: 3, ...query });
    return { numbers: documents.map((document) => Number(document['n'])), pagination };
  };

  it('walk forward and back over every row once, NULLs and ties included', () => {
    for (const order_by of ['n', '-n', 'half', '-half', 'flag', '-flag', 'created_at', 'id']) {
      const pages: number[][] = [];
      let query: object = { order_by };
      for (;;) {
        const { numbers, pagination } = walk(query);
        pages.push(numbers);
        if (!pagination['hasNextPage']) break;
        query = { order_by, after_cursor: pagination['endCursor'] };
      }
      expect(pages.flat().sort(), order_by).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
      const second = walk({ order_by, after_cursor: walk({ order_by }).pagination['endCursor'] });
      const back = walk({ order_by, before_cursor: second.pagination['startCursor'] });
      expect(back.numbers, order_by).toEqual(pages[0]);
      expect(back.pagination, order_by).toMatchObject({ hasPrevPage: false, hasNextPage: true, has_next_page: true });
    }
  });

  it('have no page keys, and no cursors on an empty page', () => {
    expect(Object.keys(walk({ where: { n: 99 } }).pagination)).toEqual([
      'totalDocs',
      'total_docs',
      'limit',
      'hasNextPage',
      'has_next_page',
      'hasPrevPage',
      'has_prev_page',
    ]);
  });

  it('are refused in the reference’s words', () => {
    const cursor = walk({ order_by: 'n' }).pagination['endCursor'];
    const refused = (query: object) => stage.failure(() => walk(query)).replace('runtime error: ', '');
    expect(refused({ after_cursor: 'abc !' })).toBe('Invalid cursor: Invalid cursor encoding: Invalid symbol 32, offset 3.');
    expect(refused({ after_cursor: 'e30' })).toBe('Invalid cursor: Invalid cursor JSON: missing field `sort_col` at line 1 column 2');
    expect(refused({ after_cursor: '' })).toBe('Invalid cursor: Invalid cursor JSON: EOF while parsing a value at line 1 column 0');
    expect(refused({ after_cursor: cursor, order_by: 'word' })).toBe("Cursor sort_col 'n' does not match query order_by 'word'");
    expect(refused({ after_cursor: cursor, order_by: 'n', offset: 1 })).toBe(
      'Cannot use both cursor and offset — they are mutually exclusive',
    );
    expect(refused({ after_cursor: cursor, before_cursor: cursor, order_by: 'n' })).toBe(
      'Cannot use both after_cursor and before_cursor — they are mutually exclusive',
    );
  });
});

describe('select', () => {
  it('keeps the listed top-level names and id', () => {
    const selected = (select: unknown) => Object.keys(stage.findById('samples', ids[0]!, { select }) ?? {}).sort();
    expect(selected(['word'])).toEqual(['id', 'word']);
    expect(selected(['meta', 'lines', 'created_at'])).toEqual(['created_at', 'id', 'lines', 'meta']);
    expect(selected(['meta__leaf'])).toEqual(['id', 'meta__leaf']);
    expect(selected(['meta.leaf', 'nope'])).toEqual(['id']);
    expect(selected({})).toEqual(['id']);
    expect(selected('word')).toContain('flag');
  });
});
