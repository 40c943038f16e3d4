import { afterEach, describe, expect, it } from 'vitest';
import { openStage, raise, type Stage, type StageOptions } from './support.js';

let stage: Stage;
afterEach(() => stage.dispose());

const ITEMS = {
  fields: [
    { name: 'title', type: 'text', required: true },
    { name: 'code', type: 'text', unique: true, max_length: 5 },
    { name: 'mail', type: 'email', max_length: 5 },
    { name: 'n', type: 'number' },
    { name: 'on', type: 'checkbox' },
    { name: 'box', type: 'group', fields: [{ name: 'leaf', type: 'text' }] },
    { name: 'other', type: 'relationship', relationship: { collection: 'items' } },
  ],
};
function open(options: StageOptions = {}): void {
  stage = openStage({ collections: { items: ITEMS, bin: { ...ITEMS, soft_delete: true } }, ...options });
}
const three = (slug = 'items') =>
  stage.createMany(slug, [
    { title: 'a', n: 1 },
    { title: 'b', n: 2, on: true },
    { title: 'c', n: 3 },
  ]).documents;

describe('create_many', () => {
  it('creates one document an item, groups included', () => {
    open();
    expect(stage.createMany('items', [{ title: 'x', box: { leaf: 'l' } }])).toMatchObject({
      created: 1,
      documents: [{ title: 'x', box: { leaf: 'l' } }],
    });
    expect(stage.createMany('items', [])).toEqual({ created: 0, documents: [] });
  });

  it('writes nothing when an item is no table or fails, and names it', () => {
    open();
    expect(stage.failure(() => stage.createMany('items', [{ title: 'x' }, 'text']))).toBe(
      'runtime error: create_many: item at index 2 is not a table',
    );
    expect(stage.failure(() => stage.createMany('items', [{ title: 'x' }, {}]))).toBe(
      'runtime error: Validation failed: title: title is required',
    );
    expect(stage.count('items')).toBe(0);
  });

  it('skips validation without hooks, as the reference does', () => {
    open();
    expect(stage.createMany('items', [{ title: 'x', code: 'far too long' }], { hooks: false }).created).toBe(1);
    expect(stage.failure(() => stage.createMany('items', [{ code: 'x' }], { hooks: false }))).toBe(
      'runtime error: Failed to insert into \'items\': execute failed: INSERT INTO "items" (id, code, "on", created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5): NOT NULL constraint failed: items.title: Error code 1299: constraint failed',
    );
  });

  it('writes the default locale', () => {
    open({
      collections: { texts: { fields: [{ name: 'title', type: 'text', localized: true, required: true }] } },
      settings: { locale: { default: 'en', locales: ['en', 'de'], fallback: false } },
    });
    stage.createMany('texts', [{ title: 'x' }], { locale: 'de' });
    expect(stage.rows('SELECT title__en, title__de FROM texts')).toEqual([{ title__en: 'x', title__de: null }]);
  });
});

