/** Versions that were taken under another definition, or that another program wrote. */
import { afterEach, describe, expect, it } from 'vitest';
import type { ContentSettings } from '../../src/content/context.js';
import { openStage, type Stage } from './support.js';

let stage: Stage;
afterEach(() => stage.dispose());

/** A document whose only version is the given text. */
function openWith(snapshot: string): { id: string; version: string } {
  stage = openStage({
    collections: {
      notes: {
        versions: true,
        fields: [
          { name: 'title', type: 'text' },
          { name: 'n', type: 'number' },
        ],
      },
    },
  });
  const { id } = stage.create('notes', { title: 'now', n: 1 });
  stage.execute(`UPDATE _versions_notes SET snapshot = '${snapshot}', _status = 'draft'`);
  return { id, version: stage.versions('notes', id)[0]!.id };
}

it('Regression: a text that a version has for what is a number field by now is refused, not lost', () => {
  const { id, version } = openWith('{"title":"then","n":"twelve"}');
  expect(stage.failure(() => stage.restoreVersion('notes', id, version))).toBe('runtime error: Validation failed: n: n must be a number');
  expect(stage.findById('notes', id)).toMatchObject({ title: 'now', n: { value: 1 } });
  stage.execute(`UPDATE _versions_notes SET snapshot = '{"title":"then","n":"12"}'`);
  expect(stage.restoreVersion('notes', id, version)).toMatchObject({ title: 'then', n: { value: 12 } });
});

it('Regression: a version that is no JSON is named', () => {
  const { id, version } = openWith('not json');
  const text = `runtime error: Version '${version}' of '${id}' in 'notes' is no JSON: expected ident at line 1 column 2`;
  expect(stage.failure(() => stage.restoreVersion('notes', id, version))).toBe(text);
  expect(stage.failure(() => stage.findById('notes', id, { draft: true }))).toBe(text);
  expect(stage.findById('notes', id)).toMatchObject({ title: 'now' });
});

const LOCALES = { default: 'en', locales: ['en', 'de'], fallback: true };
const DRAFT = { draft: true };

/** A document `{ title = "now" }` of fields of which its versions knew nothing, and its versions by their status. */
function openNotes(fields: object[], settings: Partial<ContentSettings> = {}, snapshot?: string): { id: string; version: string } {
  stage = openStage({ collections: { notes: { versions: true, fields: [{ name: 'title', type: 'text' }, ...fields] } }, settings });
  const { id } = stage.create('notes', { title: 'now' }, DRAFT);
  if (snapshot !== undefined) stage.execute(`UPDATE _versions_notes SET snapshot = '${snapshot}', _status = 'published'`);
  return { id, version: stage.versions('notes', id)[0]!.id };
}
const restoring = (id: string, version: string) => stage.failure(() => stage.restoreVersion('notes', id, version));

describe.each([8, 10] as const)('generation %d', (generation) => {
  it('Regression: what does not fit a field in another locale is refused, not lost', () => {
    const fields = [{ name: 'n', type: 'number', localized: true, max: 20 }];
    const { id, version } = openNotes(fields, { generation, locale: LOCALES }, '{"title":"then","n":1,"n__de":"zwölf"}');
    expect(restoring(id, version)).toBe("runtime error: Validation failed: n: n must be a number (locale 'de')");
    expect(stage.rows('SELECT title, n__de FROM notes')).toEqual([{ title: 'now', n__de: null }]);
    stage.execute(`UPDATE _versions_notes SET snapshot = '{"n":"x","n__de":21}'`);
    expect(restoring(id, version)).toBe("runtime error: Validation failed: n: n must be a number; n: n must be at most 20 (locale 'de')");
    stage.execute(`UPDATE _versions_notes SET snapshot = '{"n":1,"n__de":"12"}'`);
    stage.restoreVersion('notes', id, version);
    expect(stage.rows('SELECT n__en, n__de FROM notes')).toEqual([{ n__en: 1, n__de: 12 }]);
  });

  it('Regression: what is unique by now in another locale is refused by its name', () => {
    const fields = [{ name: 'code', type: 'text', localized: true, unique: true }];
    const { id, version } = openNotes(fields, { generation, locale: LOCALES }, '{"code":"a","code__de":"b"}');
    const other = stage.create('notes', {}).id;
    stage.update('notes', other, { code: 'b' }, { locale: 'de' });
    expect(restoring(id, version)).toBe("runtime error: Validation failed: code: code must be unique (locale 'de')");
  });

  it('Regression: a version from before a field was required is refused where the document has no value either', () => {
    const lines = { name: 'lines', type: 'array', required: true, fields: [{ name: 'label', type: 'text' }] };
    const { id, version } = openNotes([{ name: 'summary', type: 'text', required: true }, lines], { generation }, '{"title":"then"}');
    expect(restoring(id, version)).toBe('runtime error: Validation failed: summary: summary is required; lines: lines is required');
    stage.update('notes', id, { summary: 's', lines: [{ label: 'l' }] });
    expect(stage.restoreVersion('notes', id, version)).toMatchObject({ title: 'then', summary: 's', lines: [{ label: 'l' }] });
  });

  it('Regression: what was one reference is one in the list that the field has by now', () => {
    const { id, version } = openNotes([{ name: 'links', type: 'relationship', relationship: { collection: 'notes', has_many: true } }], {
      generation,
    });
    const [a, b] = [stage.create('notes', {}).id, stage.create('notes', {}).id];
    stage.update('notes', id, { links: [a] });
    stage.execute(`UPDATE _versions_notes SET snapshot = '{"links":"${b}"}' WHERE id = '${version}'`);
    expect(stage.restoreVersion('notes', id, version)).toMatchObject({ links: [b] });
    expect([stage.refCount('notes', a), stage.refCount('notes', b)]).toEqual([0, 1]);
  });
});

