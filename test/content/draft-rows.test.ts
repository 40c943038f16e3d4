/** Rows that are sent back to a document with a pending draft (generation 10): what is not sent of them is what the draft has. */
import { afterEach, expect, it } from 'vitest';
import { openStage, type Stage } from './support.js';

let stage: Stage;
afterEach(() => stage.dispose());

const text = (name: string) => ({ name, type: 'text' });
const DRAFT = { draft: true };
type Rows = { rows: { id: string }[]; parts: { id: string }[] };

function open(): { id: string; row: string; part: string } {
  stage = openStage({
    collections: {
      notes: {
        versions: true,
        fields: [
          text('title'),
          { name: 'rows', type: 'array', localized: true, fields: [text('a'), text('b'), text('c')] },
          { name: 'parts', type: 'blocks', blocks: [{ type: 'k', fields: [text('x'), text('y')] }] },
        ],
      },
    },
    settings: { generation: 10, locale: { default: 'en', locales: ['en', 'de'], fallback: true } },
  });
  const made = stage.create('notes', { rows: [{ a: '1', b: '1' }], parts: [{ _block_type: 'k', x: '1', y: '1' }] }) as unknown as Rows;
  return { id: (made as unknown as { id: string }).id, row: made.rows[0]!.id, part: made.parts[0]!.id };
}
const read = (id: string, options: object = {}) => stage.findById('notes', id, options);

it('Regression: a draft keeps what an earlier draft changed in rows', () => {
  const { id, row, part } = open();
  stage.update('notes', id, { rows: [{ id: row, b: '2' }], parts: [{ id: part, _block_type: 'k', y: '2' }] }, DRAFT);
  stage.update('notes', id, { rows: [{ id: row, c: '3' }], parts: [{ id: part, _block_type: 'k', x: '3' }] }, DRAFT);
  expect(read(id, DRAFT)).toMatchObject({ rows: [{ id: row, a: '1', b: '2', c: '3' }], parts: [{ id: part, x: '3', y: '2' }] });
  expect(read(id)).toMatchObject({ rows: [{ id: row, a: '1', b: '1' }], parts: [{ id: part, x: '1', y: '1' }] });
});

it('Regression: an update that publishes a draft keeps what it changed in rows', () => {
  const { id, row, part } = open();
  stage.update('notes', id, { title: 'drafted', rows: [{ id: row, b: '2' }], parts: [{ id: part, _block_type: 'k', y: '2' }] }, DRAFT);
  stage.update('notes', id, { rows: [{ id: row, c: '3' }], parts: [{ id: part, _block_type: 'k', x: '3' }] });
  expect(read(id)).toMatchObject({
    title: 'drafted',
    rows: [{ id: row, a: '1', b: '2', c: '3' }],
    parts: [{ id: part, x: '3', y: '2' }],
  });
});

it('each locale has its own rows', () => {
  const { id, row } = open();
  const german = stage.update('notes', id, { rows: [{ a: 'de', b: 'de' }] }, { locale: 'de' }) as unknown as Rows;
  const other = german.rows[0]!.id;
  stage.update('notes', id, { rows: [{ id: other, b: 'de 2' }] }, { ...DRAFT, locale: 'de' });
  stage.update('notes', id, { rows: [{ id: row, c: '3' }] }, DRAFT);
  stage.update('notes', id, { rows: [{ id: other, c: 'de 3' }] }, { ...DRAFT, locale: 'de' });
  expect(read(id, { ...DRAFT, locale: 'de' })).toMatchObject({ rows: [{ id: other, a: 'de', b: 'de 2', c: 'de 3' }] });
  expect(read(id, DRAFT)).toMatchObject({ rows: [{ id: row, a: '1', b: '1', c: '3' }] });
});
