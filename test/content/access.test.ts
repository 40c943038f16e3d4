import { afterEach, describe, expect, it } from 'vitest';
import { Float } from '../../src/domain/json.js';
import { openStage, raise, type Stage } from './support.js';

let stage: Stage;
let asked: unknown[];
afterEach(() => stage.dispose());

const GUARDED = {
  timestamps: false,
  access: { read: 'rule.read', create: 'rule.create', update: 'rule.update', delete: 'rule.delete' },
  fields: [
    { name: 'owner', type: 'text' },
    { name: 'level', type: 'number' },
    { name: 'flag', type: 'checkbox' },
    { name: 'secret', type: 'text', access: { read: 'rule.field_read' } },
    { name: 'locked', type: 'text', access: { create: 'rule.field_create', update: 'rule.field_update' } },
    {
      name: 'box',
      type: 'group',
      fields: [
        { name: 'open_leaf', type: 'text' },
        { name: 'shut_leaf', type: 'text', access: { read: 'rule.field_read', create: 'rule.field_create' } },
      ],
    },
    { name: 'lines', type: 'array', fields: [{ name: 'label', type: 'text' }] },
  ],
};
const FREE = { overrideAccess: true };
const VALID = 'box__open_leaf, box__shut_leaf, flag, id, level, lines.*, locked, owner, secret';

/** Rules by name; what is not named denies. */
function open(rules: Record<string, unknown> = {}, generation: 8 | 10 = 8): void {
  asked = [];
  const names = ['read', 'create', 'update', 'delete', 'field_read', 'field_create', 'field_update'];
  const rule = (name: string) => (ctx: unknown) => {
    asked.push([name, ctx]);
    const answer = rules[name];
    return typeof answer === 'function' ? answer(ctx) : answer;
  };
  stage = openStage({
    collections: { guarded: GUARDED, bare: { fields: [{ name: 'name', type: 'text' }] } },
    functions: Object.fromEntries(names.map((name) => [`rule.${name}`, rule(name)])),
    settings: { generation, defaultDeny: true },
  });
  const rows = [
    { owner: 'ann', level: 1, flag: true, secret: 's1', locked: 'l1', box: { open_leaf: 'o', shut_leaf: 'x' }, lines: [{ label: 'r' }] },
    { owner: 'ann', level: 2 },
    { owner: 'bob', level: 3, flag: true },
    { level: 4 },
  ];
  for (const row of rows) stage.create('guarded', row, FREE);
  asked.splice(0);
}
const levels = (query: object = {}) =>
  stage
    .find('guarded', { order_by: 'level', ...query })
    .documents.map((document) => Number(document['level']))
    .join(' ');
const first = () => stage.find('guarded', { where: { level: 1 }, ...FREE }).documents[0]!;

describe('rules', () => {
  it.each([[undefined], [false], [0], [1], ['yes']])('%j denies', (answer) => {
    open({ read: answer });
    expect(stage.failure(levels)).toBe('runtime error: Read access denied');
    expect(stage.failure(() => stage.count('guarded'))).toBe('runtime error: Read access denied');
    expect(stage.failure(() => stage.findById('guarded', first().id))).toBe('runtime error: Read access denied');
  });

  it('true allows, an override asks nothing, and a missing rule is the default', () => {
    open({ read: true });
    expect(levels()).toBe('1 2 3 4');
    expect(asked.filter((call) => (call as string[])[0] === 'read')).toEqual([['read', {}]]);
    asked.splice(0);
    expect(levels(FREE)).toBe('1 2 3 4');
    expect(asked).toEqual([]);
    expect(stage.failure(() => stage.find('bare'))).toBe('runtime error: Read access denied');
    expect(stage.find('bare', FREE).documents).toEqual([]);
  });

  it('are enforced in handler code only where overrideAccess is false', () => {
    open({});
    stage.ctx.overrideAccessByDefault = true;
    expect(levels()).toBe('1 2 3 4');
    expect(stage.failure(() => levels({ overrideAccess: false }))).toBe('runtime error: Read access denied');
  });

  it('get the user and the id of what exists', () => {
    open({ read: true, update: true, delete: true, create: true });
    stage.ctx.user = { id: 'u', role: null };
    const { id } = first();
    stage.findById('guarded', id);
    stage.update('guarded', id, {});
    stage.remove('guarded', id);
    stage.create('guarded', {});
    const user = { id: 'u' };
    expect(asked.filter((call) => !String((call as string[])[0]).startsWith('field'))).toEqual([
      ['read', { user, id }],
      ['update', { user, id }],
      ['delete', { user, id }],
      ['create', { user }],
    ]);
  });

  it('that raise fail the call in the words of each', () => {
    open({ read: () => raise('rule raised'), update: () => raise('rule raised'), create: () => raise('rule raised') });
    expect(stage.failure(levels)).toBe('runtime error: runtime error: rule raised');
    expect(stage.failure(() => stage.update('guarded', first().id, {}))).toBe('runtime error: update error: runtime error: rule raised');
    expect(stage.failure(() => stage.create('guarded', {}))).toBe('runtime error: create error: runtime error: rule raised');
  });

  it('of create take no table, and what they wrote stays when they deny', () => {
    open({ create: () => ({ owner: 'ann' }) });
    expect(stage.failure(() => stage.create('guarded', {}))).toContain("Access hook for 'guarded.create' returned a filter table");
    stage.dispose();
    open({ create: () => !stage.create('bare', { name: 'asked' }, FREE) });
    expect(stage.failure(() => stage.create('guarded', {}))).toBe('runtime error: create error: Create access denied');
    expect(stage.count('bare', FREE)).toBe(1);
  });
});

