import { afterEach, describe, expect, it } from 'vitest';
import { Float } from '../../src/domain/json.js';
import { LuaError } from '../../src/lua/errors.js';
import { LuaTable } from '../../src/lua/value.js';
import { openStage, type ProjectFunction, raise, type Stage } from './support.js';

type Ctx = { [key: string]: unknown } & { data: Record<string, unknown>; context: Record<string, unknown> };

let stage: Stage;
afterEach(() => stage.dispose());

const EVENTS = ['before_validate', 'before_change', 'after_change', 'before_read', 'after_read', 'before_delete', 'after_delete'];
const FIELD_EVENTS = ['before_validate', 'before_change', 'after_change', 'after_read'];
const HOOKED = {
  fields: [
    { name: 'alpha', type: 'text', hooks: Object.fromEntries(FIELD_EVENTS.map((event) => [event, [`field.${event}`]])) },
    { name: 'number', type: 'number', validate: 'check.number' },
    { name: 'flag', type: 'checkbox' },
    {
      name: 'box',
      type: 'group',
      fields: [{ name: 'leaf', type: 'text', hooks: { before_validate: ['leaf.before_validate'], after_read: ['leaf.after_read'] } }],
    },
  ],
  hooks: Object.fromEntries(EVENTS.map((event) => [event, [`one.${event}`, `two.${event}`]])),
};

/** Every hook notes itself; `actions` say what else one does. */
function open(actions: Record<string, ProjectFunction> = {}, more: Record<string, object> = {}): string[] {
  const trace: string[] = [];
  const functions: Record<string, ProjectFunction> = {};
  const traced = (name: string, fallback: (...args: unknown[]) => unknown) =>
    ((...args: unknown[]) => {
      trace.push(name);
      return (actions[name] as undefined | ((...args: unknown[]) => unknown))
        ? (actions[name] as (...args: unknown[]) => unknown)(...args)
        : fallback(...args);
    }) as ProjectFunction;
  for (const event of EVENTS)
    for (const scope of ['one', 'two']) functions[`${scope}.${event}`] = traced(`${scope}.${event}`, () => undefined);
  for (const event of FIELD_EVENTS) functions[`field.${event}`] = traced(`field.${event}`, (value) => value);
  for (const event of ['before_validate', 'after_read']) functions[`leaf.${event}`] = traced(`leaf.${event}`, (value) => value);
  functions['check.number'] = traced('check.number', () => undefined);
  const registered = Object.fromEntries(EVENTS.map((event) => [event, [traced(`registered.${event}`, () => undefined)]]));
  stage = openStage({ collections: { hooked: HOOKED, ...more }, functions, registered });
  return trace;
}

const WRITE = [
  ...['field.before_validate', 'leaf.before_validate', 'one.before_validate', 'two.before_validate', 'registered.before_validate'],
  'check.number',
  ...['field.before_change', 'one.before_change', 'two.before_change', 'registered.before_change'],
  ...['field.after_change', 'one.after_change', 'two.after_change', 'registered.after_change'],
];
const READ = ['field.after_read', 'leaf.after_read', 'one.after_read', 'two.after_read', 'registered.after_read'];

describe('order', () => {
  it('is fields, collection, registered; validators between; after_change last; create and update alike', () => {
    const trace = open();
    const doc = stage.create('hooked', { number: 1 });
    expect(trace.splice(0)).toEqual(WRITE);
    stage.update('hooked', doc.id, { number: 2 });
    expect(trace.splice(0)).toEqual(WRITE);
    stage.update('hooked', doc.id, {});
    expect(trace).toEqual(WRITE.filter((name) => name !== 'check.number'));
  });

  it('of reads: before_read once, after_read for each document', () => {
    const trace = open();
    const doc = stage.create('hooked', {});
    stage.create('hooked', {});
    trace.splice(0);
    stage.find('hooked');
    expect(trace.splice(0)).toEqual(['one.before_read', 'two.before_read', 'registered.before_read', ...READ, ...READ]);
    stage.findById('hooked', doc.id);
    expect(trace.splice(0)).toEqual(['one.before_read', 'two.before_read', 'registered.before_read', ...READ]);
    stage.findById('hooked', 'nope');
    expect(trace.splice(0)).toEqual(['one.before_read', 'two.before_read', 'registered.before_read']);
    stage.count('hooked');
    expect(trace).toEqual([]);
  });

  it('of deletes, without field hooks; hooks = false leaves only validators', () => {
    const trace = open();
    const doc = stage.create('hooked', { number: 1 }, { hooks: false });
    expect(trace.splice(0)).toEqual(['check.number']);
    stage.remove('hooked', doc.id);
    expect(trace).toEqual(['before_delete', 'after_delete'].flatMap((event) => [`one.${event}`, `two.${event}`, `registered.${event}`]));
  });
});

