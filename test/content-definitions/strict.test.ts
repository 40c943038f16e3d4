/** What the reference ignores in silence: a warning under generation 8, an error under 10; what is an error in both. */
import { describe, expect, it } from 'vitest';
import { renderCollection } from '../../src/content/render-config.js';
import { type Config, collection, refusal } from './support.js';

const field = (config: Config): Config => ({ fields: [{ name: 'f', ...config }] });

const IGNORED: [string, Config, string, string][] = [
  ['hooks given as text', { hooks: { before_change: 'hooks.a' } }, 'hooks.before_change', 'expected a list of function names, got string'],
  [
    'hooks given as a function',
    { hooks: { before_change: () => {} } },
    'hooks.before_change',
    'expected a list of function names, got function',
  ],
  ['hooks that are no table', { hooks: 'x' }, 'hooks', "expected a table, got string 'x'"],
  ['fields that are no table', { fields: 'title' }, 'fields', "expected a list of field tables, got string 'title'"],
  ['fields by name', { fields: { title: {} } }, 'fields', "expected a list of field tables, got a table with the key 'title'"],
  ['versions given as text', { versions: 'yes' }, 'versions', 'expected true or a table, got string'],
  ['auth given as text', { auth: 'yes' }, 'auth', 'expected true or a table, got string'],
  ['upload given as a number', { upload: 1 }, 'upload', 'expected true or a table, got integer'],
  ['live given as a number', { live: 1 }, 'live', 'got integer'],
  ['an access rule that is no text', { access: { read: true } }, 'access.read', 'expected the name of a function, got boolean'],
  ['an index without fields', { indexes: [{ unique: true }] }, 'indexes[1]', 'names no fields'],
  ['a retention that is none', { soft_delete: true, soft_delete_retention: 'a month' }, 'soft_delete_retention', "got 'a month'"],
  ['a length that is no number', field({ min_length: 'two' }), 'fields[1].min_length', "expected a non-negative integer, got string 'two'"],
  ['a negative length', field({ max_length: -1 }), 'fields[1].max_length', 'expected a non-negative integer, got integer'],
  ['a bound that is no number', field({ type: 'number', min: {} }), 'fields[1].min', 'expected a number, got table'],
  ['a default that is a table', field({ type: 'json', default_value: [1] }), 'fields[1].default_value', 'got table'],
  ['a validator that is a function', field({ validate: () => {} }), 'fields[1].validate', 'expected the name of a function, got function'],
  ['an admin that is no table', field({ admin: 'x' }), 'fields[1].admin', 'expected a table'],
  ['a label that is a number of no use', { labels: { singular: true } }, 'labels.singular', 'got boolean'],
  ['a size that is none', { upload: { max_file_size: 'big' } }, 'upload.max_file_size', "got string 'big'"],
];

const UNKNOWN: [string, Config, string, string][] = [
  ['collection', { no_such_option: 1 }, 'no_such_option', "Unknown collection config key 'no_such_option'. Valid keys: labels, "],
  ['collection', { timestamp: true }, 'timestamp', "'timestamp' (did you mean 'timestamps'?)"],
  ['field', field({ requierd: true }), 'fields[1].requierd', "Unknown field config key 'requierd' (did you mean 'required'?)"],
  ['hooks', { hooks: { after_save: ['x'] } }, 'hooks.after_save', "Unknown hooks config key 'after_save'"],
  ['access', { access: { reed: 'x' } }, 'access.reed', "(did you mean 'read'?)"],
  ['versions', { versions: { draft: true } }, 'versions.draft', "(did you mean 'drafts'?)"],
  [
    'relationship',
    field({ type: 'relationship', relationship: { collection: 'a', hasMany: true } }),
    'fields[1].relationship.hasMany',
    "'has_many'",
  ],
  ['block', field({ type: 'blocks', blocks: [{ type: 'a', name: 'a' }] }), 'fields[1].blocks[1].name', 'Unknown block config key'],
  ['auth', { auth: { tokenExpiry: 1 } }, 'auth.tokenExpiry', "'token_expiry'"],
];

describe.each([
  ['ignored', IGNORED],
  ['unknown', UNKNOWN],
])('%s', (kind, cases) => {
  it.each(cases)('%s %j', (_what, config, path, text) => {
    const { definition, warnings } = collection('posts', config);
    expect(definition.slug).toBe('posts');
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatchObject({
      severity: 'warning',
      code: kind === 'unknown' ? 'DEFINITION_UNKNOWN_KEY' : 'DEFINITION_VALUE_IGNORED',
      file: 'collections/posts.lua',
      line: 3,
      field: path,
    });
    expect(warnings[0]!.message).toContain("collection 'posts': ");
    expect(warnings[0]!.message).toContain(text);
    const error = refusal(() => collection('posts', config, 10));
    expect(error.message).toMatch(/^Failed to parse collection 'posts': /);
    expect(error.message).toContain(text);
    expect(error.details['problems']).toMatchObject([{ severity: 'error', field: path, line: 3 }]);
  });
});