describe('constraints', () => {
  it.each([
    [{ owner: 'ann' }, '1 2'],
    [{ owner: 'ann', level: 2 }, '2'],
    [{ level: { in: [3, 4] } }, '3 4'],
    [{ owner: { not_exists: true } }, '4'],
    [{ flag: true }, '1 3'],
    [{ flag: false }, '2 4'],
    [{ level: new Float(2) }, '2'],
    [{ box__open_leaf: 'o' }, '1'],
    [{ 'lines.label': 'r' }, '1'],
    [{}, '1 2 3 4'],
  ])('%j show %j', (constraint, shown) => {
    open({ read: () => constraint });
    expect(levels()).toBe(shown);
    expect(stage.count('guarded')).toBe(shown.split(' ').length);
    expect(stage.findById('guarded', first().id) !== undefined).toBe(shown.startsWith('1'));
  });

  it('are added to the filter of the caller', () => {
    open({ read: () => ({ owner: 'ann' }) });
    expect(levels({ where: { level: 2 } })).toBe('2');
    expect(levels({ where: { owner: 'bob' } })).toBe('');
  });

  it.each([
    [{ nope: 1 }, `Invalid field 'nope'. Valid fields: ${VALID}`],
    [{ 'box.open_leaf': 'o' }, `Invalid field 'box.open_leaf'. Valid fields: ${VALID}`],
    [{ level: { resembles: 1 } }, "runtime error: unknown filter operator 'resembles'"],
    [{ or: [{ level: 1 }] }, "runtime error: unknown filter operator '1'"],
    [
      { _ref_count: 0 },
      "Access hook for 'guarded' returned a filter on system column '_ref_count' — this is almost always a typo; use a non-system column or remove the constraint.",
    ],
    [{ level: () => 1 }, 'Read access denied'],
  ])('%j are refused', (constraint, message) => {
    open({ read: () => constraint });
    expect(stage.failure(levels)).toBe(`runtime error: ${message}`);
  });

  it('must match the row of a single write', () => {
    open({ update: () => ({ owner: 'ann' }), delete: () => ({ owner: 'bob' }) });
    const { id } = first();
    expect(stage.update('guarded', id, { level: 9 })).toMatchObject({ level: new Float(9) });
    expect(stage.failure(() => stage.update('guarded', 'nope', {}))).toBe('runtime error: update error: Update access denied');
    expect(stage.failure(() => stage.remove('guarded', id))).toBe('runtime error: delete error: Delete access denied');
  });

  it('deny when empty and take `or` under generation 10', () => {
    open({ read: () => ({}), update: () => ({ or: [{ level: 1 }, { level: 2 }] }) }, 10);
    expect(stage.failure(levels)).toBe('runtime error: Read access denied');
    expect(stage.update('guarded', first().id, { owner: 'x' })).toMatchObject({ owner: 'x' });
  });
});

