/** Layouts: which field owns which columns, side tables and indexes. The recorded tables of a whole project: golden.test.ts. */
import { describe, expect, it } from 'vitest';
import {
  columnName,
  companionOf,
  type LayoutSettings,
  layoutOf,
  leavesOf,
  systemColumnsOf,
  type TableLayout,
} from '../../src/content/layout.js';
import { type Config, collection, global } from './support.js';

const leaves = (...fields: Config[]) => leavesOf(collection('posts', { fields }).definition.fields);
const ON: LayoutSettings = { locales: ['en', 'de', 'pt-BR'], defaultLocale: 'en' };
const OFF: LayoutSettings = { locales: [], defaultLocale: 'en' };
const layout = (config: Config, settings = OFF): TableLayout => layoutOf(collection('posts', config).definition, settings);
const column = (config: Config, settings = OFF, rest: Config = {}) => {
  const { leaf: _leaf, ...shown } = layout({ fields: [{ name: 'f', ...config }], ...rest }, settings).columns[0]!;
  return shown;
};

describe('leaves', () => {
  it('come in the order of definition, containers flattened', () => {
    const all = leaves(
      { name: 'title' },
      { name: 'seo', type: 'group', fields: [{ name: 'title' }, { name: 'deep', type: 'group', fields: [{ name: 'x', type: 'number' }] }] },
      { name: 'r', type: 'row', fields: [{ name: 'a', type: 'checkbox' }] },
      { name: 'c', type: 'collapsible', fields: [{ name: 'b' }] },
      { name: 't', type: 'tabs', tabs: [{ label: 'T', fields: [{ name: 'g', type: 'group', fields: [{ name: 'y' }] }] }] },
    );
    expect(all.map(({ key }) => key)).toEqual(['title', 'seo__title', 'seo__deep__x', 'a', 'b', 'g__y']);
    expect(all.map(({ path }) => path.join('/'))).toEqual(['title', 'seo/title', 'seo/deep/x', 'a', 'b', 'g/y']);
    expect(all.map(({ kind }) => kind)).toEqual(['text', 'text', 'number', 'checkbox', 'text', 'text']);
  });

  it.each<[Config, string]>([
    [{ type: 'text', has_many: true }, 'column'],
    [{ type: 'number', has_many: true }, 'column'],
    [{ type: 'json' }, 'column'],
    [{ type: 'relationship', relationship: { collection: 'a' } }, 'column'],
    [{ type: 'relationship' }, 'column'],
    [{ type: 'relationship', relationship: { collection: 'a', has_many: true } }, 'side'],
    [{ type: 'upload', relationship: { collection: 'a', has_many: true } }, 'side'],
    [{ type: 'array' }, 'side'],
    [{ type: 'blocks' }, 'side'],
    [{ type: 'join', collection: 'a', on: 'b' }, 'virtual'],
  ])('%j is stored as %s', (config, storage) => {
    expect(leaves({ name: 'f', ...config })[0]!.storage).toBe(storage);
  });

  it('are localized by themselves or by a group around them', () => {
    const all = leaves(
      { name: 'a', localized: true },
      { name: 'g', type: 'group', localized: true, fields: [{ name: 'x' }, { name: 'h', type: 'group', fields: [{ name: 'y' }] }] },
      { name: 'r', type: 'row', localized: true, fields: [{ name: 'z' }] },
    );
    expect(all.filter((leaf) => leaf.localized).map(({ key }) => key)).toEqual(['a', 'g__x', 'g__h__y']);
  });

  it('name their column by locale', () => {
    const [title, code, zoned] = leaves(
      { name: 'title', localized: true },
      { name: 'code' },
      { name: 'zoned', type: 'date', localized: true, picker_appearance: 'dayAndTime', timezone: true },
    );
    expect(columnName(title!, 'pt-BR')).toBe('title__pt_BR');
    expect(columnName(title!, undefined)).toBe('title');
    expect(columnName(code!, 'de')).toBe('code');
    expect(companionOf(zoned!, 'de')).toEqual({ name: 'zoned_tz__de', companion: 'tz' });
    expect(companionOf(code!, 'de')).toBeUndefined();
  });
});