describe('context', () => {
  const DATA = { alpha: 'a', number: 2, flag: true, box: { leaf: 'l' } };
  function seen(hook: string, act: () => unknown): Ctx[] {
    const contexts: Ctx[] = [];
    open({ [hook]: (ctx: Ctx) => void contexts.push(structuredClone(ctx)) });
    act();
    return contexts;
  }

  it('before a create: the data with flat copies of group leaves', () => {
    expect(seen('one.before_change', () => stage.create('hooked', DATA))).toEqual([
      {
        collection: 'hooked',
        operation: 'create',
        context: {},
        draft: false,
        hook_depth: 1,
        data: { alpha: 'a', number: 2, flag: true, box: { leaf: 'l' }, box__leaf: 'l' },
      },
    ]);
  });

  it('after a write: the stored row with flat keys, no times', () => {
    const [ctx] = seen('one.after_change', () => stage.create('hooked', DATA));
    expect(ctx?.data).toEqual({ id: expect.any(String), alpha: 'a', number: structuredClone(new Float(2)), flag: 1, box__leaf: 'l' });
  });

  it('of deletes and reads', () => {
    let id = '';
    const deletes = seen('one.before_delete', () => {
      id = stage.create('hooked', DATA).id;
      stage.remove('hooked', id);
    });
    expect(deletes).toEqual([{ collection: 'hooked', operation: 'delete', context: {}, hook_depth: 1, data: { id } }]);
    stage.dispose();
    const reads = seen('one.before_read', () => stage.find('hooked'));
    expect(reads).toEqual([{ collection: 'hooked', operation: 'find', context: {}, hook_depth: 0, data: {} }]);
  });

  it('is shared from hook to hook when it is returned, without functions and what has no JSON form', () => {
    const later: unknown[] = [];
    open({
      'one.before_validate': (ctx: Ctx) => ({ ...ctx, context: { kept: 1, list: [1], nan: Number.NaN } }),
      'one.after_change': (ctx: Ctx) => void later.push(ctx.context),
    });
    stage.create('hooked', {});
    expect(later).toEqual([{ kept: 1, list: [1] }]);
  });

  it('of field hooks: key, data, value as it is', () => {
    const args: unknown[] = [];
    open({
      'leaf.before_validate': (value: unknown, ctx: unknown) => {
        args.push(value, ctx);
        return value;
      },
    });
    stage.create('hooked', { box: { leaf: 'l' } });
    expect(args).toEqual([
      'l',
      { field_name: 'box__leaf', collection: 'hooked', operation: 'create', data: { box: { leaf: 'l' }, box__leaf: 'l' } },
    ]);
  });
});

