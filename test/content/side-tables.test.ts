import { afterEach, describe, expect, it } from 'vitest';
import { Float } from '../../src/domain/json.js';
import { openStage, type Stage } from './support.js';

let stage: Stage;
afterEach(() => stage.dispose());

const TARGETS = {
  fields: [
    { name: 'name', type: 'text' },
    { name: 'parent', type: 'relationship', relationship: { collection: 'targets' } },
  ],
};
const OWNERS = {
  fields: [
    { name: 'one', type: 'relationship', relationship: { collection: 'targets' } },
    { name: 'many', type: 'relationship', relationship: { collection: 'targets', has_many: true } },
    { name: 'poly', type: 'relationship', relationship: { collection: ['targets', 'owners'] } },
    { name: 'polys', type: 'relationship', relationship: { collection: ['targets', 'owners'], has_many: true } },
    {
      name: 'rows',
      type: 'array',
      fields: [
        { name: 'label', type: 'text' },
        { name: 'amount', type: 'number' },
        { name: 'done', type: 'checkbox' },
        { name: 'due', type: 'date' },
        { name: 'extra', type: 'json' },
        { name: 'target', type: 'relationship', relationship: { collection: 'targets' } },
        { name: 'box', type: 'group', fields: [{ name: 'size', type: 'number' }] },
      ],
    },
    {
      name: 'parts',
      type: 'blocks',
      blocks: [
        {
          type: 'quote',
          fields: [
            { name: 'body', type: 'text' },
            { name: 'target', type: 'relationship', relationship: { collection: 'targets' } },
          ],
        },
      ],
    },
    { name: 'grp', type: 'group', fields: [{ name: 'list', type: 'array', fields: [{ name: 'word', type: 'text' }] }] },
  ],
};
let t1: string;
let t2: string;
function open(): void {
  stage = openStage({ collections: { targets: TARGETS, owners: OWNERS } });
  [t1, t2] = ['one', 'two'].map((name) => stage.create('targets', { name }).id) as [string, string];
}
const id = expect.stringMatching(/^[\w-]{21}$/);
const references = () => stage.rows('SELECT _ref_count AS n FROM targets ORDER BY name').map(({ n }) => n);

describe('rows', () => {
  it('of arrays keep their columns’ types and get fresh ids', () => {
    open();
    const given = { label: 5, amount: 1, done: true, due: '2024-05-06', extra: { a: [1] }, box: { size: 2 }, unknown: 'x', id: 'mine' };
    const doc = stage.create('owners', { rows: [given, {}] });
    expect(doc['rows']).toEqual([
      { id, label: '5', amount: new Float(1), done: 1, due: '2024-05-06T12:00:00.000Z', extra: { a: [1] }, box: { size: 2 } },
      { id, done: 0 },
    ]);
    expect(stage.findById('owners', doc.id)).toEqual(doc);
    expect((stage.update('owners', doc.id, { rows: doc['rows'] })['rows'] as { id: string }[])[0]?.id).not.toBe(
      (doc['rows'] as { id: string }[])[0]?.id,
    );
  });

  it('of blocks keep what they are given as JSON', () => {
    open();
    const doc = stage.create('owners', { parts: [{ _block_type: 'quote', body: 'b', n: 5, f: new Float(5), yes: true, nope: [1] }] });
    expect(doc['parts']).toEqual([{ id, _block_type: 'quote', body: 'b', n: 5, f: new Float(5), yes: true, nope: [1] }]);
  });

  it('are replaced when their key is given, kept when it is not, and go with the document', () => {
    open();
    const doc = stage.create('owners', { rows: [{ label: 'a' }, { label: 'b' }], many: [t2, t1], grp: { list: [{ word: 'w' }] } });
    expect(stage.update('owners', doc.id, {})).toMatchObject({
      rows: [{ label: 'a' }, { label: 'b' }],
      many: [t2, t1],
      grp: { list: [{ word: 'w' }] },
    });
    expect(stage.update('owners', doc.id, { rows: [{ label: 'c' }], many: {} })).toMatchObject({ rows: [{ label: 'c' }], many: [] });
    stage.remove('owners', doc.id);
    expect(stage.rows('SELECT count(*) AS n FROM owners_rows')).toEqual([{ n: 0 }]);
  });

  it('come with every document of a find', () => {
    open();
    for (const label of ['a', 'b', 'c']) stage.create('owners', { rows: label === 'b' ? [] : [{ label }] });
    const labels = stage
      .find('owners')
      .documents.map((document) => (document['rows'] as { label: string }[]).map(({ label }) => label).join());
    expect(labels.sort()).toEqual(['', 'a', 'c']);
  });
});

describe('relations', () => {
  it('take lists, comma texts and `collection/id`; what is said twice counts once', () => {
    open();
    expect(stage.create('owners', { many: [t2, t1, t2, 5] })['many']).toEqual([t2, t1]);
    expect(stage.create('owners', { many: ` ${t1}, ,${t2}` })['many']).toEqual([t1, t2]);
    expect(stage.create('owners', { polys: [`targets/${t1}`, t2] })['polys']).toEqual([`targets/${t1}`]);
    expect(stage.create('owners', { poly: `targets/${t1}`, one: t2 })).toMatchObject({ poly: `targets/${t1}`, one: t2 });
    expect(stage.create('owners', {})).toMatchObject({ many: [], polys: [], rows: [], parts: [] });
  });

  it.each(['one', 'many', 'poly', 'polys', 'rows', 'parts'])('need a target that exists (%s)', (field) => {
    open();
    const gone: Record<string, unknown> = {
      one: 'gone',
      many: ['gone'],
      poly: 'targets/gone',
      polys: ['targets/gone'],
      rows: [{ target: 'gone' }],
      parts: [{ _block_type: 'quote', target: 'gone' }],
    };
    expect(stage.failure(() => stage.create('owners', { [field]: gone[field] }))).toBe(
      'runtime error: create error: cannot reference targets/gone: target no longer exists (concurrently hard-deleted)',
    );
    expect(stage.count('owners')).toBe(0);
  });
});

