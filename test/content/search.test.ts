import { afterEach, describe, expect, it } from 'vitest';
import { openStage, type Stage, type StageOptions } from './support.js';

let stage: Stage;
afterEach(() => stage.dispose());

const FIELDS = [
  { name: 'title', type: 'text' },
  { name: 'body', type: 'textarea', localized: true },
  { name: 'n', type: 'number' },
  { name: 'code', type: 'text', unique: true },
  { name: 'secret', type: 'select', options: [{ label: 'x', value: 'hidden' }] },
];
function open(options: StageOptions = {}): void {
  stage = openStage({
    collections: {
      notes: { fields: FIELDS },
      bin: { fields: FIELDS, soft_delete: true, versions: true },
      listed: { fields: FIELDS, admin: { list_searchable_fields: ['secret'] } },
      numbers: { fields: [{ name: 'n', type: 'number' }] },
    },
    ...options,
  });
}
const found = (search: string, slug = 'notes', more: object = {}) => stage.count(slug, { search, ...more });

describe('search', () => {
  it('Regression: finds in collections whose names FTS5 would mix up', () => {
    const fields = [{ name: 'title', type: 'text' }];
    stage = openStage({ collections: { page: { fields }, page_content: { fields, soft_delete: true } } });
    stage.create('page', { title: 'moon' });
    const { id } = stage.create('page_content', { title: 'sun' });
    expect([found('moon', 'page'), found('sun', 'page'), found('sun', 'page_content')]).toEqual([1, 0, 1]);
    stage.update('page_content', id, { title: 'star' });
    expect([found('sun', 'page_content'), found('star', 'page_content')]).toEqual([0, 1]);
    stage.remove('page_content', id);
    expect(found('star', 'page_content')).toBe(0);
  });

  it('Regression: takes a NUL for a separator instead of failing as SQL', () => {
    open();
    stage.create('notes', { title: 'moon light' });
    expect([found('moon\0light'), found('\0'), found('moon\0sun')]).toEqual([1, 1, 0]);
  });

  it.each([8, 10] as const)(
    'Regression: does not look into hidden fields under generation 10, whoever asks (generation %d)',
    (generation) => {
      const hidden = [
        { name: 'word', type: 'text', localized: true, hidden: true },
        { name: 'fold', type: 'collapsible', hidden: true, fields: [{ name: 'inside', type: 'text' }] },
      ];
      const notes = { fields: [{ name: 'title', type: 'text' }, ...hidden] };
      const shut = { fields: hidden, admin: { list_searchable_fields: ['word'] } };
      const locale = { default: 'en', locales: ['en', 'de'], fallback: true };
      open({ collections: { notes, shut }, settings: { generation, locale } });
      const data = { title: 'moon', word: 'secret', inside: 'inner' };
      for (const slug of ['notes', 'shut']) stage.create(slug, data);
      const free = { overrideAccess: true };
      const counts = ['moon', 'secret', 'inner', 'moon secret'].map((text) => found(text, 'notes', free));
      expect(counts).toEqual(generation === 10 ? [1, 0, 0, 0] : [1, 1, 1, 1]);
      expect(found('secret', 'shut')).toBe(generation === 10 ? 0 : 1);
      if (generation === 10) expect(stage.find('notes', { search: 'secret', order_by: '_rank' }).documents).toEqual([]);
    },
  );

  it('finds documents by beginnings of words, in any column, whatever the case', () => {
    open();
    stage.create('notes', { title: 'The Moonlight', body: 'sonata é' });
    stage.create('notes', { title: 'sunlight' });
    expect([found('moon'), found('MOONL'), found('moonlight sonata'), found('E'), found('light'), found('moon sun')]).toEqual([
      1, 1, 1, 1, 0, 0,
    ]);
    expect(stage.find('notes', { search: 'sun', select: ['title'] }).documents).toMatchObject([{ title: 'sunlight' }]);
    expect(found('sunl', 'notes', { where: { title: 'nope' } })).toBe(0);
  });

  it('takes operators and quotes as text, and blanks as nothing', () => {
    open();
    stage.create('notes', { title: 'a "quoted" OR b-c' });
    for (const search of ['"quoted"', 'OR', 'b-c', '"', 'NOT', '(', '*', ':']) expect(() => found(search)).not.toThrow();
    expect([found('OR'), found('b-c'), found('"quo'), found('  '), found('')]).toEqual([1, 1, 1, 1, 1]);
  });

  it('looks where admin.list_searchable_fields says, and is ignored where nothing can be searched', () => {
    open();
    stage.create('listed', { title: 'word', secret: 'hidden' });
    expect([found('word', 'listed'), found('hid', 'listed')]).toEqual([0, 1]);
    stage.create('numbers', { n: 1 });
    expect(found('anything', 'numbers')).toBe(1);
  });

  it('follows updates, also of many, and deletes', () => {
    open();
    const { id } = stage.create('notes', { title: 'first', code: 'c' });
    stage.update('notes', id, { n: 1 });
    expect(found('first')).toBe(1);
    stage.update('notes', id, { title: 'second' });
    expect([found('first'), found('second')]).toEqual([0, 1]);
    stage.updateMany('notes', {}, { title: 'third' });
    expect([found('second'), found('third')]).toEqual([0, 1]);
    stage.createMany('notes', [{ title: 'third' }, { title: 'third' }]);
    expect(found('third')).toBe(3);
    stage.deleteMany('notes', { where: { code: 'c' } });
    expect(found('third')).toBe(2);
    expect(stage.rows('SELECT id FROM _fts_notes')).toHaveLength(2);
  });

  it('does not find what is in the trash, and finds it again', () => {
    open();
    const { id } = stage.create('bin', { title: 'scrap' });
    stage.remove('bin', id);
    expect([found('scrap', 'bin'), stage.find('bin', { search: 'scrap', trash: true }).documents.length]).toEqual([0, 0]);
    stage.undelete('bin', id);
    expect(found('scrap', 'bin')).toBe(1);
    stage.remove('bin', id, { forceHardDelete: true });
    expect(stage.rows('SELECT id FROM _fts_bin')).toEqual([]);
  });

  it('follows published content: not pending drafts, but what is restored', () => {
    open();
    const { id } = stage.create('bin', { title: 'one' });
    stage.update('bin', id, { title: 'two' }, { draft: true });
    expect([found('one', 'bin'), found('two', 'bin')]).toEqual([1, 0]);
    stage.restoreVersion('bin', id, stage.versions('bin', id)[0]?.id ?? '');
    expect([found('one', 'bin'), found('two', 'bin')]).toEqual([0, 1]);
  });

  it('regression: finds localized text at once, in every locale', () => {
    open({ settings: { locale: { default: 'en', locales: ['en', 'de-AT'], fallback: true } } });
    const { id } = stage.create('notes', { body: 'english' });
    stage.update('notes', id, { body: 'deutsch' }, { locale: 'de-AT' });
    expect([found('engl'), found('deut'), found('deut', 'notes', { locale: 'en' })]).toEqual([1, 1, 1]);
  });

  it('leaves nothing of a write that fails', () => {
    open();
    stage.create('notes', { title: 'kept', code: 'c' });
    expect(stage.failure(() => stage.createMany('notes', [{ title: 'lost' }, { code: 'c' }]))).toContain('must be unique');
    expect(found('lost')).toBe(0);
  });

  it('keeps rows that another program numbered differently', () => {
    open();
    const ids = ['a', 'b', 'c'].map((title) => stage.create('notes', { title: `word${title}` }).id);
    for (const sql of [
      'DELETE FROM _fts_notes WHERE 1',
      'INSERT INTO _fts_notes (rowid, id, title) SELECT 10 - rowid, id, title FROM notes',
    ]) {
      stage.execute(sql);
    }
    stage.update('notes', ids[0] ?? '', { title: 'changed' });
    stage.remove('notes', ids[1] ?? '');
    for (let i = 0; i < 9; i++) stage.create('notes', { title: 'more' });
    expect([found('worda'), found('chang'), found('wordb'), found('wordc'), found('more')]).toEqual([0, 1, 0, 1, 9]);
    expect(stage.rows('SELECT id FROM _fts_notes')).toHaveLength(11);
  });
});
