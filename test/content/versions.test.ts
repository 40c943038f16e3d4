import { afterEach, describe, expect, it } from 'vitest';
import { openStage, raise, type Stage, type StageOptions } from './support.js';

let stage: Stage;
afterEach(() => stage.dispose());

const FIELDS = [
  { name: 'title', type: 'text', required: true },
  { name: 'body', type: 'textarea' },
  { name: 'n', type: 'number' },
  { name: 'on', type: 'checkbox' },
  { name: 'day', type: 'date', timezone: true, picker_appearance: 'dayAndTime' },
  { name: 'words', type: 'text', has_many: true },
  { name: 'numbers', type: 'number', has_many: true },
  { name: 'secret', type: 'text', hidden: true },
  {
    name: 'lines',
    type: 'array',
    fields: [
      { name: 'label', type: 'text', required: true },
      { name: 'n', type: 'number' },
    ],
  },
  { name: 'parts', type: 'blocks', blocks: [{ type: 'quote', fields: [{ name: 'text', type: 'text' }] }] },
  { name: 'links', type: 'relationship', relationship: { collection: 'targets', has_many: true } },
  {
    name: 'meta',
    type: 'group',
    fields: [
      { name: 'leaf', type: 'text' },
      { name: 'links', type: 'relationship', relationship: { collection: ['targets'], has_many: true } },
    ],
  },
];

function open(options: StageOptions = {}, config: object = {}): void {
  stage = openStage({
    collections: {
      targets: { fields: [{ name: 'name', type: 'text' }] },
      articles: { versions: true, fields: FIELDS, ...config },
      ledger: { versions: { drafts: false, max_versions: 2 }, fields: FIELDS },
      plain: { fields: FIELDS },
    },
    ...options,
  });
}
const history = (id: string, slug = 'articles') =>
  stage.versions(slug, id).map(({ version, status, latest }) => `${version} ${status}${latest ? ' latest' : ''}`);
const versionId = (id: string, n: number, slug = 'articles') => stage.versions(slug, id).find(({ version }) => version === n)?.id ?? '';
const DRAFT = { draft: true };

describe('versions', () => {
  it('are one a write, and the newest is the latest', () => {
    open();
    const { id } = stage.create('articles', { title: 'a' });
    stage.update('articles', id, { title: 'b' });
    stage.update('articles', id, { title: 'c' }, DRAFT);
    stage.updateMany('articles', {}, { body: 'b' });
    expect(history(id)).toEqual(['4 published latest', '3 draft', '2 published', '1 published']);
  });

  it('beyond max_versions go, the oldest first, and numbers go on', () => {
    open();
    const { id } = stage.create('ledger', { title: '1' });
    for (const title of ['2', '3', '4']) stage.update('ledger', id, { title });
    expect(history(id, 'ledger')).toEqual(['4 published latest', '3 published']);
  });

  it('go with their document', () => {
    open();
    const { id } = stage.create('articles', { title: 'a' });
    stage.remove('articles', id);
    expect(stage.rows('SELECT * FROM _versions_articles')).toEqual([]);
  });

  it('are not left by a write that fails', () => {
    open({ functions: { 'hooks.fail': () => raise('no') } }, { hooks: { after_change: ['hooks.fail'] } });
    expect(stage.failure(() => stage.create('articles', { title: 'a' }))).toContain('no');
    expect(stage.rows('SELECT * FROM _versions_articles')).toEqual([]);
  });

  it('are listed in pages', () => {
    open();
    const { id } = stage.create('articles', { title: '1' });
    for (const title of ['2', '3']) stage.update('articles', id, { title });
    const list = (options: object) => {
      const { docs, pagination } = stage.listVersions('articles', id, options) as { docs: { version: number }[]; pagination: object };
      return { numbers: docs.map(({ version }) => version), ...pagination };
    };
    expect(list({})).toMatchObject({ numbers: [3, 2, 1], limit: 3, totalDocs: 3, totalPages: 1, hasNextPage: false });
    expect(list({ limit: 2 })).toMatchObject({ numbers: [3, 2], limit: 2, totalPages: 2, hasNextPage: true, nextPage: 2 });
    expect(list({ limit: 2, offset: 2 })).toMatchObject({ numbers: [1], page: 2, hasPrevPage: true });
    expect(list({ offset: 1 })).toMatchObject({ numbers: [2, 1], pageStart: 2 });
    expect(list({ limit: -1 })).toMatchObject({ numbers: [3, 2, 1], totalPages: 1 });
    expect(list({ limit: 0 })).toMatchObject({ numbers: [], totalPages: 1 });
    expect(stage.listVersions('articles', 'nope')).toMatchObject({ docs: [], pagination: { totalDocs: 0, limit: 0, totalPages: 0 } });
    expect(stage.failure(() => stage.listVersions('plain', id))).toBe("runtime error: Collection 'plain' does not have versioning enabled");
  });

  it('are listed under the key of the generation, for those whom its rule lets', () => {
    const no = { 'access.no': () => false };
    open({ functions: no }, { access: { read: 'access.no' } });
    const { id } = stage.create('articles', { title: '1' });
    expect(stage.failure(() => stage.listVersions('articles', id))).toBe('runtime error: Read access denied');
    expect(stage.listVersions('articles', id, { overrideAccess: true })['docs']).toMatchObject([{ version: 1 }]);
    stage.ctx.settings.generation = 10;
    expect(stage.listVersions('articles', id)['documents']).toMatchObject([{ version: 1 }]);
  });
});

