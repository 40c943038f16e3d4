/** crap.collections.define and crap.globals.define: every option, its default, and the texts of what is refused in both generations. */
import { describe, expect, it } from 'vitest';
import { Float } from '../../src/domain/json.js';
import { type Config, collection, global, refusal } from './support.js';

const textOf = (config: Config) => refusal(() => collection('posts', config)).message;

describe('collections', () => {
  it('has the defaults of the reference', () => {
    const { definition, warnings } = collection('posts', {});
    expect(definition).toMatchObject({
      slug: 'posts',
      labels: {},
      timestamps: true,
      admin: {},
      fields: [],
      access: {},
      indexes: [],
      softDelete: false,
      file: 'collections/posts.lua',
      line: 3,
    });
    for (const key of ['auth', 'upload', 'live', 'versions', 'softDeleteRetention', 'mcpDescription'] as const) {
      expect(definition[key]).toBeUndefined();
    }
    expect(Object.values(definition.hooks)).toEqual(Array(8).fill([]));
    expect(warnings).toEqual([]);
  });

  it('reads every option', () => {
    const { definition, warnings } = collection('posts', {
      labels: { singular: 'Post', plural: { en: 'Posts', de: 'Beiträge' } },
      timestamps: false,
      admin: { use_as_title: 'title', default_sort: '-title', hidden: true, list_searchable_fields: ['title'] },
      fields: [{ name: 'title', type: 'text' }],
      hooks: { before_change: ['hooks.a.b', { ref: 'hooks.c', options: { deep: [1, 2] } }], after_delete: ['x'] },
      access: {
        read: 'access.read',
        create: 'access.create',
        update: 'access.update',
        delete: { ref: 'access.delete' },
        trash: 'access.trash',
      },
      live: { mode: 'full', filter: 'live.filter' },
      versions: { drafts: false, max_versions: 5 },
      indexes: [{ fields: ['title', 'created_at'], unique: true }, { fields: ['title'] }],
      soft_delete: true,
      soft_delete_retention: '30d',
      mcp: { description: 'All posts' },
    });
    expect(warnings).toEqual([]);
    expect(definition).toMatchObject({
      labels: { singular: 'Post', plural: { en: 'Posts', de: 'Beiträge' } },
      timestamps: false,
      admin: { use_as_title: 'title', default_sort: '-title', hidden: true, list_searchable_fields: ['title'] },
      hooks: { before_change: [{ ref: 'hooks.a.b' }, { ref: 'hooks.c', options: { deep: [1, 2] } }], after_delete: [{ ref: 'x' }] },
      access: { read: { ref: 'access.read' }, delete: { ref: 'access.delete' }, trash: { ref: 'access.trash' } },
      live: { mode: 'full', filter: 'live.filter' },
      versions: { drafts: false, maxVersions: 5 },
      indexes: [
        { fields: ['title', 'created_at'], unique: true },
        { fields: ['title'], unique: false },
      ],
      softDelete: true,
      softDeleteRetention: '30d',
      mcpDescription: 'All posts',
    });
  });

  it.each([
    ['versions', true, { drafts: true, maxVersions: 0 }],
    ['versions', {}, { drafts: true, maxVersions: 0 }],
    ['versions', false, undefined],
    ['live', false, false],
    ['live', 'hooks.live', 'hooks.live'],
    ['upload', false, undefined],
    ['auth', false, undefined],
  ])('reads %s = %j', (key, written, read) => {
    expect(collection('posts', { [key]: written }).definition[key as 'live']).toEqual(read);
  });

  it('reads a retention only beside soft_delete', () => {
    expect(collection('posts', { soft_delete_retention: '30d' }).definition.softDeleteRetention).toBeUndefined();
    expect(collection('posts', { soft_delete: true, soft_delete_retention: 3600 }).definition.softDeleteRetention).toBe('3600');
  });

  it.each([
    ['', 'Slug cannot be empty'],
    ['My-Posts', "Invalid slug 'My-Posts' — use lowercase letters, digits, and underscores only"],
    ['_posts', 'Slug cannot start with underscore'],
  ])('refuses the slug %j', (slug, text) => {
    const error = refusal(() => collection(slug, {}));
    expect(error.message).toBe(`Failed to parse collection '${slug}': ${text}`);
    expect(error.prefixed).toBe(true);
  });

  it.each([
    [{ timestamps: 'yes' }, "Field config key 'timestamps' expected a boolean, got string"],
    [{ soft_delete: 1 }, "Field config key 'soft_delete' expected a boolean, got integer"],
    [{ admin: { hidden: 1.5 } }, "Field config key 'hidden' expected a boolean, got number"],
    [{ versions: { drafts: {} } }, "Field config key 'drafts' expected a boolean, got table"],
    [{ auth: { verify_email: 'no' } }, "Field config key 'verify_email' expected a boolean, got string"],
  ])('refuses %j', (config, text) => {
    expect(textOf(config)).toBe(`Failed to parse collection 'posts': runtime error: ${text}`);
  });

  it('refuses elements of hook lists that are no text', () => {
    const text = "Failed to parse collection 'posts': error converting Lua table to String (expected string or number)";
    expect(textOf({ hooks: { before_change: [{}] } })).toBe(text);
    expect(textOf({ hooks: { before_change: [() => {}] } })).toContain('error converting Lua function to String');
  });

  it('can be sent to another thread', () => {
    const { definition } = collection('posts', {
      fields: [{ name: 'n', type: 'number', default_value: new Float(3), min: new Float(1), admin: { step: new Float(2) } }],
    });
    expect(structuredClone(definition)).toEqual(definition);
    expect(definition.fields[0]).toMatchObject({ defaultValue: 3, min: 1, admin: { step: 2 } });
  });
});