describe('field rules', () => {
  it('strip what may not be read from every result, asked once a read', () => {
    open({ read: true, create: true });
    const [document] = stage.find('guarded', { order_by: 'level' }).documents;
    expect(document).toMatchObject({ owner: 'ann', locked: 'l1', box: { open_leaf: 'o' } });
    expect(document).not.toHaveProperty('secret');
    expect(document?.['box']).not.toHaveProperty('shut_leaf');
    expect(asked.map((call) => (call as string[])[0])).toEqual(['read', 'field_read', 'field_read']);
    expect(stage.create('guarded', { owner: 'c', secret: 'x' })).not.toHaveProperty('secret');
    expect(stage.count('guarded', { where: { secret: 'x' }, ...FREE })).toBe(1);
  });

  it('allow by a table, deny by an error, and are skipped by an override', () => {
    open({ read: true, field_read: () => ({}) });
    expect(stage.findById('guarded', first().id)).toMatchObject({ secret: 's1', box: { shut_leaf: 'x' } });
    stage.dispose();
    open({ read: true, field_read: () => raise('no') });
    expect(stage.findById('guarded', first().id)).not.toHaveProperty('secret');
    expect(stage.findById('guarded', first().id, FREE)).toMatchObject({ secret: 's1' });
  });

  it('drop what may not be written, nested or flat, before hooks see it', () => {
    open({ create: true, update: true, field_read: true });
    const seen: unknown[] = [];
    stage.registered['before_validate'] = [(ctx: { data: object }) => void seen.push(ctx.data)];
    const data = { owner: 'c', locked: 'x', box: { open_leaf: 'o', shut_leaf: 's' } };
    const doc = stage.create('guarded', data);
    expect(doc).toMatchObject({ owner: 'c', box: { open_leaf: 'o' } });
    expect(doc).not.toHaveProperty('locked');
    expect(doc['box']).not.toHaveProperty('shut_leaf');
    expect(seen).toEqual([{ owner: 'c', box: { open_leaf: 'o' }, box__open_leaf: 'o' }]);
    expect(stage.create('guarded', { box__shut_leaf: 's' })['box']).toEqual({});
    expect(stage.update('guarded', doc.id, { locked: 'y' })).not.toHaveProperty('locked');
    expect(stage.update('guarded', doc.id, { locked: 'y' }, FREE)).toMatchObject({ locked: 'y' });
  });

  it('are not passed by data under the name of an object’s prototype', () => {
    open({ create: true });
    const data = Object.defineProperty({ owner: 'c' }, '__proto__', { value: { locked: 'x' }, enumerable: true });
    const { id } = stage.create('guarded', data);
    expect(stage.findById('guarded', id, FREE)).not.toHaveProperty('locked');
  });

  it('keep a field that may not be read from being guessed by filters and order', () => {
    open({ read: true });
    const message = "runtime error: Read access denied for field 'secret': it cannot be filtered or sorted on";
    expect(stage.failure(() => levels({ where: { secret: 's1' } }))).toBe(message);
    expect(stage.failure(() => levels({ where: { or: [{ secret: 's1' }] } }))).toBe(message);
    expect(stage.failure(() => levels({ order_by: 'secret' }))).toBe(message);
    expect(stage.failure(() => levels({ where: { 'box.shut_leaf': 'x' } }))).toContain("'box__shut_leaf'");
    expect(levels({ where: { secret: 's1' }, ...FREE })).toBe('1');
  });

  // Searching for what stands in the field found the document, and the zone of such a date could be filtered on.
  it('keep it from being guessed by search, and by the zone of a date', () => {
    let asked = 0;
    const no = { access: { read: 'no' } };
    stage = openStage({
      collections: {
        notes: {
          fields: [
            { name: 'open' },
            { name: 'shut', localized: true, ...no },
            { name: 'at', type: 'date', picker_appearance: 'dayAndTime', timezone: true, ...no },
          ],
        },
        shut: { fields: [{ name: 'word', ...no }] },
        plain: { fields: [{ name: 'word' }, { name: 'n', type: 'number', ...no }] },
      },
      settings: { locale: { default: 'en', locales: ['en', 'de'], fallback: true } },
      functions: { no: () => ++asked === 0 },
    });
    stage.create('notes', { open: 'apple "tree', shut: 'pear', at: '2024-01-01T10:00', at_tz: 'UTC' });
    stage.create('shut', { word: 'pear' });
    stage.create('plain', { word: 'pear' });
    const count = (search: string, more: object = {}, slug = 'notes') => stage.count(slug, { search, ...more });
    expect([count('app'), count('"tr'), count('pear'), count('apple pear'), count('pear', {}, 'shut')]).toEqual([1, 1, 0, 0, 0]);
    expect([count('pear', FREE), count('apple pear', FREE), count('pear', FREE, 'shut')]).toEqual([1, 1, 1]);
    expect(stage.find('notes', { search: 'pear' }).documents).toEqual([]);
    const message = "runtime error: Read access denied for field 'at': it cannot be filtered or sorted on";
    expect(stage.failure(() => stage.find('notes', { where: { at_tz: 'UTC' } }))).toBe(message);
    expect(stage.failure(() => stage.find('notes', { order_by: 'at_tz' }))).toBe(message);
    expect(stage.failure(() => stage.updateMany('notes', { where: { at_tz: 'UTC' } }, {}))).toContain(message.slice(15));
    asked = 0;
    expect(count('pear', {}, 'plain')).toBe(1);
    expect(asked).toBe(0);
  });
});

describe('globals', () => {
  it('ask read and update, and take no table', () => {
    stage = openStage({
      globals: { vault: { access: { read: 'v.read', update: 'v.update' }, fields: [{ name: 'content', type: 'text' }] } },
      functions: { 'v.read': () => ({ content: 'x' }), 'v.update': () => false },
    });
    expect(stage.failure(() => stage.getGlobal('vault'))).toBe(
      "runtime error: Access hook for global 'vault' returned a filter table; globals don't support filter-based access — return true/false based on ctx.user fields instead.",
    );
    expect(stage.failure(() => stage.updateGlobal('vault', {}))).toBe('runtime error: update_global error: Update access denied');
    expect(stage.updateGlobal('vault', { content: 'c' }, FREE)).toMatchObject({ content: 'c' });
    expect(stage.getGlobal('vault', FREE)).toMatchObject({ content: 'c' });
  });
});