describe('returns', () => {
  const created = (hook: ProjectFunction, data: object = { alpha: 'a', number: 2 }) => {
    open({ 'one.before_change': hook });
    return stage.create('hooked', data);
  };

  it('nil changes nothing, a table with data replaces all of it', () => {
    const inPlace = (ctx: Ctx) => {
      ctx.data['alpha'] = 'lost';
    };
    expect(created(inPlace)).toMatchObject({ alpha: 'a' });
    stage.dispose();
    const doc = created(() => ({ data: { alpha: 'only' } }));
    expect(doc).toMatchObject({ alpha: 'only' });
    expect(doc).not.toHaveProperty('number');
  });

  it('anything else is ignored with a warning', () => {
    expect(created(() => 5)).toMatchObject({ alpha: 'a' });
    expect(stage.warnings).toEqual(["Hook 'one.before_change' for hooked returned integer instead of a table — ignoring return value"]);
  });

  it('a changed flat copy overrides the group, a changed group is written, a removed leaf is not', () => {
    expect(created((ctx: Ctx) => ({ data: { ...ctx.data, box__leaf: 'flat' } }), { box: { leaf: 'l' } })['box']).toEqual({ leaf: 'flat' });
    stage.dispose();
    expect(created((ctx: Ctx) => ({ data: { ...ctx.data, box: { leaf: 'table' } } }), { box: { leaf: 'l' } })['box']).toEqual({
      leaf: 'table',
    });
    stage.dispose();
    expect(created((ctx: Ctx) => ({ data: { ...ctx.data, box: {} } }), { box: { leaf: 'l' } })['box']).toEqual({});
  });

  it('data without a JSON form fails the write', () => {
    expect(() => created(() => ({ data: { number: Number.NaN } }))).toThrow('create error: runtime error: Invalid float value');
  });

  it('after_change reaches only later hooks; after_read becomes the document', () => {
    const later: unknown[] = [];
    open({
      'one.after_change': () => ({ data: { seen: 'by the next' } }),
      'two.after_change': (ctx: Ctx) => void later.push(ctx.data),
      'one.after_read': (ctx: Ctx) => ({ data: { alpha: 'as read', extra: [1], id: 'other', number: ctx.data['number'] } }),
    });
    const doc = stage.create('hooked', { alpha: 'a', number: 1 });
    expect(doc).toMatchObject({ alpha: 'a' });
    expect(later).toEqual([{ seen: 'by the next' }]);
    expect(stage.findById('hooked', doc.id)).toEqual({
      id: doc.id,
      alpha: 'as read',
      extra: [1],
      number: new Float(1),
      created_at: doc['created_at'],
      updated_at: doc['updated_at'],
    });
  });

  it('field hooks change values, make up absent ones, and nil for a given one stores NULL', () => {
    open({ 'field.before_validate': (value: unknown) => (value === 'gone' ? undefined : `${value ?? 'made up'}!`) });
    expect(stage.create('hooked', { alpha: 'a' })).toMatchObject({ alpha: 'a!' });
    expect(stage.create('hooked', {})).toMatchObject({ alpha: 'made up!' });
    expect(stage.create('hooked', { alpha: 'gone' })).not.toHaveProperty('alpha');
  });

  it('field hooks see group leaves nested when they are read', () => {
    open({ 'leaf.after_read': (value: unknown) => `${value} read` });
    const doc = stage.create('hooked', { box: { leaf: 'l' } });
    expect(stage.findById('hooked', doc.id)).toMatchObject({ box: { leaf: 'l read' } });
  });
});

describe('errors', () => {
  it('of write hooks abort the call and undo it; renderings stack up', () => {
    open({ 'one.after_change': () => raise('hooks/x.lua:3: boom') });
    expect(stage.failure(() => stage.create('hooked', {}))).toBe('runtime error: create error: runtime error: hooks/x.lua:3: boom');
    expect(stage.count('hooked')).toBe(0);
  });

  it('keep code and details of a host error raised inside', () => {
    open(
      { 'one.before_change': () => stage.create('strict', {}) },
      { strict: { fields: [{ name: 'title', type: 'text', required: true }] } },
    );
    expect(() => stage.create('hooked', {})).toThrow(
      expect.objectContaining({
        code: 'VALIDATION_FAILED',
        message: 'create error: runtime error: create error: Validation failed: title: title is required',
        details: { fields: { title: 'title is required' } },
      }),
    );
  });

  it('let a raised table through as it is', () => {
    const thrown = new LuaError('runtime', 'table: 0x1', { value: new LuaTable() });
    open({
      'one.before_change': () => {
        throw thrown;
      },
    });
    expect(() => stage.create('hooked', {})).toThrow(thrown);
    expect(stage.count('hooked')).toBe(0);
  });

  it('of before_read abort the read, of after_read are logged', () => {
    open({ 'one.before_read': () => raise('stop') });
    expect(stage.failure(() => stage.find('hooked'))).toBe('runtime error: runtime error: stop');
    stage.dispose();
    open({ 'field.after_read': () => raise('stop') });
    const doc = stage.create('hooked', { alpha: 'a' });
    expect(stage.findById('hooked', doc.id)).toMatchObject({ alpha: 'a' });
    expect(stage.warnings).toEqual(['after_read hook error for hooked: runtime error: stop']);
  });

  it('of an entry that is no function', () => {
    open();
    stage.ctx.lua.registered = () => {
      throw new LuaError('conversion', 'registered hook at index 1 is not a function: error converting Lua string to function');
    };
    expect(stage.failure(() => stage.create('hooked', {}))).toContain('registered hook at index 1 is not a function');
  });
});

