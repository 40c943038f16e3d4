import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStage, raise, type Stage } from './support.js';

const OPTIONS = [
  { label: 'Red', value: 'red' },
  { label: 'Green', value: 'green' },
];
const RULES = {
  fields: [
    { name: 'title', type: 'text', required: true },
    { name: 'code', type: 'text', unique: true, min_length: 2, max_length: 5 },
    { name: 'amount', type: 'number', min: 1, max: 10 },
    { name: 'half', type: 'number', min: 0.5 },
    { name: 'mail', type: 'email' },
    { name: 'colour', type: 'select', options: OPTIONS },
    { name: 'colours', type: 'select', has_many: true, options: OPTIONS },
    { name: 'day', type: 'date', min_date: '2024-01-01', max_date: '2024-12-31' },
    { name: 'words', type: 'text', has_many: true, min_length: 2, max_length: 4, max_rows: 3 },
    { name: 'numbers', type: 'number', has_many: true, min: 1, max: 9 },
    { name: 'custom', type: 'text', validate: 'check.by_value' },
    {
      name: 'lines',
      type: 'array',
      max_rows: 2,
      fields: [
        { name: 'label', type: 'text', required: true, max_length: 5 },
        { name: 'day', type: 'date' },
        { name: 'box', type: 'group', fields: [{ name: 'leaf', type: 'text', required: true }] },
      ],
    },
    { name: 'parts', type: 'blocks', blocks: [{ type: 'para', fields: [{ name: 'body', type: 'text', required: true }] }] },
    { name: 'poly', type: 'relationship', relationship: { collection: ['rules', 'bounded'] } },
    { name: 'meta', type: 'group', fields: [{ name: 'slug', type: 'text', unique: true }] },
  ],
};
const BOUNDED = {
  fields: [
    { name: 'title', type: 'text' },
    { name: 'lines', type: 'array', required: true, min_rows: 1, fields: [{ name: 'label', type: 'text' }] },
    { name: 'colours', type: 'select', has_many: true, required: true, options: OPTIONS },
  ],
};

let stage: Stage;
beforeAll(() => {
  stage = openStage({
    collections: { rules: RULES, bounded: BOUNDED },
    functions: {
      'check.by_value': (value: string, ctx: { collection: string; field_name: string }) => {
        if (value === 'raise') raise('broken');
        if (value === 'context') return `${ctx.collection}.${ctx.field_name}`;
        return { false: false, true: true, number: 7, table: {}, empty: '', count: `there are ${stage.count('bounded')}` }[value];
      },
    },
  });
});
afterAll(() => stage.dispose());

const outcome = (slug: string, data: object) => {
  try {
    stage.remove(slug, stage.create(slug, data).id);
    return 'ok';
  } catch (error) {
    return (error as Error).message.replace('create error: Validation failed: ', '');
  }
};

