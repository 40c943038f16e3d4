import { afterEach, describe, expect, it } from 'vitest';
import type { Document } from '../../src/content/context.js';
import { openStage, raise, type Stage, type StageOptions } from './support.js';

let stage: Stage;
afterEach(() => stage.dispose());

const to = (collection: string | string[], more: object = {}) => ({ type: 'relationship', relationship: { collection, ...more } });
const NODES = {
  fields: [
    { name: 'name', type: 'text' },
    { name: 'secret', type: 'text', hidden: true },
    { name: 'one', ...to('nodes') },
    { name: 'near', ...to('nodes', { max_depth: 1 }) },
    { name: 'many', ...to('nodes', { has_many: true }) },
    { name: 'poly', ...to(['nodes', 'others']) },
    { name: 'polys', ...to(['nodes', 'others'], { has_many: true }) },
    {
      name: 'box',
      type: 'group',
      fields: [
        { name: 'one', ...to('nodes') },
        { name: 'many', ...to('nodes', { has_many: true }) },
      ],
    },
    {
      name: 'lines',
      type: 'array',
      fields: [
        { name: 'one', ...to('nodes') },
        { name: 'in_row', type: 'row', fields: [{ name: 'two', ...to('nodes') }] },
      ],
    },
    {
      name: 'parts',
      type: 'blocks',
      blocks: [
        {
          type: 'card',
          fields: [
            { name: 'one', ...to('nodes') },
            { name: 'g', type: 'group', fields: [{ name: 'many', ...to('nodes', { has_many: true }) }] },
          ],
        },
      ],
    },
    { name: 'by_one', type: 'join', collection: 'nodes', on: 'one' },
    { name: 'by_many', type: 'join', collection: 'nodes', on: 'many' },
    { name: 'by_poly', type: 'join', collection: 'nodes', on: 'poly' },
  ],
};
function open(options: StageOptions = {}, config: object = {}): void {
  stage = openStage({
    collections: { nodes: { ...NODES, ...config }, others: { fields: [{ name: 'name', type: 'text' }], soft_delete: true } },
    ...options,
  });
}
const node = (name: string, data: object = {}) => stage.create('nodes', { name, ...data }).id;
const read = (id: string, depth: number, more: object = {}) =>
  stage.findById('nodes', id, { depth, ...more }) ?? ({ id: 'not found' } as Document);