describe('depth', () => {
  it('grows by one a nested write, and at the limit writes go on without hooks, validated', () => {
    const depths: unknown[] = [];
    open({
      'one.before_change': (ctx: Ctx) => {
        depths.push(ctx['hook_depth']);
        stage.create('hooked', {});
      },
    });
    stage.create('hooked', {});
    expect(depths).toEqual([1, 2, 3]);
    expect(stage.count('hooked')).toBe(4);
    expect(stage.warnings).toEqual(['Hook depth 3 reached max 3, skipping hooks for create on hooked']);
    expect(stage.ctx.hookDepth).toBe(0);
  });

  it('and the default of overrideAccess are as before after an error', () => {
    open({ 'one.before_change': () => raise('stop') });
    stage.ctx.overrideAccessByDefault = true;
    expect(() => stage.create('hooked', {})).toThrow('stop');
    expect([stage.ctx.hookDepth, stage.ctx.overrideAccessByDefault]).toEqual([0, true]);
  });
});

describe('generation 10', () => {
  it('tells hooks which document it is, and the locale', () => {
    const seen: unknown[] = [];
    const note = (ctx: Ctx) => {
      seen.push([ctx['operation'], ctx['id'], ctx['locale'], (ctx['options'] as { level?: number } | undefined)?.level]);
    };
    stage = openStage({
      collections: {
        pages: {
          fields: [{ name: 'title', type: 'text' }],
          hooks: { before_change: [{ ref: 'h.note', options: { level: 1 } }], after_read: ['h.note'], before_delete: ['h.note'] },
        },
      },
      functions: { 'h.note': note },
      settings: { generation: 10, locale: { default: 'en', locales: ['en', 'de'], fallback: true } },
    });
    const { id } = stage.create('pages', {});
    stage.update('pages', id, {}, { locale: 'de' });
    stage.findById('pages', id);
    stage.remove('pages', id);
    expect(seen).toEqual([
      ['create', undefined, 'en', 1],
      ['update', id, 'de', 1],
      ['find_by_id', id, 'en', undefined],
      ['delete', id, 'en', undefined],
    ]);
  });

  it.each([8, 10] as const)('tells field hooks what is stored while it changes, and what is read (generation %i)', (generation) => {
    const seen: unknown[] = [];
    const note = (value: unknown, ctx: Ctx) => {
      seen.push([ctx['operation'], value, (ctx['document'] as { title?: string } | undefined)?.title]);
      return value;
    };
    stage = openStage({
      collections: {
        pages: {
          fields: [
            { name: 'title', type: 'text', hooks: { before_validate: ['f.note'], after_change: ['f.note'], after_read: ['f.note'] } },
          ],
        },
      },
      globals: { site: { fields: [{ name: 'title', type: 'text', hooks: { before_change: ['f.note'] } }] } },
      functions: { 'f.note': note },
      settings: { generation },
    });
    const { id } = stage.create('pages', { title: 'old' });
    stage.update('pages', id, { title: 'new' });
    stage.findById('pages', id);
    stage.updateGlobal('site', { title: 'g' });
    stage.updateGlobal('site', { title: 'h' });
    const document = (title: string) => (generation === 10 ? title : undefined);
    expect(seen).toEqual([
      ['create', 'old', undefined],
      ['create', 'old', undefined],
      ['update', 'new', document('old')],
      ['update', 'new', document('old')],
      ['find_by_id', 'new', document('new')],
      ['update', 'g', undefined],
      ['update', 'h', document('g')],
    ]);
  });
});

describe('globals', () => {
  it('run the same hooks; after_change gets the document, nested, without times', () => {
    const contexts: Ctx[] = [];
    stage = openStage({
      globals: {
        settings: {
          fields: [{ name: 'box', type: 'group', fields: [{ name: 'leaf', type: 'text' }] }],
          hooks: { before_change: ['g.note'], after_change: ['g.note'], before_read: ['g.note'], after_read: ['g.note'] },
        },
      },
      functions: { 'g.note': (ctx: Ctx) => void contexts.push(ctx) },
    });
    stage.updateGlobal('settings', { box: { leaf: 'l' } });
    stage.getGlobal('settings');
    expect(contexts.map((ctx) => [ctx['operation'], ctx['hook_depth'], ctx.data])).toEqual([
      ['update', 1, { box: { leaf: 'l' } }],
      ['update', 1, { id: 'default', box: { leaf: 'l' } }],
      ['get', 0, {}],
      ['get', 0, expect.objectContaining({ id: 'default', box: { leaf: 'l' }, updated_at: '2026-01-02T03:04:05.000Z' })],
    ]);
  });
});