describe('checks', () => {
  it.each([
    [{ title: '' }, 'title: title is required'],
    [{ title: '  ' }, 'ok'],
    [{ title: 0 }, 'ok'],
    [{ title: {} }, 'ok'],
    [{ code: 'a' }, 'code: code must be at least 2 characters'],
    [{ code: 'abcdef' }, 'code: code must be at most 5 characters'],
    [{ code: 'äöüßé' }, 'ok'],
    [{ code: '😀😀' }, 'ok'],
    [{ code: 1234567 }, 'code: code must be at most 5 characters'],
    [{ amount: 0 }, 'amount: amount must be at least 1'],
    [{ amount: 10.001 }, 'amount: amount must be at most 10'],
    [{ amount: '50' }, 'amount: amount must be at most 10'],
    [{ amount: 'NaN' }, 'amount: amount must be a finite number'],
    [{ amount: 'many' }, 'amount: amount must be a number'],
    [{ half: 0.25 }, 'half: half must be at least 0.5'],
    [{ mail: 'first.last+tag@example.co.uk' }, 'ok'],
    [{ mail: 'zoë@exämple.com' }, 'ok'],
    [{ mail: 'a@b@c.com' }, 'mail: mail is not a valid email address'],
    [{ mail: 'a@localhost' }, 'mail: mail is not a valid email address'],
    [{ mail: ' a@b.co' }, 'mail: mail is not a valid email address'],
    [{ mail: '.a@b.co' }, 'mail: mail is not a valid email address'],
    [{ mail: 'a..b@b.co' }, 'mail: mail is not a valid email address'],
    [{ mail: 5 }, 'mail: mail is not a valid email address'],
    [{ colour: 'RED' }, 'colour: colour has an invalid option'],
    [{ colour: '' }, 'ok'],
    [{ colours: '["blue","black"]' }, 'colours: colours has an invalid option: blue; colours: colours has an invalid option: black'],
    [{ colours: [1] }, 'colours: colours has invalid multi-select value (malformed JSON)'],
    [{ day: '2023-12-31' }, 'day: day must be on or after 2024-01-01'],
    [{ day: 'words' }, 'day: day is not a valid date format; day: day must be on or before 2024-12-31'],
    [{ words: '["a","abcde"]' }, "words: words: 'a' must be at least 2 characters; words: words: 'abcde' must be at most 4 characters"],
    [{ words: '["ab","ab","ab","ab"]' }, 'words: words must have at most 3 values'],
    [{ words: ['ab', 'ab', 'ab', 'ab'] }, 'words: words allows at most 3 item(s)'],
    [{ words: 'a' }, 'ok'],
    [{ numbers: [0, 5] }, 'numbers: numbers: 0 must be at least 1'],
    [{ numbers: '["x"]' }, 'numbers: numbers: x must be a number'],
    [{ custom: 'fine' }, 'ok'],
    [{ custom: 'true' }, 'ok'],
    [{ custom: 'number' }, 'ok'],
    [{ custom: 'table' }, 'ok'],
    [{ custom: 'false' }, 'custom: validation failed'],
    [{ custom: 'empty' }, 'custom: '],
    [{ custom: 'raise' }, "custom: Validation failed (internal error in 'check.by_value')"],
    [{ custom: 'context' }, 'custom: rules.custom'],
    [{ custom: 'count' }, 'custom: there are 0'],
    [{ poly: 'rules' }, 'ok'],
    [{ poly: 'people/x' }, 'poly: poly references collection \'people\' which is not in the polymorphic allowlist ["rules", "bounded"]'],
  ])('%j: %s', (data, expected) => {
    expect(outcome('rules', { title: 't', ...data })).toBe(expected);
  });

  it.each([
    [{ lines: [{ label: 'a', box: { leaf: 'l' } }] }, 'ok'],
    [{ lines: [{ box: { leaf: 'l' } }] }, 'lines[0][label]: label is required'],
    [{ lines: [{ label: 'toolong', box: { leaf: 'l' } }] }, 'lines[0][label]: label must be at most 5 characters'],
    [{ lines: [{ label: 'a', day: 'x', box: { leaf: 'l' } }] }, 'lines[0][day]: day is not a valid date format'],
    [{ lines: [{ label: 'a' }] }, 'lines[0][box][0][leaf]: leaf is required'],
    [{ lines: ['text'] }, 'lines[0]: lines row 0 must be an object'],
    [{ lines: 'text' }, 'ok'],
    [{ parts: [{ _block_type: 'para' }] }, 'parts[0][body]: body is required'],
    [{ parts: [{ _block_type: 'nope' }] }, "parts[0]: parts row 0 has unknown block type 'nope'"],
    [{ parts: [{}] }, "parts[0]: parts row 0 has unknown block type ''"],
  ])('rows %j: %s', (data, expected) => {
    expect(outcome('rules', { title: 't', ...data })).toBe(expected);
  });

  it('collect everything in definition order', () => {
    expect(outcome('rules', { code: 'x', amount: 0, mail: 'x', meta: { slug: '' }, lines: [{}] })).toBe(
      'title: title is required; code: code must be at least 2 characters; amount: amount must be at least 1; mail: mail is not a valid email address; lines[0][label]: label is required; lines[0][box][0][leaf]: leaf is required',
    );
  });

  it('count rows and lists on create, and on update only what is given', () => {
    expect(outcome('bounded', {})).toBe('lines: lines is required; lines: lines requires at least 1 item(s); colours: colours is required');
    expect(outcome('bounded', { lines: [{ label: 'a' }], colours: '[]' })).toBe('colours: colours is required');
    const doc = stage.create('bounded', { lines: [{ label: 'a' }], colours: ['red'] });
    expect(stage.update('bounded', doc.id, { title: 'only' })).toMatchObject({ title: 'only', lines: [{ label: 'a' }] });
    expect(stage.failure(() => stage.update('bounded', doc.id, { lines: [] }))).toContain(
      'Validation failed: lines: lines is required; lines: lines requires at least 1 item(s)',
    );
    stage.remove('bounded', doc.id);
  });
});