describe('an unknown type', () => {
  const TYPES =
    'Valid types: text, number, textarea, richtext, select, radio, checkbox, date, email, json, code, relationship, upload, array, group, blocks, row, collapsible, tabs, join';

  it('is taken for text with a warning, as in the reference', () => {
    const { definition, warnings } = collection('posts', field({ type: 'texte' }));
    expect(definition.fields[0]).toMatchObject({ name: 'f', type: 'text' });
    expect(warnings).toMatchObject([
      {
        code: 'DEFINITION_UNKNOWN_TYPE',
        field: 'fields[1].type',
        message: `collection 'posts': Field 'f': unknown type 'texte' (did you mean 'text'?); it is taken for text. ${TYPES}`,
      },
    ]);
  });

  it('is an error under generation 10', () => {
    const error = refusal(() => collection('posts', field({ type: 'texte' }), 10));
    expect(error.code).toBe('DEFINITION_UNKNOWN_TYPE');
    expect(error.message).toBe(`Failed to parse collection 'posts': Field 'f': unknown type 'texte' (did you mean 'text'?). ${TYPES}`);
    expect(error.remedy).toBe('write type = "text"');
  });
});

describe.each([8, 10] as const)('in generation %i', (generation) => {
  it.each([
    ['a collection', { access: { read: () => {} } }, 'access.read'],
    ['a field', field({ access: { update: () => {} } }), 'fields[1].access.update'],
  ])('a function as an access rule of %s is an error', (_where, config, path) => {
    const error = refusal(() => collection('posts', config, generation));
    expect(error.code).toBe('DEFINITION_ACCESS_FUNCTION');
    expect(error.message).toContain(`'${path}' expected the name of a function, got a function`);
    expect(error.remedy).toContain('module.function');
  });

  it('everything that is wrong is told at once, with its place', () => {
    const config = {
      fields: [{ type: 'text' }, { name: 'a', unique: 'yes' }, { name: 'ok' }, { name: 'b c' }],
      access: { read: () => {} },
    };
    const error = refusal(() => collection('posts', config, generation));
    expect((error.details['problems'] as { field: string }[]).map((problem) => problem.field)).toEqual([
      'fields[1]',
      'fields[2]',
      'fields[4]',
      'access.read',
    ]);
    expect(error.message).toMatch(/Field missing 'name'; runtime error: Field config key 'unique' expected a boolean, got string/);
  });

  it('keys of no effect on a type are warnings', () => {
    const { warnings } = collection('posts', field({ type: 'text', blocks: [], timezone: true }), generation);
    expect(warnings.map((warning) => warning.field)).toEqual(['fields[1].blocks', 'fields[1].timezone']);
  });
});

describe('generation 10', () => {
  it.each<[string, Config, string]>([
    ['a reserved prefix', { slug: 'many_posts' }, "Slug cannot start with 'many_'"],
    ['the other reserved prefix', { slug: 'by_id_posts' }, "Slug cannot start with 'by_id_'"],
    ['the other reserved ending', field({ name: 'my_lang' }), "Field name 'my_lang' is reserved"],
    ['a reserved name', field({ name: 'parent_id' }), "Field name 'parent_id' is reserved"],
    ['a reserved ending', field({ name: 'my_tz' }), "Field name 'my_tz' is reserved"],
    ['a reserved name in rows', field({ type: 'array', fields: [{ name: '_own' }] }), "Field name '_own' is reserved"],
    ['an email field that is none', { auth: true, fields: [{ name: 'email', type: 'text' }] }, "Field 'email' of an auth collection"],
    ['a block type that is no slug', field({ type: 'blocks', blocks: [{ type: 'My Block' }] }), "Block type 'My Block'"],
    ['a slug that hides a function', { slug: 'find' }, "Slug 'find' would hide crap.collections.find"],
    ['integer on a text', field({ integer: true }), 'integer is for number fields'],
  ])('refuses %s', (_what, { slug = 'posts', ...config }, text) => {
    expect(refusal(() => collection(slug as string, config, 10)).message).toContain(text);
    expect(collection(slug as string, config).definition.slug).toBe(slug);
  });

  it('reads its own options', () => {
    const { definition } = collection(
      'posts',
      {
        access: { draft: 'a.draft', mcp: 'a.mcp' },
        fields: [{ name: 'n', type: 'number', integer: true, required_when: 'r.when', required_locales: ['en'] }],
        auth: { enabled: false },
      },
      10,
    );
    expect(definition.access).toEqual({ draft: { ref: 'a.draft' }, mcp: { ref: 'a.mcp' } });
    expect(definition.fields[0]).toMatchObject({ integer: true, requiredWhen: { ref: 'r.when' }, requiredLocales: ['en'] });
    expect(definition.auth).toBeUndefined();
  });

  it('keeps the methods of auth for crap-cms, also for plugins that define the collection again', () => {
    const methods = { password: true, api_key: { header: 'x-key' } };
    const { definition, warnings } = collection('users', { auth: { enabled: true, methods } }, 10);
    expect(warnings).toEqual([]);
    expect(definition.auth).toMatchObject({ methods, token_expiry: 7200 });
    expect(renderCollection(definition)).toMatchObject({ auth: { methods } });
  });

  it('leaves reserved names inside groups alone', () => {
    expect(collection('posts', field({ type: 'group', fields: [{ name: 'id' }] }), 10).definition.fields).toHaveLength(1);
  });
});