describe('columns', () => {
  it.each<[Config, Config]>([
    [{ required: true }, { kind: 'text', notNull: true, unique: false, default: undefined }],
    [{ unique: true }, { notNull: false, unique: true }],
    [{ default_value: "it's" }, { default: "'it''s'" }],
    [
      { type: 'number', default_value: 7 },
      { kind: 'number', default: '7' },
    ],
    [{ type: 'number', default_value: 2.5 }, { default: '2.5' }],
    [{ type: 'checkbox' }, { kind: 'checkbox', default: '0' }],
    [{ type: 'checkbox', default_value: true }, { default: '1' }],
    [
      { type: 'checkbox', required: true },
      { notNull: true, default: '0' },
    ],
  ])('of %j', (config, expected) => {
    expect(column(config)).toMatchObject(expected);
  });

  it('carry no NOT NULL with drafts, in globals and under generation 10', () => {
    expect(column({ required: true }, OFF, { versions: true }).notNull).toBe(false);
    expect(column({ required: true }, OFF, { versions: { drafts: false } }).notNull).toBe(true);
    const { definition } = global('settings', { fields: [{ name: 'f', required: true, unique: true }] });
    expect(layoutOf(definition, OFF).columns[0]).toMatchObject({ notNull: false, unique: false });
    expect(
      layoutOf(collection('posts', { fields: [{ name: 'f', required: true }] }).definition, { ...OFF, generation: 10 }).columns[0],
    ).toMatchObject({
      notNull: false,
      filled: true,
    });
  });

  it('of a localized field stand once a locale, NOT NULL only on the default one', () => {
    const { columns } = layout({ fields: [{ name: 'f', localized: true, required: true, unique: true, default_value: 'x' }] }, ON);
    expect(columns.map(({ name, locale, notNull, unique }) => [name, locale, notNull, unique])).toEqual([
      ['f__en', 'en', true, true],
      ['f__de', 'de', false, true],
      ['f__pt_BR', 'pt-BR', false, true],
    ]);
    expect(columns.every((one) => one.default === "'x'")).toBe(true);
    expect(layout({ fields: [{ name: 'f', localized: true }] }, OFF).columns.map(({ name }) => name)).toEqual(['f']);
  });

  it('have companions for zones and languages', () => {
    const { columns } = layout({
      fields: [
        { name: 'd', type: 'date', picker_appearance: 'dayAndTime', timezone: true },
        { name: 'c', type: 'code', admin: { languages: ['lua', 'sql'] } },
        { name: 'plain', type: 'code', admin: { languages: [] } },
      ],
    });
    expect(columns.map(({ name, companion }) => [name, companion])).toEqual([
      ['d', undefined],
      ['d_tz', 'tz'],
      ['c', undefined],
      ['c_lang', 'lang'],
      ['plain', undefined],
    ]);
  });
});

describe('columns of the host', () => {
  const names = (config: Config) => systemColumnsOf(collection('posts', config).definition).map(({ name }) => name);

  it('stand in the order of the reference', () => {
    expect(names({})).toEqual(['_ref_count', 'created_at', 'updated_at']);
    expect(names({ timestamps: false })).toEqual(['_ref_count']);
    expect(names({ versions: true, soft_delete: true, auth: { verify_email: true } })).toEqual([
      ...['_status', '_deleted_at', '_ref_count', '_password_hash', '_reset_token', '_reset_token_exp', '_locked', '_settings'],
      ...['_session_version', '_verified', '_verification_token', '_verification_token_exp', 'created_at', 'updated_at'],
    ]);
    expect(names({ versions: { drafts: false } })).not.toContain('_status');
  });

  it('of a global always have times', () => {
    expect(systemColumnsOf(global('settings', { versions: true }).definition).map(({ name }) => name)).toEqual([
      ...['_status', '_ref_count', 'created_at', 'updated_at'],
    ]);
  });
});

describe('side tables', () => {
  const tables = (fields: Config[], settings = OFF) =>
    layout({ fields }, settings).sideTables.map(({ leaf: _leaf, columns, ...rest }) => ({
      ...rest,
      columns: columns.map(({ name }) => name),
    }));

  it('are named by the groups around the field, not by its wrappers', () => {
    const array = { type: 'array', fields: [{ name: 'x' }] };
    const fields = [
      { name: 'a', ...array },
      { name: 'g', type: 'group', fields: [{ name: 'b', ...array }] },
      { name: 'r', type: 'row', fields: [{ name: 'c', ...array }] },
    ];
    expect(tables(fields).map(({ table }) => table)).toEqual(['posts_a', 'posts_g__b', 'posts_c']);
  });

  it('of arrays have a column for each sub-field', () => {
    const [side] = layout({
      fields: [
        {
          name: 'rows',
          type: 'array',
          fields: [
            { name: 'n', type: 'number' },
            { name: 'r', type: 'row', fields: [{ name: 'inner', type: 'checkbox', default_value: true }] },
            { name: 'box', type: 'group', fields: [{ name: 'x' }] },
            { name: 'sub', type: 'array' },
            { name: 'd', type: 'date', picker_appearance: 'dayAndTime', timezone: true },
            { name: 'links', type: 'relationship', relationship: { collection: 'a', has_many: true } },
            { name: 'j', type: 'join', collection: 'a', on: 'b' },
          ],
        },
      ],
    }).sideTables;
    expect(side!.columns.map(({ name, kind, json, companion }) => [name, kind, json, companion])).toEqual([
      ['n', 'number', false, undefined],
      ['inner', 'checkbox', false, undefined],
      ['box', 'text', true, undefined],
      ['sub', 'text', true, undefined],
      ['d', 'text', false, undefined],
      ['d_tz', 'text', false, 'tz'],
      ['links', 'text', true, undefined],
    ]);
  });

  it('carry a locale only where the field is localized and locales are on', () => {
    const fields = [
      { name: 'a', type: 'array', localized: true },
      { name: 'b', type: 'blocks' },
      {
        name: 'g',
        type: 'group',
        localized: true,
        fields: [{ name: 'c', type: 'relationship', relationship: { collection: ['x', 'y'], has_many: true } }],
      },
    ];
    expect(tables(fields, ON)).toMatchObject([
      { type: 'array', locale: 'en' },
      { type: 'blocks', locale: undefined },
      { type: 'relation', locale: 'en', polymorphic: true },
    ]);
    expect(tables(fields, OFF).every(({ locale }) => locale === undefined)).toBe(true);
  });

  it('of a global hang on its table', () => {
    const { definition } = global('settings', { fields: [{ name: 'lines', type: 'array' }], versions: true });
    expect(layoutOf(definition, OFF)).toMatchObject({
      table: '_global_settings',
      versionsTable: '_versions__global_settings',
      sideTables: [{ table: '_global_settings_lines', parent: '_global_settings' }],
      indexes: [],
      search: undefined,
    });
  });
});