describe('update_many', () => {
  it('changes what matches, leaves absent checkboxes alone, and counts', () => {
    open();
    three();
    expect(stage.updateMany('items', { where: { n: { greater_than: 1 } }, limit: 1 }, { code: '' })).toEqual({ modified: 2 });
    expect(stage.updateMany('items', { where: { title: 'b' } }, { title: 'bb' })).toEqual({ modified: 1 });
    expect(stage.find('items', { where: { title: 'bb' } }).documents).toMatchObject([{ on: 1 }]);
    expect(stage.updateMany('items', {}, { n: 9 })).toEqual({ modified: 3 });
  });

  it('undoes everything at the first error', () => {
    open();
    three();
    expect(stage.failure(() => stage.updateMany('items', {}, { code: 'same' }))).toBe(
      'runtime error: Validation failed: code: code must be unique',
    );
    expect(stage.count('items', { where: { code: 'same' } })).toBe(0);
  });

  it('names bad queries and passwords', () => {
    open({ collections: { people: { auth: true, fields: [] }, items: ITEMS } });
    expect(stage.failure(() => stage.updateMany('items', { where: { nope: 1 } }, {}))).toMatch(
      /^runtime error: Find docs for update: Invalid field 'nope'\./,
    );
    expect(stage.failure(() => stage.updateMany('items', { where: { _ref_count: 1 } }, {}))).toContain('Cannot filter on system column');
    expect(stage.failure(() => stage.updateMany('people', {}, { password: 'x' }))).toBe(
      'runtime error: Cannot set password via update_many. Use single update instead.',
    );
  });

  it('asks the rule once for all and once for each, and its table narrows what matches', () => {
    const asked: unknown[] = [];
    const rule = (ctx: unknown) => {
      asked.push(ctx);
      return { n: { less_than: 3 } };
    };
    open({
      collections: { items: { ...ITEMS, access: { read: 'r', create: 'r', update: 'rule' } } },
      functions: { rule, r: () => true },
      settings: { defaultDeny: true },
    });
    three();
    expect(stage.updateMany('items', {}, { title: 'z' })).toEqual({ modified: 2 });
    expect(asked).toEqual([{}, { id: expect.any(String) }, { id: expect.any(String) }]);
    stage.functions['rule'] = () => raise('no');
    expect(stage.failure(() => stage.updateMany('items', {}, {}))).toBe('runtime error: access check error: runtime error: no');
  });

  it('tells hooks no locale and no draft', () => {
    const seen: object[] = [];
    open({ registered: { before_change: [(ctx: object) => void seen.push(Object.keys(ctx).sort())] } });
    stage.create('items', { title: 'x' }, { hooks: false });
    stage.updateMany('items', {}, { n: 1 });
    expect(seen).toEqual([['collection', 'context', 'data', 'hook_depth', 'operation']]);
  });
});

// A function, an empty table or a text in the place of a condition meant every document, as it does in reads.
describe.each(['updateMany', 'deleteMany'] as const)('%s', (call) => {
  it.each([
    [{ where: { title: () => 'x' } }, /^runtime error: the condition 'title' is a \w+: it excludes nothing/],
    [{ where: { n: 1, title: {} } }, /'title' is an empty table: it excludes nothing, so all documents would be meant$/],
    [{ where: { or: 'x' } }, /'or' is a string: it excludes nothing/],
    [{ where: 'title = 1' }, /^runtime error: where must be a table of conditions, got string$/],
    [{ where: true }, /got boolean$/],
  ])('takes no filter for one that excludes nothing: %j', (query, message) => {
    stage = openStage({ collections: { docs: { fields: [{ name: 'title' }, { name: 'n', type: 'number' }] } } });
    stage.create('docs', { title: 'a', n: 1 });
    const failure = stage.failure(() =>
      call === 'updateMany' ? stage.updateMany('docs', query, { n: 2 }) : stage.deleteMany('docs', query),
    );
    expect(failure).toMatch(message);
    expect(stage.count('docs', { where: { n: 1 } })).toBe(1);
  });
});