describe('generation 10', () => {
  const generation = 10;

  it('Regression: a text that a checkbox or a list of rows cannot hold is refused', () => {
    const fields = [
      { name: 'on', type: 'checkbox' },
      { name: 'lines', type: 'array', fields: [{ name: 'label', type: 'text' }] },
    ];
    const { id, version } = openNotes(fields, { generation }, '{"on":"perhaps","lines":"one, two"}');
    expect(restoring(id, version)).toBe(
      'runtime error: Validation failed: on: on must be true or false; lines: lines must be a list of rows',
    );
    stage.execute(`UPDATE _versions_notes SET snapshot = '{"on":"yes","lines":null}'`);
    expect(stage.restoreVersion('notes', id, version)).toMatchObject({ on: true, lines: [] });
  });

  it('a version that is restored as a draft may lack what is required', () => {
    const { id, version } = openNotes([{ name: 'summary', type: 'text', required: true }], { generation }, '{"title":"then"}');
    stage.execute("UPDATE _versions_notes SET _status = 'draft'");
    expect(stage.restoreVersion('notes', id, version)).toMatchObject({ title: 'then', _status: 'draft' });
  });

  it('Regression: a pending draft that does not fit any more is not published underneath an update', () => {
    const fields = [
      { name: 'code', type: 'text', unique: true },
      { name: 'n', type: 'number', localized: true },
      { name: 'lines', type: 'array', fields: [{ name: 'label', type: 'text', required: true }] },
    ];
    const { id } = openNotes(fields, { generation, locale: LOCALES });
    stage.update('notes', id, { title: 'then', lines: [] });
    stage.update('notes', id, { code: 'x', lines: [{}], n: 1 }, DRAFT);
    stage.execute(`UPDATE _versions_notes SET snapshot = json_set(snapshot, '$.n__de', 'zwölf') WHERE _latest = 1`);
    stage.create('notes', { code: 'x' });
    const wrong = ['code: code must be unique', 'lines[0][label]: label is required', "n: n must be a number (locale 'de')"];
    expect(stage.failure(() => stage.update('notes', id, { title: 'b' }))).toBe(
      `runtime error: update error: Validation failed: ${wrong.join('; ')}`,
    );
    expect(stage.validate('notes', {}, { id })).toMatchObject({ valid: false, errors: { code: 'code must be unique' } });
    expect(stage.validate('notes', {}, { id, ...DRAFT })).toEqual({ valid: true });
    stage.update('notes', id, { n: 2 }, { locale: 'de', ...DRAFT });
    const given = { title: 'b', code: 'y', lines: [{ label: 'l' }] };
    expect(stage.update('notes', id, given)).toMatchObject({ ...given, n: 1 });
    expect(stage.rows(`SELECT n__de FROM notes WHERE id = '${id}'`)).toEqual([{ n__de: 2 }]);
  });
});
