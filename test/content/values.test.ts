import { afterAll, describe, expect, it } from 'vitest';
import { Float } from '../../src/domain/json.js';
import { openStage, type Stage } from './support.js';

let stage: Stage;
// One database a generation: tests only add documents.
const stages = new Map<number, Stage>();
afterAll(() => {
  for (const each of stages.values()) each.dispose();
});

const OPTIONS = [
  { label: 'Red', value: 'red' },
  { label: 'Green', value: 'green' },
];
const FIELDS = [
  { name: 'txt', type: 'text' },
  { name: 'txt_def', type: 'text', default_value: 'fallback' },
  { name: 'txt_many', type: 'text', has_many: true },
  { name: 'rich', type: 'richtext' },
  { name: 'blob', type: 'json' },
  { name: 'src', type: 'code' },
  { name: 'num', type: 'number' },
  { name: 'num_many', type: 'number', has_many: true },
  { name: 'chk', type: 'checkbox' },
  { name: 'chk_def', type: 'checkbox', default_value: true },
  { name: 'sel', type: 'select', options: OPTIONS },
  { name: 'sel_many', type: 'select', options: OPTIONS, has_many: true },
  { name: 'day', type: 'date' },
  { name: 'zoned', type: 'date', picker_appearance: 'dayAndTime', timezone: true },
  { name: 'secret', type: 'text', hidden: true },
  {
    name: 'grp',
    type: 'group',
    fields: [
      { name: 'leaf', type: 'text' },
      { name: 'size', type: 'number' },
      { name: 'deep', type: 'group', fields: [{ name: 'leaf', type: 'text' }] },
      { name: 'list', type: 'array', fields: [{ name: 'word', type: 'text' }] },
    ],
  },
  { name: 'line', type: 'row', fields: [{ name: 'in_row', type: 'text' }] },
  {
    name: 'tabs',
    type: 'tabs',
    tabs: [{ label: 'One', fields: [{ name: 'tab_grp', type: 'group', fields: [{ name: 'leaf', type: 'text' }] }] }],
  },
];

function open(generation: 8 | 10 = 8): Stage {
  stage = stages.get(generation) ?? openStage({ collections: { everything: { fields: FIELDS } }, settings: { generation } });
  stages.set(generation, stage);
  return stage;
}
/** What a field reads as after it was written; the message where it is refused. */
function written(field: string, value: unknown, more: object = {}): unknown {
  let doc: Record<string, unknown> = {};
  try {
    doc = stage.create('everything', { [field]: value, ...more });
  } catch (error) {
    return (error as Error).message;
  }
  expect(stage.findById('everything', String(doc['id']))).toEqual(doc);
  return doc[field];
}
const refusal = (message: string) => `create error: Validation failed: ${message}`;

describe('text', () => {
  it.each([
    ['  padded  ', '  padded  '],
    ['', undefined],
    [42, '42'],
    [1.5, '1.5'],
    [new Float(2), '2.0'],
    [1e21, '1e+21'],
    [true, 'true'],
    [{ key: 'value' }, '{"key":"value"}'],
    [['a', 'b'], '["a","b"]'],
    ['007', '007'],
  ])('%j is stored as %j', (given, stored) => {
    open();
    expect(written('txt', given)).toBe(stored);
  });

  it('refuses NUL in text and keeps it in code', () => {
    open();
    expect(written('txt', 'a\0b')).toBe("create error: field 'txt' contains forbidden control characters");
    expect(written('src', 'a\0b')).toBe('a\0b');
  });

  it('keeps SQL defaults for absent keys only', () => {
    open();
    expect(written('txt', 'x')).toBe('x');
    expect(stage.create('everything', {})).toMatchObject({ txt_def: 'fallback', chk: 0, chk_def: 1 });
    expect(stage.create('everything', { txt_def: '' })).not.toHaveProperty('txt_def');
  });
});

describe('numbers', () => {
  it.each([
    [12, new Float(12)],
    [12.5, 12.5],
    [-0, new Float(0)],
    ['+7', new Float(7)],
    ['1e3', new Float(1000)],
    ['9007199254740993', new Float(9007199254740992)],
    ['', undefined],
    [true, undefined],
    [[1], undefined],
    [' 7 ', refusal('num: num must be a number')],
    ['many', refusal('num: num must be a number')],
    ['inf', refusal('num: num must be a finite number')],
  ])('%j reads back as %j', (given, read) => {
    open();
    expect(written('num', given)).toEqual(read);
  });

  it('has-many numbers keep their list as JSON text', () => {
    open();
    expect(written('num_many', [1, 2.5])).toBe('[1,2.5]');
    expect(written('num_many', 5)).toEqual(new Float(5));
  });

  it('are integers where whole, and booleans are refused, under generation 10', () => {
    open(10);
    expect(written('num', 12)).toBe(12);
    expect(written('num', true)).toBe(refusal('num: num must be a number'));
  });
});

describe('checkboxes', () => {
  it.each([
    [true, 1],
    [false, 0],
    [1, 1],
    [new Float(1), 1],
    [2, 0],
    ['on', 1],
    ['yes', 1],
    ['TRUE', 0],
    ['', 0],
    [{}, 0],
  ])('%j is %j', (given, read) => {
    open();
    expect(written('chk', given)).toBe(read);
  });

  it('are booleans under generation 10', () => {
    open(10);
    expect(written('chk', 1)).toBe(true);
  });
});