describe('depth', () => {
  it('puts documents where ids are, in every container, with the name of their collection', () => {
    open();
    const a = node('a');
    const b = stage.create('others', { name: 'b' }).id;
    const id = node('root', {
      one: a,
      many: [a],
      poly: `others/${b}`,
      polys: [`nodes/${a}`, `others/${b}`],
      box: { one: a, many: [a] },
      lines: [{ one: a, two: a }],
      parts: [{ _block_type: 'card', one: a, g: { many: [a] } }],
    });
    const doc = { id: a, name: 'a', collection: 'nodes' };
    const other = { id: b, name: 'b', collection: 'others' };
    expect(read(id, 1)).toMatchObject({
      one: doc,
      many: [doc],
      poly: other,
      polys: [doc, other],
      box: { one: doc, many: [doc] },
      lines: [{ one: doc, two: doc }],
      parts: [{ one: doc, g: { many: [doc] } }],
    });
    expect(read(id, 0)).toMatchObject({ one: a, poly: `others/${b}`, polys: [`nodes/${a}`, `others/${b}`] });
    expect(stage.find('nodes', { depth: 1, where: { name: 'root' }, select: ['one'] }).documents[0]).toMatchObject({ one: doc });
  });

  it('goes as deep as asked, and a field as deep as its max_depth', () => {
    open();
    const c = node('c');
    const b = node('b', { one: c, near: c });
    const a = node('a', { one: b, near: b });
    expect(read(a, 1)).toMatchObject({ one: { name: 'b', one: c } });
    expect(read(a, 2)).toMatchObject({ one: { name: 'b', one: { name: 'c' } }, near: { name: 'b', one: c } });
  });

  it('regression: populates a target wherever it occurs, and between documents of one page', () => {
    open();
    const c = node('c');
    const b = node('b', { one: c });
    const a = node('a', { one: b, many: [b, c] });
    expect(read(a, 3)).toMatchObject({ one: { one: { name: 'c' } }, many: [{ name: 'b', one: { name: 'c' } }, { name: 'c' }] });
    const page = stage.find('nodes', { depth: 1, order_by: 'name' }).documents;
    expect(page).toMatchObject([{ name: 'a', one: { name: 'b' } }, { name: 'b', one: { name: 'c' } }, { name: 'c' }]);
  });

  it('cuts circles where a document would stand below itself', () => {
    open();
    const a = node('a');
    const b = node('b', { one: a, many: [a] });
    stage.update('nodes', a, { one: b, poly: `nodes/${a}` });
    expect(read(a, 9)).toMatchObject({ name: 'a', one: { name: 'b', one: a, many: [a] }, poly: `nodes/${a}` });
    expect(stage.find('nodes', { depth: 9, where: { name: 'a' } }).documents).toMatchObject([{ one: { one: a } }]);
  });

  it('leaves out what is missing or in the trash, but not inside containers', () => {
    open(
      {},
      {
        fields: [
          ...NODES.fields,
          { name: 'other', ...to('others') },
          { name: 'rest', ...to('others', { has_many: true }) },
          { name: 'in', type: 'group', fields: [{ name: 'other', ...to('others') }] },
        ],
      },
    );
    const other = stage.create('others', { name: 'x' }).id;
    const kept = stage.create('others', { name: 'y' }).id;
    const id = node('root', { other, rest: [other, kept], in: { other } });
    stage.remove('others', other);
    const doc = read(id, 1);
    expect(doc).not.toHaveProperty('other');
    expect(doc).toMatchObject({ rest: [{ id: kept, name: 'y' }], in: { other } });
  });

  it('is clamped, and by the settings in generation 10', () => {
    open();
    const a = node('a', { one: node('b', { one: node('c') }) });
    expect(read(a, 99)).toMatchObject({ one: { one: { name: 'c' } } });
    expect(read(a, -1)['one']).toBeTypeOf('string');
    expect(stage.findById('nodes', a)?.['one']).toBeTypeOf('string');
    stage.ctx.settings.generation = 10;
    stage.ctx.settings.depth = { default: 1, max: 1 };
    expect(stage.findById('nodes', a)).toMatchObject({ one: { name: 'b' } });
    expect((read(a, 5)['one'] as { one: unknown }).one).toBeTypeOf('string');
  });

  it('shows hidden fields of populated documents in generation 8 only, as the reference does', () => {
    open();
    const id = node('root', { one: node('a', { secret: 's' }), secret: 'own' });
    expect(read(id, 1)).toMatchObject({ one: { secret: 's' } });
    expect(read(id, 1)).not.toHaveProperty('secret');
    stage.ctx.settings.generation = 10;
    expect(read(id, 1)['one']).not.toHaveProperty('secret');
  });

  it('refuses to unfold without bound', () => {
    open();
    let below: string[] = [];
    for (let level = 0; level < 5; level++) {
      below = Array.from({ length: 10 }, (_, i) => node(`${level}.${i}`, { many: below }));
    }
    const root = node('root', { many: below });
    expect(read(root, 3)).toMatchObject({ name: 'root' });
    expect(stage.failure(() => read(root, 9, { select: ['many'] }))).toContain('populates more than 50000 documents');
  });

  it('reads in the locale of the call', () => {
    open({
      collections: {
        texts: {
          fields: [
            { name: 'title', type: 'text', localized: true },
            { name: 'links', localized: true, ...to('texts', { has_many: true }) },
            { name: 'l', localized: true, ...to('texts') },
          ],
        },
      },
      settings: { locale: { default: 'en', locales: ['en', 'de'], fallback: false } },
    });
    const a = stage.create('texts', { title: 'one' }).id;
    stage.update('texts', a, { title: 'eins' }, { locale: 'de' });
    const id = stage.create('texts', { title: 'x', links: [a], l: a }).id;
    stage.update('texts', id, { links: [a] }, { locale: 'de' });
    expect(stage.findById('texts', id, { depth: 1, locale: 'de' })).toMatchObject({ links: [{ title: 'eins' }] });
    expect(stage.findById('texts', id, { depth: 1, locale: 'all' })).toMatchObject({ l: { en: { title: { en: 'one', de: 'eins' } } } });
  });

  it('populates drafts as they are written', () => {
    open({}, { versions: true });
    const a = node('a');
    const id = node('root');
    stage.update('nodes', id, { one: a }, { draft: true });
    expect(read(id, 1, { draft: true })).toMatchObject({ one: { name: 'a' } });
    expect(read(id, 1)).not.toHaveProperty('one');
  });
});