describe('drafts of a document', () => {
  it('leave its row as it is, also for after_change', () => {
    const seen: unknown[] = [];
    open(
      { functions: { 'hooks.after': (ctx: { draft: boolean }) => void seen.push(ctx.draft) } },
      { hooks: { after_change: ['hooks.after'] } },
    );
    const { id } = stage.create('articles', { title: 'public', lines: [{ label: 'one' }] });
    const returned = stage.update('articles', id, { title: 'hidden', lines: [{ label: 'two' }] }, DRAFT);
    expect(returned).toMatchObject({ title: 'public', _status: 'published', lines: [{ label: 'one' }] });
    expect(stage.findById('articles', id)).toMatchObject({ title: 'public' });
    expect(stage.find('articles', DRAFT).documents).toMatchObject([{ title: 'public' }]);
    expect(stage.findById('articles', id, DRAFT)).toMatchObject({ title: 'hidden', _status: 'draft', lines: [{ label: 'two' }] });
    expect(seen).toEqual([false, true]);
  });

  it('regression: build on the newest draft', () => {
    open();
    const { id } = stage.create('articles', { title: 'first' }, DRAFT);
    stage.update('articles', id, { title: 'second', meta: { leaf: 'l' } }, DRAFT);
    stage.update('articles', id, { body: 'third' }, DRAFT);
    expect(stage.findById('articles', id, DRAFT)).toMatchObject({ title: 'second', body: 'third', meta: { leaf: 'l' } });
    expect(stage.findById('articles', id)).toMatchObject({ title: 'first', _status: 'draft' });
  });

  it('read back whatever they hold, cut to what is selected and without hidden fields', () => {
    open();
    const target = stage.create('targets', { name: 't' }).id;
    const { id } = stage.create('articles', { title: 't' });
    const data = {
      n: 1,
      on: true,
      day: '2026-01-02T03:04',
      day_tz: 'Europe/Berlin',
      words: ['a', 'b'],
      numbers: [1, 2],
      secret: 's',
      parts: [{ _block_type: 'quote', text: 'q' }],
      links: target,
      meta: { links: [`targets/${target}`] },
    };
    stage.update('articles', id, data, DRAFT);
    const draft = stage.findById('articles', id, DRAFT);
    expect(draft).toMatchObject({
      on: 1,
      day: '2026-01-02T02:04:00.000Z',
      day_tz: 'Europe/Berlin',
      words: '["a","b"]',
      numbers: '[1,2]',
      parts: [{ _block_type: 'quote', text: 'q' }],
      links: [target],
      meta: { links: [`targets/${target}`] },
    });
    expect(draft).not.toHaveProperty('secret');
    expect(Object.keys(stage.findById('articles', id, { draft: true, select: ['on', 'links'] }) ?? {})).toEqual(['id', 'on', 'links']);
    stage.restoreVersion('articles', id, versionId(id, 2));
    expect(stage.findById('articles', id)).toMatchObject({ numbers: '[1,2]', words: '["a","b"]', day: '2026-01-02T02:04:00.000Z' });
    expect(stage.rows('SELECT secret FROM articles')).toEqual([{ secret: 's' }]);
  });

  it('are checked but for what is required, and need their document', () => {
    open({}, { fields: [...FIELDS, { name: 'code', type: 'text', unique: true }] });
    stage.create('articles', { title: 'a', code: 'used' });
    const { id } = stage.create('articles', { title: 'b' });
    expect(stage.failure(() => stage.update('articles', id, { code: 'used' }, DRAFT))).toBe(
      'runtime error: update error: Validation failed: code: code must be unique',
    );
    expect(stage.update('articles', id, { title: '' }, DRAFT)).toMatchObject({ title: 'b' });
    expect(stage.failure(() => stage.update('articles', 'nope', { title: 'x' }, DRAFT))).toBe(
      'runtime error: update error: Document nope not found in articles',
    );
  });

  it('count no references; the rows of documents that were created as drafts do', () => {
    open();
    const [a, b] = [stage.create('targets', {}).id, stage.create('targets', {}).id];
    const counts = () => [stage.refCount('targets', a), stage.refCount('targets', b)];
    const { id } = stage.create('articles', { title: 't', links: [a] }, DRAFT);
    expect(counts()).toEqual([1, 0]);
    stage.update('articles', id, { links: [b] }, DRAFT);
    expect(counts()).toEqual([1, 0]);
    stage.update('articles', id, { title: 'x' });
    expect(counts()).toEqual([1, 0]);
    stage.restoreVersion('articles', id, versionId(id, 2));
    expect(counts()).toEqual([0, 1]);
    stage.remove('articles', id);
    expect(counts()).toEqual([0, 0]);
  });

  it('regression: are hidden from those whose constraint does not match the row', () => {
    open({ functions: { 'access.mine': () => ({ title: 'mine' }) } }, { access: { read: 'access.mine' } });
    const { id } = stage.create('articles', { title: 'theirs' });
    stage.update('articles', id, { title: 'mine' }, DRAFT);
    expect(stage.findById('articles', id, DRAFT)).toBeUndefined();
    expect(stage.findById('articles', id, { draft: true, overrideAccess: true })).toMatchObject({ title: 'mine' });
  });

  it.each([8, 10] as const)(
    'are published with what they changed in generation 10, stay aside in generation 8 (generation %d)',
    (generation) => {
      open({ settings: { generation } });
      const { id } = stage.create('articles', { title: 'public', lines: [{ label: 'one' }] });
      stage.update('articles', id, { title: 'draft', lines: [{ label: 'two' }] }, DRAFT);
      const published = stage.update('articles', id, { body: 'b' });
      expect(published).toMatchObject(
        generation === 10
          ? { title: 'draft', body: 'b', lines: [{ label: 'two' }] }
          : { title: 'public', body: 'b', lines: [{ label: 'one' }] },
      );
      expect(stage.findById('articles', id, DRAFT)).toMatchObject({ _status: 'published' });
    },
  );
});

