/** An update that publishes a draft: what is required must be there, wherever it is stored; validate says so beforehand. */
import { afterEach, describe, expect, it } from 'vitest';
import { openStage, type Stage } from './support.js';

let stage: Stage;
afterEach(() => stage.dispose());

const DRAFT = { draft: true };
const FIELDS = [
  { name: 'title', type: 'text' },
  { name: 'lines', type: 'array', required: true, fields: [{ name: 'label', type: 'text' }] },
  { name: 'parts', type: 'blocks', min_rows: 2, blocks: [{ type: 'k', fields: [] }] },
  { name: 'links', type: 'relationship', required: true, relationship: { collection: 'notes', has_many: true } },
  { name: 'words', type: 'text', has_many: true, required: true },
  { name: 'box', type: 'group', fields: [{ name: 'rows', type: 'array', required: true, localized: true, fields: [] }] },
];
const MISSING = [
  'lines: lines is required',
  'parts: parts requires at least 2 item(s)',
  'links: links is required',
  'words: words is required',
  'box__rows: rows is required',
];
const locale = { default: 'en', locales: ['en', 'de'], fallback: true };

describe.each([[8], [10]] as const)('generation %i', (generation) => {
  it('Regression: lists and rows that are required must be there', () => {
    stage = openStage({ collections: { notes: { versions: true, fields: FIELDS } }, settings: { generation, locale } });
    const { id } = stage.create('notes', { title: 'a' }, DRAFT);
    const refusal = `runtime error: update error: Validation failed: ${MISSING.join('; ')}`;
    expect(stage.failure(() => stage.update('notes', id, { title: 'b' }))).toBe(refusal);
    expect(stage.failure(() => stage.updateMany('notes', {}, { title: 'b' }))).toBe(refusal.replace('update error: ', ''));
    expect(stage.validate('notes', { title: 'b' }, { id })).toEqual({
      valid: false,
      errors: Object.fromEntries(MISSING.map((each) => each.split(': '))),
    });
    expect(stage.validate('notes', { title: 'b' }, { id, ...DRAFT })).toEqual({ valid: true });
    const parts = [{ _block_type: 'k' }, { _block_type: 'k' }];
    const whole = { lines: [{ label: 'x' }], parts, links: [id], words: ['w'], box__rows: [{}] };
    expect(stage.update('notes', id, whole)).toMatchObject({ _status: 'published', words: generation === 10 ? ['w'] : '["w"]' });
    stage.unpublish('notes', id);
    expect(stage.validate('notes', {}, { id })).toEqual({ valid: true });
    expect(stage.update('notes', id, { title: 'c' })).toMatchObject({ title: 'c', _status: 'published' });
  });

  it('an update of what is public asks for nothing that is not given', () => {
    stage = openStage({ collections: { notes: { versions: true, fields: FIELDS } }, settings: { generation, locale } });
    const { id } = stage.create('notes', { title: 'a' }, DRAFT);
    stage.execute("UPDATE notes SET _status = 'published'");
    stage.execute('DELETE FROM _versions_notes');
    expect(stage.update('notes', id, { title: 'b' })).toMatchObject({ title: 'b' });
  });
});

it('Regression: a draft that is published underneath (generation 10) must have it too, of globals as well', () => {
  const fields = FIELDS.slice(0, 2);
  stage = openStage({
    collections: { notes: { versions: true, fields } },
    globals: { site: { versions: true, fields: [...fields, { name: 'name', type: 'text', required: true }] } },
    settings: { generation: 10 },
  });
  const { id } = stage.create('notes', { lines: [{ label: 'x' }] });
  stage.update('notes', id, { lines: [] }, DRAFT);
  expect(stage.failure(() => stage.update('notes', id, { title: 'b' }))).toContain('lines: lines is required');
  expect(stage.update('notes', id, { lines: [{ label: 'y' }] })).toMatchObject({ lines: [{ label: 'y' }] });
  stage.updateGlobal('site', { name: 'n', lines: [{ label: 'x' }] });
  stage.updateGlobal('site', { name: '', lines: [] }, DRAFT);
  const refusal = stage.failure(() => stage.updateGlobal('site', { title: 'b' }));
  expect(refusal).toBe('runtime error: update_global error: Validation failed: lines: lines is required; name: name is required');
  expect(stage.updateGlobal('site', { name: 'm', lines: [{ label: 'z' }] })).toMatchObject({ name: 'm', lines: [{ label: 'z' }] });
});

it('another locale is published with the rows that it falls back to', () => {
  stage = openStage({ collections: { notes: { versions: true, fields: FIELDS.slice(5) } }, settings: { locale } });
  const { id } = stage.create('notes', { box__rows: [{}] }, DRAFT);
  expect(stage.update('notes', id, {}, { locale: 'de' })).toMatchObject({ _status: 'published' });
});