describe('delete_many', () => {
  it('deletes what matches and skips what others refer to', () => {
    open();
    const [first, second, third] = three();
    stage.update('items', third!.id, { other: first!.id });
    stage.update('items', first!.id, { other: second!.id });
    expect(stage.deleteMany('items', { where: { n: { less_than: 3 } } })).toEqual({ deleted: 0, skipped: 2 });
    stage.update('items', first!.id, { other: '' });
    expect(stage.deleteMany('items', { where: { n: { less_than: 3 } } })).toEqual({ deleted: 1, skipped: 1 });
    expect(stage.deleteMany('items', {})).toEqual({ deleted: 2, skipped: 0 });
    expect(stage.failure(() => stage.deleteMany('items', { where: { nope: 1 } }))).toMatch(
      /^runtime error: Find docs for delete: Invalid field/,
    );
  });

  it('trashes live documents only, or removes them when forced', () => {
    open();
    const [first] = three('bin');
    expect(stage.deleteMany('bin', { where: { title: 'a' } })).toEqual({ deleted: 1, skipped: 0 });
    expect(stage.deleteMany('bin', {}, { forceHardDelete: true })).toEqual({ deleted: 2, skipped: 0 });
    expect(stage.rows('SELECT title FROM bin')).toEqual([{ title: 'a' }]);
    expect(stage.undelete('bin', first!.id)).toBe(true);
    expect(stage.findById('bin', first!.id)).toMatchObject({ title: 'a' });
  });

  it('leaves all of them when a hook fails', () => {
    open();
    three();
    let calls = 0;
    stage.registered['after_delete'] = [() => ++calls === 2 && raise('not this one')];
    expect(stage.failure(() => stage.deleteMany('items', {}))).toBe('runtime error: runtime error: not this one');
    expect(stage.count('items')).toBe(3);
  });
});

describe('undelete', () => {
  it('says what stands in its way', () => {
    open();
    const first = stage.create('bin', { title: 'a', code: 'same' });
    stage.remove('bin', first.id);
    stage.create('bin', { title: 'b', code: 'same' });
    expect(stage.failure(() => stage.undelete('bin', first.id))).toBe(
      `runtime error: Cannot restore document '${first.id}' in 'bin': a unique field value is already in use by another active document`,
    );
    expect(stage.failure(() => stage.undelete('bin', 'nope'))).toBe('runtime error: Document not found or not deleted');
    expect(stage.failure(() => stage.undelete('items', 'x'))).toBe("runtime error: Collection 'items' does not have soft_delete enabled");
  });
});

describe('validate', () => {
  it('judges as create would, or as update with an id, and writes nothing', () => {
    open();
    expect(stage.validate('items', { title: 'x' })).toEqual({ valid: true });
    expect(stage.validate('items', { code: 'far too long' })).toEqual({
      valid: false,
      errors: { title: 'title is required', code: 'code must be at most 5 characters' },
    });
    expect(stage.validate('items', {}, { draft: true })).toMatchObject({ valid: false });
    expect(stage.validate('items', { title: 'x', mail: 'far too long' })).toEqual({
      valid: false,
      errors: { mail: 'mail is not a valid email address' },
    });
    const doc = stage.create('items', { title: 'x', code: 'own' });
    expect(stage.validate('items', { code: 'own' })).toMatchObject({ valid: false });
    expect(stage.validate('items', { code: 'own' }, { id: doc.id })).toEqual({ valid: true });
    expect(stage.count('items')).toBe(1);
  });

  it('names other failures with its prefix', () => {
    open({ registered: { before_validate: [() => raise('boom')] } });
    expect(stage.failure(() => stage.validate('items', {}))).toBe('runtime error: validate error: runtime error: boom');
  });
});

describe('drafts', () => {
  const ARTICLES = {
    versions: true,
    fields: [
      { name: 'title', type: 'text', required: true },
      { name: 'body', type: 'text' },
    ],
  };

  it('need nothing that is required until they are published', () => {
    open({ collections: { articles: ARTICLES } });
    const doc = stage.create('articles', { body: 'b' }, { draft: true });
    expect(doc).toMatchObject({ _status: 'draft' });
    expect(stage.find('articles').documents).toEqual([]);
    expect(stage.find('articles', { draft: true }).documents).toHaveLength(1);
    expect(stage.findById('articles', doc.id)).toMatchObject({ _status: 'draft' });
    expect(stage.failure(() => stage.update('articles', doc.id, { body: 'c' }))).toBe(
      'runtime error: update error: Validation failed: title: title is required',
    );
    expect(stage.update('articles', doc.id, { title: 't' })).toMatchObject({ _status: 'published', body: 'b' });
  });
});