describe('restore_version', () => {
  it('regression: brings back the complete document and returns it', () => {
    open();
    const [a, b] = [stage.create('targets', {}).id, stage.create('targets', {}).id];
    const first = {
      title: 'one',
      body: 'b',
      n: 1.5,
      lines: [{ label: 'l1', n: 2 }],
      links: [a],
      meta: { leaf: 'x', links: [`targets/${a}`] },
    };
    const { id } = stage.create('articles', first);
    const before = stage.findById('articles', id);
    stage.update('articles', id, { title: 'two', body: '', lines: [], links: [b], meta: { leaf: 'y', links: [] }, on: true });
    const restored = stage.restoreVersion('articles', id, versionId(id, 1));
    const { lines, ...rest } = before as unknown as { lines: { id: string }[] };
    expect(restored).toMatchObject({ ...rest, lines: lines.map(({ id: _id, ...row }) => row) });
    expect(stage.findById('articles', id)).toEqual(restored);
    expect(history(id)).toEqual(['3 published latest', '2 published', '1 published']);
  });

  it('runs no hooks and validates', () => {
    let calls = 0;
    const count = () => void calls++;
    const hooks = { before_validate: ['hooks.count'], before_change: ['hooks.count'], after_change: ['hooks.count'] };
    open({ functions: { 'hooks.count': count } }, { hooks });
    const { id } = stage.create('articles', {}, DRAFT);
    stage.update('articles', id, { title: 'x' });
    calls = 0;
    expect(stage.failure(() => stage.restoreVersion('articles', id, versionId(id, 1)))).toBe(
      'runtime error: Validation failed: title: title is required',
    );
    stage.restoreVersion('articles', id, versionId(id, 2));
    expect(calls).toBe(0);
  });

  it('regression: refuses versions of other documents', () => {
    open();
    const mine = stage.create('articles', { title: 'mine' }).id;
    const theirs = stage.create('articles', { title: 'theirs' }).id;
    const foreign = versionId(theirs, 1);
    expect(stage.failure(() => stage.restoreVersion('articles', mine, foreign))).toBe(`runtime error: Version '${foreign}' not found`);
    expect(stage.findById('articles', mine)).toMatchObject({ title: 'mine' });
  });

  it.each([8, 10] as const)(
    'works without drafts, publishes in generation 8 and keeps the status in generation 10 (generation %d)',
    (generation) => {
      open({ settings: { generation } });
      const entry = stage.create('ledger', { title: 'a' }).id;
      stage.update('ledger', entry, { title: 'b' });
      expect(stage.restoreVersion('ledger', entry, versionId(entry, 1, 'ledger'))).toMatchObject({ title: 'a' });
      const { id } = stage.create('articles', { title: 'public' });
      stage.update('articles', id, { title: 'draft' }, DRAFT);
      const restored = stage.restoreVersion('articles', id, versionId(id, 2));
      expect(restored).toMatchObject({ title: 'draft', _status: generation === 10 ? 'draft' : 'published' });
    },
  );

  it('restores every locale', () => {
    open({
      collections: {
        texts: {
          versions: true,
          fields: [
            { name: 'title', type: 'text', localized: true },
            { name: 'lines', type: 'array', localized: true, fields: [{ name: 'label', type: 'text' }] },
          ],
        },
      },
      settings: { locale: { default: 'en', locales: ['en', 'de'], fallback: false } },
    });
    const de = { locale: 'de' };
    const { id } = stage.create('texts', { title: 'one', lines: [{ label: 'e' }] });
    stage.update('texts', id, { title: 'eins', lines: [{ label: 'd' }] }, de);
    stage.update('texts', id, { title: 'zwei', lines: [] }, { ...de, draft: true });
    expect(stage.findById('texts', id, { ...de, draft: true })).toMatchObject({ title: 'zwei', lines: [] });
    expect(stage.findById('texts', id, { locale: 'all', draft: true })).toMatchObject({ title: { en: 'one', de: 'zwei' } });
    stage.update('texts', id, { title: 'two' });
    stage.update('texts', id, { title: 'drei' }, de);
    stage.restoreVersion('texts', id, versionId(id, 2, 'texts'));
    expect(stage.findById('texts', id)).toMatchObject({ title: 'one', lines: [{ label: 'e' }] });
    expect(stage.findById('texts', id, de)).toMatchObject({ title: 'eins', lines: [{ label: 'd' }] });
  });
});