describe('reference counts', () => {
  it('follow creates, updates and deletes, and protect what is referred to', () => {
    open();
    const doc = stage.create('owners', {
      one: t1,
      many: [t1, t2],
      rows: [{ target: t1 }, { target: t1 }],
      parts: [{ _block_type: 'quote', target: t2 }],
    });
    expect(references()).toEqual([4, 2]);
    expect([stage.refCount('targets', t1), stage.refCount('targets', 'nope')]).toEqual([4, 0]);
    expect(stage.failure(() => stage.remove('targets', t1))).toBe(
      `runtime error: delete error: Cannot delete '${t1}': referenced by 4 document(s)`,
    );
    stage.update('owners', doc.id, { one: t2, rows: [] });
    expect(references()).toEqual([1, 3]);
    stage.update('owners', doc.id, { grp: {} });
    expect(references()).toEqual([1, 3]);
    stage.remove('owners', doc.id);
    expect(references()).toEqual([0, 0]);
    expect(stage.remove('targets', t1)).toBe(true);
  });

  it('leave out what points at itself', () => {
    open();
    stage.update('targets', t1, { parent: t1 });
    expect(references()).toEqual([0, 0]);
    expect(stage.remove('targets', t1)).toBe(true);
  });

  it('are undone with a call that fails', () => {
    open();
    expect(() => stage.create('owners', { one: t1, many: ['gone'] })).toThrow('cannot reference');
    expect(references()).toEqual([0, 0]);
  });
});

it('a side table that is not there is an error, not an empty list', () => {
  stage = openStage({ collections: { pages: { fields: [{ name: 'rows', type: 'array', fields: [{ name: 'x', type: 'text' }] }] } } });
  const { id } = stage.create('pages', { rows: [{ x: '1' }] });
  stage.execute('DROP TABLE pages_rows');
  expect(stage.failure(() => stage.findById('pages', id))).toContain('no such table: pages_rows');
});

// One such row made every filter on the path fail, for all documents, with "malformed JSON".
describe('rows whose lists and groups hold something else', () => {
  it('have no leaves for filters, and disturb none', () => {
    const words = [{ name: 'word' }];
    stage = openStage({
      collections: {
        docs: {
          fields: [
            { name: 'lines', type: 'array', fields: [{ name: 'label' }, { name: 'box', type: 'group', fields: words }] },
            {
              name: 'parts',
              type: 'blocks',
              blocks: [{ type: 'list', fields: [{ name: 'body' }, { name: 'rows', type: 'array', fields: words }] }],
            },
          ],
        },
      },
    });
    stage.create('docs', {
      lines: [
        { label: 'odd', box: 'no table' },
        { label: 'odder', box: [1, 2] },
      ],
      parts: [
        { _block_type: 'list', rows: 'no list' },
        { _block_type: 'list', rows: { word: 'x' } },
      ],
    });
    stage.create('docs', { lines: [{ box: { word: 'x' } }], parts: [{ _block_type: 'list', body: 'b', rows: [{ word: 'x' }] }] });
    const count = (path: string, condition: unknown) => stage.count('docs', { where: { [path]: condition } });
    const all = () => [count('lines.box.word', 'x'), count('parts.rows.word', 'x'), count('parts.body', 'b')];
    expect(all()).toEqual([1, 1, 1]);
    expect(count('lines.box.word', { not_exists: true })).toBe(1);
    expect(count('parts.rows.word', { not_exists: true })).toBe(0);
    stage.execute("UPDATE docs_parts SET data = '{broken' WHERE json_extract(data, '$.rows') = 'no list'");
    expect(all()).toEqual([1, 1, 1]);
  });
});

it('Regression: zones beside dates in rows are checked as they are beside other dates', () => {
  const day = { name: 'day', type: 'date', picker_appearance: 'dayAndTime', timezone: true };
  const inner = { name: 'inner', type: 'array', fields: [day] };
  stage = openStage({
    collections: {
      notes: {
        fields: [
          { name: 'lines', type: 'array', fields: [{ name: 'r', type: 'row', fields: [day] }, inner] },
          { name: 'parts', type: 'blocks', blocks: [{ type: 'k', fields: [day] }] },
        ],
      },
    },
  });
  const failure = (zone: string) =>
    stage.failure(() => stage.create('notes', { lines: [{ day: '2026-01-01' }, { day: '2026-03-29T02:30', day_tz: zone }] }));
  const refusal = 'runtime error: create error: Validation failed: lines[1][day]: day';
  expect(failure('Europe/Berlin')).toBe(`${refusal} does not exist in timezone 'Europe/Berlin'`);
  expect(failure('Mars/Olympus')).toBe(`${refusal} has an unknown timezone 'Mars/Olympus'`);
  const kept = { day: '2026-03-29T02:30', day_tz: 'Mars/Olympus' };
  const lines = [
    { day: '2026-03-29T03:30', day_tz: 'Europe/Berlin', inner: [kept] },
    { day: '2026-01-01T10:00', day_tz: '' },
  ];
  const created = stage.create('notes', { lines, parts: [{ _block_type: 'k', ...kept }] });
  expect(created).toMatchObject({
    lines: [{ day: '2026-03-29T01:30:00.000Z', day_tz: 'Europe/Berlin', inner: [kept] }, { day: '2026-01-01T10:00:00.000Z' }],
    parts: [kept],
  });
  expect((created['lines'] as object[])[1]).not.toHaveProperty('day_tz');
});
