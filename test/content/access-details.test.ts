/** Corners of access rules: rows, parents and children, the columns of the host in constraints. */
import { afterEach, expect, it } from 'vitest';
import { openStage, type Stage } from './support.js';

let stage: Stage;
afterEach(() => stage.dispose());

const enforced = { overrideAccess: false };
const text = (name: string, access?: object) => ({ name, type: 'text', ...(access && { access }) });

it('a denied parent hides its children, which are not asked', () => {
  const asked: string[] = [];
  stage = openStage({
    collections: {
      posts: {
        access: { read: 'a.all' },
        fields: [{ name: 'box', type: 'group', access: { read: 'a.none' }, fields: [text('leaf', { read: 'a.leaf' })] }, text('title')],
      },
    },
    functions: { 'a.all': () => true, 'a.none': () => false, 'a.leaf': () => asked.push('leaf') > 0 },
  });
  const { id } = stage.create('posts', { title: 't', box: { leaf: 'x' } });
  expect(stage.findById('posts', id, enforced)).toEqual({ id, title: 't', created_at: expect.any(String), updated_at: expect.any(String) });
  expect(asked).toEqual([]);
});

it('a constraint may name _status where drafts are left out, and _deleted_at in the trash', () => {
  stage = openStage({
    collections: {
      posts: { versions: true, soft_delete: true, access: { read: 'a.status', trash: 'a.deleted' }, fields: [text('title')] },
    },
    functions: {
      'a.status': () => ({ _status: 'published' }),
      'a.deleted': () => ({ _deleted_at: { exists: true } }),
    },
  });
  const { id } = stage.create('posts', { title: 't' });
  expect(stage.find('posts', enforced).documents.map((doc) => doc.id)).toEqual([id]);
  expect(stage.failure(() => stage.find('posts', { ...enforced, draft: true }))).toContain("filter on system column '_status'");
  stage.remove('posts', id, { overrideAccess: true });
  expect(stage.find('posts', { ...enforced, trash: true }).documents.map((doc) => doc.id)).toEqual([id]);
});

it('a single write refuses a constraint on a column of the host, as reads do', () => {
  stage = openStage({
    collections: { posts: { access: { read: 'a.all', update: 'a.count' }, fields: [text('title')] } },
    functions: { 'a.all': () => true, 'a.count': () => ({ _ref_count: 0 }) },
  });
  const { id } = stage.create('posts', { title: 't' });
  expect(stage.failure(() => stage.update('posts', id, { title: 'u' }, enforced))).toContain("filter on system column '_ref_count'");
});

const ROWS = [
  { name: 'lines', type: 'array', fields: [text('label'), text('price', { read: 'a.boss', create: 'a.boss', update: 'a.boss' })] },
  {
    name: 'seo',
    type: 'group',
    fields: [
      {
        name: 'parts',
        type: 'blocks',
        blocks: [
          { type: 'quote', fields: [{ name: 'by', type: 'group', fields: [text('who', { read: 'a.boss' })] }, text('body')] },
          { type: 'note', fields: [text('body', { read: 'a.boss' })] },
        ],
      },
    ],
  },
];

function openRows(generation: 8 | 10, asked: unknown[] = []): string {
  stage = openStage({
    collections: { posts: { access: { read: 'a.all', create: 'a.all', update: 'a.all' }, fields: [text('title'), ...ROWS] } },
    functions: {
      'a.all': () => true,
      'a.boss': (...args: never[]) => {
        asked.push(args[0]);
        return false;
      },
    },
    settings: { generation },
  });
  const parts = [
    { _block_type: 'quote', body: 'q', by: { who: 'w' } },
    { _block_type: 'note', body: 'n' },
  ];
  const data = { title: 't', lines: [{ label: 'a', price: '1' }], seo: { parts } };
  return stage.create('posts', data, { overrideAccess: true }).id;
}

it('rules of fields in rows are not asked in generation 8', () => {
  const id = openRows(8);
  expect(stage.findById('posts', id, enforced)).toMatchObject({
    lines: [{ price: '1' }],
    seo: { parts: [{ by: { who: 'w' } }, { body: 'n' }] },
  });
});

it('rules of fields in rows strip results under generation 10, each asked once, by type of block', () => {
  const asked: unknown[] = [];
  const id = openRows(10, asked);
  const found = stage.findById('posts', id, enforced);
  expect(found).toMatchObject({ lines: [{ label: 'a' }], seo: { parts: [{ body: 'q', by: {} }, { _block_type: 'note' }] } });
  expect(JSON.stringify(found)).not.toMatch(/price|who|"n"/);
  expect(asked).toHaveLength(3);
  expect(stage.find('posts', { ...enforced, where: { 'lines.label': 'a' } }).documents).toHaveLength(1);
  expect(stage.failure(() => stage.find('posts', { ...enforced, where: { 'lines.price': '1' } }))).toContain(
    "Read access denied for field 'lines.price'",
  );
});

it.each([[8], [10]] as const)(
  'Regression: a filter on what holds an unreadable field of rows is refused where that rule is asked (%i)',
  (generation) => {
    const secret = text('secret', { read: 'a.none' });
    const day = { name: 'day', type: 'date', timezone: true, picker_appearance: 'dayAndTime', access: { read: 'a.none' } };
    stage = openStage({
      collections: {
        posts: {
          fields: [
            {
              name: 'lines',
              type: 'array',
              fields: [
                text('label'),
                day,
                { name: 'box', type: 'group', fields: [secret, text('open')] },
                { name: 'inner', type: 'array', fields: [secret] },
                { name: 'boxes', type: 'group', fields: [text('open')] },
              ],
            },
          ],
        },
      },
      functions: { 'a.none': () => false },
      settings: { generation, defaultDeny: false },
    });
    const line = {
      day: '2026-01-02T10:00',
      day_tz: 'Europe/Berlin',
      box: { secret: 'abc', open: 'o' },
      inner: [{ secret: 'abc' }],
      boxes: { open: 'o' },
    };
    stage.create('posts', { lines: [line] }, { overrideAccess: true });
    const count = (name: string, value: unknown) => {
      try {
        return stage.count('posts', { ...enforced, where: { [name]: value } });
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    const refused = generation === 10 ? 'FIELD_ACCESS_DENIED' : 1;
    const secrets = [
      count('lines.box', { like: '%abc%' }),
      count('lines.inner', { like: '%abc%' }),
      count('lines.day_tz', 'Europe/Berlin'),
    ];
    expect([...secrets, count('lines.box.secret', 'abc')]).toEqual([refused, refused, refused, refused]);
    expect([count('lines.box.open', 'o'), count('lines.boxes', { like: '%o%' })]).toEqual([1, 1]);
  },
);

it('and drop them from what is written; an update rule sees the stored document', () => {
  const asked: unknown[] = [];
  const id = openRows(10, asked);
  const lines = [{ label: 'b', price: '9' }];
  const created = stage.create('posts', { title: 'x', lines }, enforced);
  expect(stage.findById('posts', created.id, { overrideAccess: true })).toMatchObject({ lines: [{ label: 'b' }] });
  expect(stage.rows("SELECT price FROM posts_lines WHERE label = 'b'")).toEqual([{ price: null }]);
  asked.length = 0;
  stage.update('posts', id, { lines }, enforced);
  expect(asked[0]).toMatchObject({ document: { title: 't', lines: [{ label: 'a', price: '1' }] } });
  expect(stage.rows("SELECT price FROM posts_lines WHERE price = '9'")).toEqual([]);
});
