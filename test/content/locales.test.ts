import { afterEach, expect, it } from 'vitest';
import { openStage, type Stage } from './support.js';

let stage: Stage;
afterEach(() => stage.dispose());

const TEXTS = {
  fields: [
    { name: 'code', type: 'text' },
    { name: 'title', type: 'text', localized: true, required: true },
    { name: 'path', type: 'text', localized: true, unique: true },
    { name: 'flag', type: 'checkbox', localized: true },
    { name: 'seo', type: 'group', localized: true, fields: [{ name: 'label', type: 'text' }] },
    { name: 'lines', type: 'array', localized: true, fields: [{ name: 'label', type: 'text' }] },
  ],
};
function open(fallback = true): void {
  stage = openStage({ collections: { texts: TEXTS }, settings: { locale: { default: 'en', locales: ['en', 'de'], fallback } } });
}
const de = { locale: 'de' };

it('each locale has its own values; others fall back to the default one', () => {
  open();
  const { id } = stage.create('texts', { code: 'c', title: 'Hello', seo: { label: 'l' }, lines: [{ label: 'en' }], flag: true });
  expect(stage.findById('texts', id, de)).toMatchObject({ title: 'Hello', seo: { label: 'l' }, lines: [{ label: 'en' }] });
  expect(stage.update('texts', id, { title: 'Hallo', lines: [{ label: 'de' }] }, de)).toMatchObject({
    title: 'Hallo',
    lines: [{ label: 'de' }],
    seo: { label: 'l' },
  });
  expect(stage.findById('texts', id)).toMatchObject({ title: 'Hello', lines: [{ label: 'en' }] });
  expect(stage.findById('texts', id, { locale: 'all' })).toMatchObject({
    code: 'c',
    title: { en: 'Hello', de: 'Hallo' },
    seo: { label: { en: 'l' } },
    lines: [{ label: 'en' }],
  });
});

it('nothing falls back where [locale] fallback is off', () => {
  open(false);
  const { id } = stage.create('texts', { title: 'Hello', lines: [{ label: 'en' }] });
  expect(stage.findById('texts', id, de)).not.toHaveProperty('title');
  expect(stage.findById('texts', id, de)).toMatchObject({ lines: [], seo: {} });
});

it('filters, order and unique checks are of one locale', () => {
  open();
  const { id } = stage.create('texts', { title: 'Hello', path: 'p' });
  stage.update('texts', id, { title: 'Hallo' }, de);
  expect(stage.count('texts', { where: { title: 'Hallo' } })).toBe(0);
  expect(stage.count('texts', { where: { title: 'Hallo' }, ...de })).toBe(1);
  expect(stage.find('texts', { order_by: 'title', ...de }).documents).toMatchObject([{ title: 'Hallo' }]);
  const other = stage.create('texts', { title: 'x' });
  expect(stage.failure(() => stage.update('texts', other.id, { path: 'p' }))).toContain('path must be unique');
  expect(stage.update('texts', other.id, { path: 'p' }, de)).toMatchObject({ path: 'p' });
});

it('a document with required localized fields begins in the default locale', () => {
  open();
  expect(stage.failure(() => stage.create('texts', { title: 'Hallo' }, de))).toBe(
    "runtime error: create error: Validation failed: title: title is required in the default locale 'en': create the document there first",
  );
  expect(stage.failure(() => stage.create('texts', {}, de))).toBe(
    'runtime error: create error: Validation failed: title: title is required',
  );
});

it('unknown locales are refused without a prefix, and ignored where locales are off', () => {
  open();
  const message = "runtime error: Invalid locale 'fr'. Available locales: en, de";
  expect(stage.failure(() => stage.create('texts', {}, { locale: 'fr' }))).toBe(message);
  expect(stage.failure(() => stage.find('texts', { locale: 'fr' }))).toBe(message);
  stage.dispose();
  stage = openStage({ collections: { texts: TEXTS } });
  expect(stage.create('texts', { title: 't' }, { locale: 'fr' })).toMatchObject({ title: 't' });
});

it('a changed list of locales is seen at once', () => {
  open();
  const { id } = stage.create('texts', { title: 'Hello' });
  stage.ctx.settings.locale = { default: 'en', locales: ['en'], fallback: true };
  expect(stage.findById('texts', id, { locale: 'all' })).toMatchObject({ title: { en: 'Hello' } });
});