describe('indexes', () => {
  const indexes = (config: Config, settings = OFF) =>
    layout(config, settings)
      .indexes.filter(({ name }) => !name.startsWith('_ml_'))
      .map(({ name, columns, unique, where }) => [name, columns, unique, where]);

  it('of fields, by locale', () => {
    const fields = [
      { name: 'a', index: true },
      { name: 'b', index: true, localized: true },
      { name: 'c', index: true, unique: true },
    ];
    expect(indexes({ fields }, { locales: ['en', 'de'], defaultLocale: 'en' })).toEqual([
      ['idx_posts_a', ['a'], false, undefined],
      ['idx_posts_b__en', ['b__en'], false, undefined],
      ['idx_posts_b__de', ['b__de'], false, undefined],
    ]);
  });

  it('and one of ours, of the default order of find where there are times', () => {
    const own = (config: Config) => layout({ fields: [], ...config }).indexes;
    const newest = { name: '_ml_idx_posts_newest', table: 'posts', columns: ['created_at', 'id'], unique: false };
    expect(own({})).toEqual([newest]);
    expect(own({ versions: { drafts: false }, soft_delete: true })).toEqual([{ ...newest, where: '_deleted_at IS NULL' }]);
    expect(own({ versions: true, soft_delete: true })).toEqual([{ ...newest, where: "_status = 'published' AND _deleted_at IS NULL" }]);
    expect(own({ timestamps: false })).toEqual([]);
  });

  it('that are unique among live documents', () => {
    expect(indexes({ soft_delete: true, fields: [{ name: 'a', unique: true }] })).toEqual([
      ['idx_posts_a_active_unique', ['a'], true, '_deleted_at IS NULL'],
    ]);
  });

  it('of several fields, the default locale of localized ones', () => {
    const config = {
      fields: [
        { name: 'a', localized: true },
        { name: 'g', type: 'group', fields: [{ name: 'b' }] },
      ],
    };
    expect(indexes({ ...config, indexes: [{ fields: ['a', 'g__b', 'created_at'], unique: true }] }, ON)).toEqual([
      ['idx_posts_a_g__b_created_at', ['a__en', 'g__b', 'created_at'], true, undefined],
    ]);
    expect(indexes({ ...config, indexes: [{ fields: ['a', 'nowhere'] }] })).toEqual([]);
  });
});

describe('search', () => {
  const searched = (config: Config, settings = OFF) => layout(config, settings).search?.columns;

  it('covers text-like fields at the top and in rows, one column a locale', () => {
    const fields = [
      { name: 'a' },
      { name: 'b', type: 'textarea', localized: true },
      { name: 'n', type: 'number' },
      { name: 's', type: 'select' },
      { name: 'r', type: 'row', fields: [{ name: 'c', type: 'email', hidden: true }] },
      { name: 'g', type: 'group', fields: [{ name: 'd' }] },
      { name: 't', type: 'tabs', tabs: [{ label: 'T', fields: [{ name: 'e' }] }] },
      { name: 'rank' },
    ];
    expect(searched({ fields }, { locales: ['en', 'de'], defaultLocale: 'en' })).toEqual(['a', 'b__en', 'b__de', 'c']);
  });

  it('follows list_searchable_fields, and leaves out what is not there', () => {
    const fields = [{ name: 'a' }, { name: 'b' }, { name: 'rows', type: 'array' }];
    expect(searched({ fields, admin: { list_searchable_fields: ['b', 'rows', 'nowhere', 'b'] } })).toEqual(['b']);
  });

  it('is missing where nothing is text', () => {
    expect(searched({ fields: [{ name: 'n', type: 'number' }] })).toBeUndefined();
  });
});