describe('join fields', () => {
  it('are the documents that point here, only with depth', () => {
    open();
    const a = node('a');
    node('by one', { one: a });
    node('by many', { many: [a] });
    node('by poly', { poly: `nodes/${a}` });
    const doc = read(a, 1);
    expect(doc).toMatchObject({
      by_one: [{ name: 'by one', one: a, collection: 'nodes' }],
      by_many: [{ name: 'by many', many: [a] }],
      by_poly: [{ name: 'by poly' }],
    });
    expect((doc['by_one'] as object[])[0]).not.toHaveProperty('by_one');
    expect(read(a, 0)).not.toHaveProperty('by_one');
    expect(read(a, 1, { select: ['by_one'] })).toEqual({ id: a, by_one: doc['by_one'] });
  });

  it('are tables also where the document stands above, and go deeper where it does not', () => {
    open();
    const c = node('c');
    const a = node('a', { one: c });
    expect(read(a, 2)).toMatchObject({ one: { name: 'c', by_one: [{ id: a, name: 'a', one: c }] } });
    expect(read(c, 2)).toMatchObject({ by_one: [{ name: 'a', one: c, by_one: [] }] });
  });

  it('show what the read rule lets through', () => {
    const rules: Record<string, unknown> = { answer: false };
    open(
      {
        functions: {
          'access.read': (ctx: { id?: string }) =>
            ctx.id === undefined ? (rules['answer'] === 'raise' ? raise('no') : rules['answer']) : true,
        },
      },
      { access: { read: 'access.read' } },
    );
    const a = node('a');
    node('mine', { one: a });
    node('theirs', { one: a });
    const names = (more: object = {}) => (read(a, 1, more)['by_one'] as { name: string }[]).map(({ name }) => name).sort();
    expect(names()).toEqual([]);
    rules['answer'] = { name: 'mine' };
    expect(names()).toEqual(['mine']);
    rules['answer'] = 'raise';
    expect(names()).toEqual([]);
    expect(stage.warnings.join()).toContain("documents of 'nodes' are left out of a read");
    expect(names({ overrideAccess: true })).toEqual(['mine', 'theirs']);
  });

  it('leave out the trash', () => {
    open({
      collections: {
        things: { fields: [{ name: 'uses', type: 'join', collection: 'users_of', on: 'thing' }] },
        users_of: { soft_delete: true, fields: [{ name: 'thing', ...to('things') }] },
      },
    });
    const thing = stage.create('things', {}).id;
    const user = stage.create('users_of', { thing }).id;
    const uses = () => stage.findById('things', thing, { depth: 1 })?.['uses'];
    expect(uses()).toMatchObject([{ id: user }]);
    stage.remove('users_of', user);
    expect(uses()).toEqual([]);
  });
});