describe('auth', () => {
  it('puts an email field in front', () => {
    const { definition } = collection('people', { auth: true, fields: [{ name: 'name', type: 'text' }] });
    expect(definition.fields.map(({ name }) => name)).toEqual(['email', 'name']);
    expect(definition.fields[0]).toMatchObject({ type: 'email', required: true, unique: true });
    expect(definition.auth).toEqual({
      token_expiry: 7200,
      disable_local: false,
      verify_email: false,
      forgot_password: true,
      strategies: [],
    });
  });

  it('keeps an email field of the project, also one in a row', () => {
    const own = collection('people', { auth: true, fields: [{ name: 'name' }, { name: 'email', type: 'email' }] }).definition;
    expect(own.fields.map(({ name }) => name)).toEqual(['name', 'email']);
    const inRow = collection('people', { auth: true, fields: [{ name: 'r', type: 'row', fields: [{ name: 'email', type: 'email' }] }] });
    expect(inRow.definition.fields.map(({ name }) => name)).toEqual(['r']);
  });

  it('reads its options', () => {
    const { definition } = collection('people', {
      auth: { token_expiry: 60, verify_email: true, mfa: 'email', strategies: [{ name: 'key', authenticate: 'auth.key' }] },
    });
    expect(definition.auth).toMatchObject({
      token_expiry: 60,
      verify_email: true,
      mfa: 'email',
      strategies: [{ name: 'key', authenticate: 'auth.key' }],
    });
  });
});

describe('upload', () => {
  const names = (upload: unknown, own: Config[] = []) =>
    collection('media', { upload, fields: own }).definition.fields.map(({ name }) => name);
  const BASE = ['filename', 'mime_type', 'filesize', 'width', 'height', 'url', 'focal_x', 'focal_y'];

  it('puts its fields in front', () => {
    expect(names(true, [{ name: 'alt' }])).toEqual([...BASE, 'alt']);
  });

  it('adds fields for each image size and format', () => {
    const upload = { image_sizes: [{ name: 'thumb', width: 100, height: 100 }], format_options: { webp: { quality: 80 } } };
    expect(names(upload)).toEqual([...BASE, 'thumb_url', 'thumb_width', 'thumb_height', 'thumb_webp_url']);
  });

  it('takes sizes by name too, in the order of their names', () => {
    const { definition, warnings } = collection('media', {
      upload: { image_sizes: { wide: { width: 9 }, card: { width: 3, name: 'x' } } },
      fields: [],
    });
    expect(definition.upload).toEqual({
      image_sizes: [
        { name: 'card', width: 3 },
        { name: 'wide', width: 9 },
      ],
    });
    expect(definition.fields.map(({ name }) => name).slice(8)).toEqual(
      ['card', 'wide'].flatMap((name) => [`${name}_url`, `${name}_width`, `${name}_height`]),
    );
    expect(warnings).toEqual([]);
  });

  it('tells of sizes that are none', () => {
    const texts = (image_sizes: unknown) =>
      collection('media', { upload: { image_sizes }, fields: [] }).warnings.map(({ message }) => message.split(': ')[1]);
    expect(texts('thumb')).toEqual(["'upload.image_sizes' expected a list of tables, got string; it is ignored"]);
    expect(texts([{ width: 1 }])).toEqual(["'upload.image_sizes' expected a name in each size, got one without; it is ignored"]);
    expect(refusal(() => texts([{ name: 'a b' }])).message).toContain("Invalid image size name 'a b'");
  });

  it('does not add fields twice when a definition is read back and defined again', () => {
    expect(names(true, [{ name: 'filename', required: true }, { name: 'url' }]).filter((name) => name === 'filename')).toHaveLength(1);
  });

  it('reads sizes as texts and numbers', () => {
    const size = (max: unknown) => collection('media', { upload: { max_file_size: max } }).definition.upload!['max_file_size'];
    expect([size('1MB'), size(5000), size('2kb')]).toEqual([1_048_576, 5000, 2048]);
  });
});

describe('globals', () => {
  it('reads its options', () => {
    const { definition, warnings } = global('settings', {
      labels: { singular: 'Settings' },
      fields: [{ name: 'site', required: true }],
      hooks: { before_read: ['h'] },
      access: { read: 'a' },
      live: false,
      versions: true,
      mcp: { description: 'd' },
    });
    expect(warnings).toEqual([]);
    expect(definition).toMatchObject({
      slug: 'settings',
      labels: { singular: 'Settings' },
      hooks: { before_read: [{ ref: 'h' }] },
      access: { read: { ref: 'a' } },
      live: false,
      versions: { drafts: true, maxVersions: 0 },
      mcpDescription: 'd',
      file: 'globals/settings.lua',
      line: 1,
    });
  });

  it('warns of index and unique, at every level', () => {
    const { warnings } = global('settings', {
      fields: [
        { name: 'a', unique: true },
        { name: 'r', type: 'row', fields: [{ name: 'b', index: true }] },
      ],
    });
    expect(warnings.map(({ message }) => message)).toEqual([
      "global 'settings': Field 'a': unique has no effect in a global",
      "global 'settings': Field 'b': index has no effect in a global",
    ]);
  });

  it('refuses in its own words', () => {
    expect(refusal(() => global('settings', { fields: [{}] })).message).toBe("Failed to parse global 'settings': Field missing 'name'");
  });
});
