/** Fields of definitions: every option, its default, and the texts of what is refused in both generations. */
import { describe, expect, it } from 'vitest';
import type { FieldDefinition } from '../../src/content/schema.js';
import { type Config, collection, refusal } from './support.js';

const fields = (...list: Config[]) => collection('posts', { fields: list }).definition.fields;
const field = (config: Config): FieldDefinition => fields({ name: 'f', ...config })[0]!;
const textOf = (config: Config) => refusal(() => collection('posts', config)).message;
const fieldText = (config: Config) => textOf({ fields: [config] });

describe('fields', () => {
  it('has the defaults of the reference', () => {
    expect(fields({ name: 'title' })[0]).toEqual({
      name: 'title',
      type: 'text',
      required: false,
      unique: false,
      index: false,
      localized: false,
      hidden: false,
      hasMany: false,
      options: [],
      timezone: false,
      hooks: { before_validate: [], before_change: [], after_change: [], after_read: [] },
      access: {},
      admin: {},
      fields: [],
      blocks: [],
      tabs: [],
    });
  });

  it('reads every common option', () => {
    expect(
      field({
        type: 'TEXT',
        required: true,
        unique: true,
        index: true,
        localized: true,
        hidden: true,
        has_many: true,
        default_value: 'x',
        min_length: 1,
        max_length: '9',
        min_rows: 2.7,
        max_rows: 3,
        validate: 'v.check',
        hooks: { after_read: ['h.read'] },
        access: { read: 'a.read' },
        admin: { label: 'Title', width: '50%' },
        mcp: { description: 'the title' },
      }),
    ).toMatchObject({
      type: 'text',
      required: true,
      unique: true,
      index: true,
      localized: true,
      hidden: true,
      hasMany: true,
      defaultValue: 'x',
      minLength: 1,
      maxLength: 9,
      minRows: 2,
      maxRows: 3,
      validate: { ref: 'v.check' },
      hooks: { after_read: [{ ref: 'h.read' }] },
      access: { read: { ref: 'a.read' } },
      admin: { label: 'Title', width: '50%' },
      mcpDescription: 'the title',
    });
  });

  it('reads dates', () => {
    const date = {
      type: 'date',
      picker_appearance: 'dayAndTime',
      timezone: true,
      default_timezone: 'Europe/Berlin',
      min_date: '2024-01-01',
    };
    expect(field(date)).toMatchObject({
      pickerAppearance: 'dayAndTime',
      timezone: true,
      defaultTimezone: 'Europe/Berlin',
      minDate: '2024-01-01',
    });
  });

  it('ignores a timezone without a time, with a warning', () => {
    const { definition, warnings } = collection('posts', { fields: [{ name: 'd', type: 'date', timezone: true }] });
    expect(definition.fields[0]!.timezone).toBe(false);
    expect(warnings).toMatchObject([{ severity: 'warning', code: 'DEFINITION_NO_EFFECT', field: 'fields[1].timezone', line: 3 }]);
  });

  it('reads options, with labels by locale', () => {
    const options = [{ label: 'Red', value: 'red' }, { label: { en: 'Two' }, value: 2 }, { label: 'Nothing' }, { value: 'bare' }];
    expect(field({ type: 'select', options }).options).toEqual([
      { label: 'Red', value: 'red' },
      { label: { en: 'Two' }, value: '2' },
      { label: 'Nothing', value: '' },
      { label: 'bare', value: 'bare' },
    ]);
  });

  it('reads structures', () => {
    const [array, blocks, tabs] = fields(
      { name: 'a', type: 'array', fields: [{ name: 'g', type: 'group', fields: [{ name: 'x' }] }] },
      {
        name: 'b',
        type: 'blocks',
        blocks: [
          { type: 'quote', label: { en: 'Quote' }, label_field: 'body', group: 'G', image_url: '/i.png', fields: [{ name: 'body' }] },
        ],
      },
      { name: 't', type: 'tabs', tabs: [{ label: 'One', description: 'first', fields: [{ name: 'y' }] }] },
    );
    expect(array!.fields[0]!.fields[0]!.name).toBe('x');
    expect(blocks!.blocks[0]).toMatchObject({ type: 'quote', label: { en: 'Quote' }, labelField: 'body', group: 'G', imageUrl: '/i.png' });
    expect(tabs!.tabs[0]).toMatchObject({ label: 'One', description: 'first', fields: [{ name: 'y' }] });
  });

  it.each([
    [{ collection: 'people' }, { collections: ['people'], polymorphic: false, hasMany: false }],
    [
      { collection: 'people', has_many: true, max_depth: 0 },
      { collections: ['people'], polymorphic: false, hasMany: true, maxDepth: 0 },
    ],
    [{ collection: ['people', 'media'] }, { collections: ['people', 'media'], polymorphic: true, hasMany: false }],
    [{ collection: ['people'] }, { collections: ['people'], polymorphic: true, hasMany: false }],
  ])('reads the relationship %j', (relationship, read) => {
    expect(field({ type: 'relationship', relationship }).relationship).toEqual(read);
  });

  it('reads the legacy relation_to with a deprecation warning', () => {
    const { definition, warnings } = collection('posts', {
      fields: [{ name: 'r', type: 'relationship', relation_to: 'people', has_many: true }],
    });
    expect(definition.fields[0]).toMatchObject({ hasMany: false, relationship: { collections: ['people'], hasMany: true } });
    expect(warnings).toMatchObject([{ code: 'DEFINITION_DEPRECATED', remedy: 'write relationship = { collection = "people" }' }]);
  });

  it('takes a relationship without a target for a plain id', () => {
    expect(field({ type: 'relationship', has_many: true })).toMatchObject({ hasMany: false, relationship: undefined });
  });

  it('reads joins', () => {
    expect(field({ type: 'join', collection: 'posts', on: 'author' }).join).toEqual({ collection: 'posts', on: 'author' });
  });

  it.each<[Config, string]>([
    [{ type: 'text' }, "Field missing 'name'"],
    [{ name: 'with space' }, "Invalid field name 'with space' — use alphanumeric and underscores only"],
    [{ name: 'a__b' }, "Field name 'a__b' must not contain double underscores — reserved for group field separation"],
    [{ name: 'f', required: 'yes' }, "runtime error: Field config key 'required' expected a boolean, got string"],
    [{ name: 'f', default_value: 5 }, "Field 'f': default_value type mismatch — expected string but got number"],
    [{ name: 'f', type: 'number', default_value: '5' }, "Field 'f': default_value type mismatch — expected number but got string"],
    [{ name: 'f', type: 'checkbox', default_value: 'true' }, "Field 'f': default_value type mismatch — expected boolean but got string"],
    [{ name: 'f', type: 'date', default_value: true }, "Field 'f': default_value type mismatch — expected string but got boolean"],
    [
      { name: 'f', type: 'code', default_value: 'a\0b' },
      "Field 'f': default_value contains a NUL character, which no column default can hold — leave it out",
    ],
    [{ name: 'f', min_rows: 5, max_rows: 2 }, "Field 'f': min_rows (5) must not exceed max_rows (2)"],
    [{ name: 'f', min_length: 5, max_length: 2 }, "Field 'f': min_length (5) must not exceed max_length (2)"],
    [{ name: 'f', type: 'number', min: 5, max: 2.5 }, "Field 'f': min (5) must not exceed max (2.5)"],
    [{ name: 'f', type: 'relationship', relationship: {} }, "runtime error: Field 'f': relationship.collection is required"],
    [
      { name: 'f', type: 'relationship', relationship: { collection: [] } },
      "runtime error: Field 'f': relationship.collection is required",
    ],
    [
      { name: 'f', type: 'upload', relationship: { collection: ['a', 'b'] } },
      "runtime error: Field 'f': relationship.collection is required",
    ],
    [{ name: 'f', type: 'blocks', blocks: [{ fields: [] }] }, "Block definition missing 'type'"],
    [{ name: 'f', type: 'blocks', blocks: ['quote'] }, 'error converting Lua string to table'],
    [
      { name: 'f', admin: { extra: [1, 2] } },
      'runtime error: crap.fields.*: `admin.extra` must be a table (Lua dictionary), not a sequence or scalar',
    ],
    [
      { name: 'f', admin: { template: 'a/../x' } },
      'runtime error: crap.fields.*: invalid `admin.template`: template name `a/../x` must not contain `..` or `.` segments',
    ],
  ])('refuses %j', (config, text) => {
    expect(fieldText(config)).toBe(`Failed to parse collection 'posts': ${text}`);
  });

  it('refuses a field that is no table', () => {
    expect(textOf({ fields: ['title'] })).toBe("Failed to parse collection 'posts': error converting Lua string to table");
  });

  it('refuses tables that are too deep or contain themselves', () => {
    let deep: unknown = 1;
    for (let i = 0; i < 70; i++) deep = { deep };
    expect(fieldText({ name: 'f', admin: { deep } })).toContain('Table nesting exceeds maximum depth of 64');
  });

  it.each<[string, Config[]]>([
    ['side by side', [{ name: 'a' }, { name: 'a', type: 'number' }]],
    ['through a row', [{ name: 'a' }, { name: 'r', type: 'row', fields: [{ name: 'a' }] }]],
    ['through tabs', [{ name: 'a' }, { name: 't', type: 'tabs', tabs: [{ label: 'T', fields: [{ name: 'a' }] }] }]],
    ['in a group', [{ name: 'g', type: 'group', fields: [{ name: 'a' }, { name: 'a' }] }]],
  ])('refuses a name twice: %s', (_where, list) => {
    expect(textOf({ fields: list })).toBe(
      "Failed to parse collection 'posts': Duplicate field name 'a' in the same scope — field names must be unique per level (layout wrappers are transparent)",
    );
  });

  it('takes one name at two levels, and that of a wrapper', () => {
    expect(fields({ name: 'a' }, { name: 'g', type: 'group', fields: [{ name: 'a' }] })).toHaveLength(2);
    expect(fields({ name: 'a' }, { name: 'a', type: 'row', fields: [{ name: 'b' }] })).toHaveLength(2);
  });

  it.each<[string, Config]>([
    ['id', { fields: [{ name: 'id' }] }],
    ['created_at', { fields: [{ name: 'created_at' }] }],
    ['_status', { versions: true, fields: [{ name: '_status' }] }],
    ['title', { fields: [{ name: 'Title' }, { name: 'title' }] }],
    [
      'a___b',
      {
        fields: [
          { name: 'a_', type: 'group', fields: [{ name: 'b' }] },
          { name: 'a', type: 'group', fields: [{ name: '_b' }] },
        ],
      },
    ],
    ['d_tz', { fields: [{ name: 'd', type: 'date', picker_appearance: 'dayAndTime', timezone: true }, { name: 'd_tz' }] }],
    ['parent_id', { fields: [{ name: 'rows', type: 'array', fields: [{ name: 'parent_id' }] }] }],
  ])('refuses two owners of the column %s', (column, config) => {
    expect(textOf(config)).toContain(`needs the column '${column}', which`);
  });

  it('takes created_at as a field of a collection without timestamps', () => {
    expect(collection('posts', { timestamps: false, fields: [{ name: 'created_at' }] }).definition.fields).toHaveLength(1);
  });

  it('warns below five levels', () => {
    const nest = (depth: number): Config => ({ name: `g${depth}`, type: 'group', fields: depth === 0 ? [] : [nest(depth - 1)] });
    expect(collection('posts', { fields: [nest(4)] }).warnings).toEqual([]);
    expect(collection('posts', { fields: [nest(5)] }).warnings).toMatchObject([{ code: 'DEFINITION_DEEP' }]);
  });
});
