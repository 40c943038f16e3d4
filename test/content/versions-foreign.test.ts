/** Versions that were taken under another definition, or that another program wrote. */
import { afterEach, expect, it } from 'vitest';
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