describe('unique', () => {
  it('compares what is stored, and leaves the document itself out', () => {
    const doc = stage.create('rules', { title: 't', code: '123', meta: { slug: 's' } });
    expect(outcome('rules', { title: 't', code: 123, meta: { slug: 's' } })).toBe(
      'code: code must be unique; meta__slug: slug must be unique',
    );
    expect(outcome('rules', { title: 't', code: '' })).toBe('ok');
    expect(stage.update('rules', doc.id, { code: '123', title: 'own' })).toMatchObject({ title: 'own' });
    const other = stage.create('rules', { title: 't', code: '124' });
    expect(stage.failure(() => stage.update('rules', other.id, { code: '123' }))).toBe(
      'runtime error: update error: Validation failed: code: code must be unique',
    );
    stage.remove('rules', doc.id);
    expect(stage.update('rules', other.id, { code: '123' })).toMatchObject({ code: '123' });
  });

  it('takes a name with SQL in it as a value', () => {
    const code = "'; --";
    const doc = stage.create('rules', { title: 't', code });
    expect(outcome('rules', { title: 't', code })).toBe('code: code must be unique');
    expect(stage.findById('rules', doc.id)).toMatchObject({ code });
  });
});

it.each([
  [
    8,
    'create error: Validation failed: title: title is required',
    "create error: field 'code' contains forbidden control characters",
    { valid: true },
  ],
  [
    10,
    'create error: Validation failed: title: title is required; code: code contains forbidden control characters',
    'create error: Validation failed: code: code contains forbidden control characters',
    { valid: false, errors: { code: 'code contains forbidden control characters' } },
  ],
] as const)('Regression: a NUL in a unique text is no failure of the validation (%i)', (generation, both, alone, verdict) => {
  const own = openStage({ collections: { rules: { fields: RULES.fields.slice(0, 2) } }, settings: { generation } });
  try {
    expect(own.failure(() => own.create('rules', { code: 'a\0b' }))).toBe(`runtime error: ${both}`);
    expect(own.failure(() => own.create('rules', { title: 't', code: 'a\0b' }))).toBe(`runtime error: ${alone}`);
    expect(own.validate('rules', { title: 't', code: 'a\0b' })).toEqual(verdict);
  } finally {
    own.dispose();
  }
});

it.each([8, 10] as const)(
  'Regression: a group that is no table is refused under generation 10, where nothing of it was stored (generation %d)',
  (generation) => {
    const box = {
      name: 'box',
      type: 'group',
      fields: [
        { name: 'leaf', type: 'text' },
        { name: 'deep', type: 'group', fields: [{ name: 'leaf', type: 'text' }] },
      ],
    };
    const own = openStage({
      collections: { notes: { fields: [box, { name: 'lines', type: 'array', fields: [box] }] } },
      settings: { generation },
    });
    const given = { box: 'text', lines: [{ box: 5 }, { box: { deep: [1] } }] };
    const wrong = [
      'box: box must be a table of its fields',
      'lines[0][box]: box must be a table of its fields',
      'lines[1][box][0][deep]: deep must be a table of its fields, not a list',
    ];
    if (generation === 10) {
      expect(own.failure(() => own.create('notes', given))).toBe(`runtime error: create error: Validation failed: ${wrong.join('; ')}`);
      expect(own.failure(() => own.create('notes', { box: { deep: true } }))).toContain('box__deep: deep must be a table of its fields');
    } else expect(own.create('notes', given)).toMatchObject({ box: { deep: {} } });
    expect(own.create('notes', { box: {}, lines: [{ box: { deep: {} } }] })).toMatchObject({ box: { deep: {} } });
    own.dispose();
  },
);