describe('unpublish', () => {
  it('makes the row a draft, tells hooks, and keeps a version', () => {
    const seen: unknown[] = [];
    const note = (ctx: { operation: string; draft: boolean; data: { id?: string; _status?: string } }) =>
      void seen.push([ctx.operation, ctx.draft, ctx.data.id, ctx.data._status]);
    open({ functions: { 'hooks.note': note } }, { hooks: { before_change: ['hooks.note'], after_change: ['hooks.note'] } });
    const { id } = stage.create('articles', { title: 'public', lines: [{ label: 'l' }] });
    seen.length = 0;
    expect(stage.unpublish('articles', id)).toMatchObject({ title: 'public', _status: 'draft', lines: [{ label: 'l' }] });
    expect(seen).toEqual([
      ['update', true, undefined, 'published'],
      ['update', false, id, 'draft'],
    ]);
    expect(stage.find('articles').documents).toEqual([]);
    expect(stage.unpublish('articles', id, { hooks: false })).toMatchObject({ _status: 'draft' });
    expect(history(id)).toEqual(['3 draft latest', '2 draft', '1 published']);
  });

  it.each([8, 10] as const)('Regression: keeps what a pending draft changed on top (generation %d)', (generation) => {
    open({ settings: { generation } });
    const { id } = stage.create('articles', { title: 'public', lines: [{ label: 'one' }] });
    stage.update('articles', id, { title: 'draft', lines: [{ label: 'two' }] }, DRAFT);
    expect(stage.unpublish('articles', id)).toMatchObject({ title: 'public', _status: 'draft', lines: [{ label: 'one' }] });
    const pending = { title: 'draft', _status: 'draft', lines: [{ label: 'two' }] };
    expect(stage.findById('articles', id, DRAFT)).toMatchObject(pending);
    stage.update('articles', id, { body: 'b' }, DRAFT);
    stage.update('articles', id, {}, { unpublish: true });
    expect(stage.findById('articles', id, DRAFT)).toMatchObject({ ...pending, body: 'b' });
    expect(history(id)).toEqual(['5 draft latest', '4 draft', '3 draft', '2 draft', '1 published']);
    const published = stage.update('articles', id, { n: 1 });
    expect(published).toMatchObject(generation === 10 ? { title: 'draft', body: 'b' } : { title: 'public' });
  });

  it('is what update with unpublish does, which asks the rule too', () => {
    open({ functions: { 'access.no': () => false } }, { access: { update: 'access.no' } });
    const { id } = stage.create('articles', { title: 'public' });
    expect(stage.failure(() => stage.update('articles', id, {}, { unpublish: true }))).toBe('runtime error: Update access denied');
    expect(stage.failure(() => stage.unpublish('articles', id))).toBe('runtime error: unpublish error: Update access denied');
    const free = { overrideAccess: true };
    expect(stage.update('articles', id, { title: 'ignored' }, { unpublish: true, ...free })).toMatchObject({
      title: 'public',
      _status: 'draft',
    });
    expect(stage.failure(() => stage.update('articles', 'nope', {}, { unpublish: true, ...free }))).toBe(
      'runtime error: Document nope not found in articles',
    );
  });

  it('names what its hooks raise', () => {
    const fail = (ctx: { data: { _status?: string } }) => void (ctx.data._status && raise('boom'));
    open({ functions: { 'hooks.fail': fail } }, { hooks: { before_change: ['hooks.fail'] } });
    const { id } = stage.create('articles', { title: 'public' });
    expect(stage.failure(() => stage.unpublish('articles', id))).toBe('runtime error: unpublish error: runtime error: boom');
    expect(stage.failure(() => stage.update('articles', id, {}, { unpublish: true }))).toBe(
      'runtime error: before_change hook error: runtime error: boom',
    );
  });

  it('says what it needs', () => {
    open();
    expect(stage.failure(() => stage.unpublish('plain', 'x'))).toBe("runtime error: Collection 'plain' does not have versioning enabled");
    expect(stage.failure(() => stage.unpublish('articles', 'nope'))).toBe(
      "runtime error: unpublish error: Document 'nope' not found in 'articles'",
    );
    expect(stage.failure(() => stage.unpublish('ledger', 'x'))).toContain('keeps versions without drafts');
  });
});