describe('dates', () => {
  it.each([
    ['2024-05-06', '2024-05-06T12:00:00.000Z'],
    ['2024-05-06T07:08', '2024-05-06T07:08:00.000Z'],
    ['2024-05-06t07:08:09z', '2024-05-06T07:08:09.000Z'],
    ['2024-05-06T23:30:00-05:00', '2024-05-07T04:30:00.000Z'],
    ['2024-05-06T07:08:09.123456Z', '2024-05-06T07:08:09.123Z'],
    ['7:08', '7:08'],
    ['2024-05', '2024-05'],
    ['', undefined],
    ['2024-02-30', refusal('day: day is not a valid date format')],
    ['2024-05-06 07:08:09', refusal('day: day is not a valid date format')],
    ['25:61', refusal('day: day is not a valid date format')],
    ['2024-13', refusal('day: day is not a valid date format')],
    [20240506, refusal('day: day is not a valid date format')],
  ])('%j is %j', (given, read) => {
    open();
    expect(written('day', given)).toBe(read);
  });

  it.each([
    ['2024-07-01T09:00', 'America/New_York', '2024-07-01T13:00:00.000Z'],
    ['2024-01-01T09:00', 'America/New_York', '2024-01-01T14:00:00.000Z'],
    ['2024-07-01', 'Asia/Tokyo', '2024-07-01T03:00:00.000Z'],
    ['2024-07-01T09:00:00Z', 'America/New_York', '2024-07-01T09:00:00.000Z'],
    ['2024-10-27T02:30', 'Europe/Berlin', '2024-10-27T00:30:00.000Z'],
    ['2024-03-31T02:30', 'Europe/Berlin', refusal("zoned: zoned does not exist in timezone 'Europe/Berlin'")],
    ['2024-07-01', 'Mars/Olympus', refusal("zoned: zoned has an unknown timezone 'Mars/Olympus'")],
  ])('%j in %s is %j', (given, zone, read) => {
    open();
    expect(written('zoned', given, { zoned_tz: zone })).toBe(read);
  });

  it('store a zone only together with its date', () => {
    open();
    expect(stage.create('everything', { zoned_tz: 'Asia/Tokyo' })).not.toHaveProperty('zoned_tz');
    expect(stage.create('everything', { zoned: '2024-07-01', zoned_tz: 'Asia/Tokyo' })).toMatchObject({ zoned_tz: 'Asia/Tokyo' });
  });
});

describe('JSON and lists', () => {
  it.each([
    ['blob', { a: [1] }, '{"a":[1]}'],
    ['blob', '{ "a" : 1 }', '{ "a" : 1 }'],
    ['blob', '{a:1', '{a:1'],
    ['blob', new Float(42), '42.0'],
    ['txt_many', ['a', 'b'], '["a","b"]'],
    ['txt_many', {}, '[]'],
    ['txt_many', 'a,b', 'a,b'],
    ['sel_many', ['red'], '["red"]'],
    ['sel_many', '["red","purple"]', refusal('sel_many: sel_many has an invalid option: purple')],
    ['sel_many', ['purple'], refusal('sel_many: sel_many has an invalid option: purple')],
    ['sel_many', 'red', refusal('sel_many: sel_many has invalid multi-select value (malformed JSON)')],
    ['sel', ['red'], refusal('sel: sel has an invalid option')],
  ])('%s given %j is %j', (field, given, read) => {
    open();
    expect(written(field, given)).toBe(read);
  });

  it('are decoded under generation 10', () => {
    open(10);
    expect(written('blob', { a: [1] })).toEqual({ a: [1] });
    expect(written('sel_many', ['red'])).toEqual(['red']);
    expect(written('blob', '{a:1')).toBe('{a:1');
  });

  it('name the path of a value without a JSON form', () => {
    open();
    expect(stage.failure(() => stage.create('everything', { blob: { list: [1, Number.NaN] } }))).toBe('runtime error: Invalid float value');
  });
});

describe('containers', () => {
  it('nest groups, and are transparent for rows and tabs', () => {
    open();
    const doc = stage.create('everything', { grp: { leaf: 'x', size: 2, deep: { leaf: 'down' } }, in_row: 'r', tab_grp: { leaf: 't' } });
    expect(doc).toMatchObject({ grp: { leaf: 'x', size: new Float(2), deep: { leaf: 'down' } }, in_row: 'r', tab_grp: { leaf: 't' } });
  });

  it('take flat keys too, which win over the table', () => {
    open();
    expect(stage.create('everything', { grp__leaf: 'flat', grp__deep__leaf: 'deep' })).toMatchObject({
      grp: { leaf: 'flat', deep: { leaf: 'deep' } },
    });
    expect(stage.create('everything', { grp: { leaf: 'table' }, grp__leaf: 'flat' })).toMatchObject({ grp: { leaf: 'flat' } });
  });

  it('ignore what is no table, dotted keys, and data under the name of a row', () => {
    open();
    const doc = stage.create('everything', { grp: 'text', 'grp.leaf': 'x', line: { in_row: 'x' } });
    expect(doc['grp']).toEqual({ deep: {}, list: [] });
    expect(doc).not.toHaveProperty('in_row');
  });

  it('keep a whole float of a group leaf in one form', () => {
    open();
    expect(stage.create('everything', { grp: { leaf: new Float(2) } })).toMatchObject({ grp: { leaf: '2.0' } });
  });

  it('never show hidden fields, which are stored all the same', () => {
    open();
    expect(stage.create('everything', { secret: 's' })).not.toHaveProperty('secret');
    expect(stage.rows('SELECT secret FROM everything WHERE secret IS NOT NULL')).toEqual([{ secret: 's' }]);
    expect(stage.count('everything', { where: { secret: 's' } })).toBe(1);
  });
});
