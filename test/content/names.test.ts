/** Names that mean something to SQL, and texts in any script: nothing of a project's names or values is taken for SQL. */
import { afterEach, expect, it } from 'vitest';
import { openStage, type Stage } from './support.js';

let stage: Stage;
afterEach(() => stage.dispose());

const text = (name: string, more: object = {}) => ({ name, type: 'text', ...more });

it('keywords are names like others: of collections, fields, groups, rows and references', () => {
  stage = openStage({
    collections: {
      select: {
        soft_delete: true,
        versions: { drafts: true },
        indexes: [{ fields: ['order', 'group'], unique: true }],
        fields: [
          text('order', { unique: true }),
          { name: 'group', type: 'number' },
          text('limit', { index: true }),
          { name: 'table', type: 'group', fields: [text('index')] },
          { name: 'where', type: 'array', fields: [text('from'), { name: 'select', type: 'number' }] },
          { name: 'values', type: 'relationship', relationship: { collection: 'select', has_many: true } },
        ],
      },
    },
  });
  const first = stage.create('select', {
    order: 'o',
    group: 1,
    limit: 'l',
    table: { index: 'i' },
    where: [{ from: 'f', select: 2 }],
  });
  const second = stage.create('select', { order: 'p', values: [first.id] });
  stage.update('select', first.id, { limit: 'pending' }, { draft: true });
  expect(stage.findById('select', first.id, { draft: true })).toMatchObject({ limit: 'pending', table: { index: 'i' } });
  const where = { order: 'o', 'table.index': 'i', 'where.from': 'f', 'where.select': 2 };
  expect(stage.find('select', { where, order_by: '-order', search: 'o' }).documents.map(({ id }) => id)).toEqual([first.id]);
  expect(stage.find('select', { where: { 'values.id': first.id }, depth: 1 }).documents[0]).toMatchObject({ values: [{ order: 'o' }] });
  expect(stage.failure(() => stage.remove('select', first.id, { force_hard_delete: true }))).toContain('referenced by 1 document(s)');
  stage.remove('select', second.id, { force_hard_delete: true });
  expect(stage.remove('select', first.id)).toBe(true);
  expect(stage.undelete('select', first.id)).toBe(true);
});

it.each([[['rowid']], [['rowid', 'oid']], [['ROWID', 'oid', '_rowid_']]])(
  'regression: fields named as SQLite names its rows (%j) keep search going',
  (names) => {
    stage = openStage({ collections: { odd: { fields: [text('title'), ...names.map((name) => text(name))] } } });
    const { id } = stage.create('odd', Object.fromEntries([['title', 'word'], ...names.map((name) => [name, 'value'])]));
    stage.create('odd', { title: 'other' });
    expect(stage.find('odd', { search: 'word', where: { [names[0]!]: 'value' } }).documents).toMatchObject([{ id, [names[0]!]: 'value' }]);
    stage.update('odd', id, { title: 'changed' });
    expect([stage.count('odd', { search: 'word' }), stage.count('odd', { search: 'changed' })]).toEqual([0, 1]);
    stage.remove('odd', id);
    expect([stage.count('odd', { search: 'changed' }), stage.count('odd', { search: 'other' })]).toEqual([0, 1]);
  },
);

it('values and names of a query are never SQL', () => {
  stage = openStage({
    collections: { notes: { fields: [text('title', { unique: true }), { name: 'rows', type: 'array', fields: [text('x')] }] } },
  });
  const hostile = ["'; DROP TABLE notes; --", '" OR 1=1 --', '%', '_', '\\', 'größe', '日本語 テキスト', '🌙 moon', '\u202eabc', 'a\nb'];
  for (const title of hostile) stage.create('notes', { title, rows: [{ x: title }] });
  for (const title of hostile) {
    for (const where of [
      { title },
      { 'rows.x': title },
      { title: { in: [title] } },
      { title: { contains: title }, 'rows.x': { contains: title } },
    ]) {
      expect(stage.find('notes', { where }).documents.map((document) => document['title'])).toContain(title);
    }
    expect(stage.count('notes', { where: { title } })).toBe(1);
    expect(stage.failure(() => stage.count('notes', { where: { [`title${title}`]: 'x' } }))).toContain('Invalid field');
    expect(stage.failure(() => stage.count('notes', { where: { [`rows.${title}`]: 'x' } }))).toMatch(/Invalid (segment|field)/);
    expect(stage.failure(() => stage.find('notes', { order_by: `title${title}` }))).toContain('Invalid field');
    expect(stage.failure(() => stage.count(`notes${title}`))).toContain('not found');
    expect(stage.findById('notes', title)).toBeUndefined();
  }
  expect(stage.find('notes', { search: '日本語' }).documents).toHaveLength(1);
  expect(stage.find('notes', { search: 'GRÖSSE' }).documents).toHaveLength(0);
  expect(stage.find('notes', { search: 'grosse groß' }).documents).toHaveLength(0);
  expect(stage.find('notes', { search: 'Größ' }).documents).toHaveLength(1);
});

it('Regression: a field named as the search table of its collection does not keep the project from starting', () => {
  stage = openStage({ collections: { odd: { fields: [text('title'), text('_fts_odd'), text('_FTS_other')] } } });
  stage.create('odd', { title: 'moon', _fts_odd: 'sun', _FTS_other: 'star' });
  expect(['moon', 'star', 'sun'].map((search) => stage.count('odd', { search }))).toEqual([1, 1, 0]);
});
