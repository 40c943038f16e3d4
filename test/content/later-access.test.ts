/** What asks access rules only from the later generation on. */
import { afterEach, describe, expect, it } from 'vitest';
import { openStage, type Stage } from './support.js';

let stage: Stage;
afterEach(() => stage.dispose());

const link = { name: 'other', type: 'relationship', relationship: { collection: 'notes' } };
function open(generation: 8 | 10, access: object): void {
  stage = openStage({
    collections: { notes: { versions: true, access, fields: [{ name: 'title', type: 'text' }, link] } },
    functions: { 'access.no': () => false, 'access.mine': () => ({ title: 'mine' }) },
    settings: { generation },
  });
}
const FREE = { override_access: true };
const attempt = (call: () => unknown) => {
  try {
    return call();
  } catch (error) {
    return (error as Error).message;
  }
};

describe.each([
  [8, false],
  [10, true],
] as const)('generation %d', (generation, asks) => {
  it('validate asks for create or update', () => {
    open(generation, { create: 'access.no', update: 'access.mine' });
    const mine = stage.create('notes', { title: 'mine' }, FREE).id;
    const theirs = stage.create('notes', { title: 'theirs' }, FREE).id;
    const valid = { valid: true };
    expect(attempt(() => stage.validate('notes', {}))).toEqual(asks ? 'validate error: Create access denied' : valid);
    expect(attempt(() => stage.validate('notes', {}, { id: theirs }))).toEqual(asks ? 'validate error: Update access denied' : valid);
    expect(attempt(() => stage.validate('notes', {}, { id: mine }))).toEqual(valid);
    expect(attempt(() => stage.validate('notes', {}, FREE))).toEqual(valid);
  });

  it('ref_count asks for read', () => {
    open(generation, { read: 'access.mine' });
    const { id } = stage.create('notes', { title: 'theirs' });
    expect(attempt(() => stage.refCount('notes', id))).toBe(asks ? 'Read access denied' : 0);
    expect(stage.refCount('notes', id, FREE)).toBe(0);
  });

  it('a draft has its own rule', () => {
    open(generation, { draft: 'access.no' });
    const { id } = stage.create('notes', { title: 'a' });
    const draft = attempt(() => stage.update('notes', id, { title: 'b' }, { draft: true }));
    if (asks) expect(draft).toBe('update error: Update access denied');
    else expect(draft).toMatchObject({ title: 'a' });
    expect(stage.update('notes', id, { title: 'c' })).toMatchObject({ title: 'c' });
  });

  it('population shows what may be read', () => {
    open(generation, { read: 'access.mine' });
    const theirs = stage.create('notes', { title: 'theirs' }).id;
    const mine = stage.create('notes', { title: 'mine', other: theirs }).id;
    const found = stage.findById('notes', mine, { depth: 1 });
    if (asks) expect(found).not.toHaveProperty('other');
    else expect(found).toMatchObject({ other: { title: 'theirs' } });
    expect(stage.findById('notes', mine, { depth: 1, ...FREE })).toMatchObject({ other: { title: 'theirs' } });
  });

  it('Regression: population and joins hide fields that may not be read', () => {
    const secret = { name: 'secret', type: 'text', access: { read: 'access.no' } };
    const backlinks = { name: 'back', type: 'join', collection: 'notes', on: 'other' };
    stage = openStage({
      collections: {
        notes: {
          fields: [
            { name: 'title', type: 'text' },
            secret,
            { name: 'box', type: 'group', fields: [secret] },
            { name: 'lines', type: 'array', fields: [secret, { name: 'label', type: 'text' }] },
            { ...link, access: {} },
            { name: 'hidden', type: 'relationship', relationship: { collection: 'notes' }, access: { read: 'access.no' } },
            backlinks,
            { ...backlinks, name: 'never', access: { read: 'access.no' } },
          ],
        },
      },
      functions: { 'access.no': () => false },
      settings: { generation },
    });
    const a = stage.create('notes', { title: 'a' }, FREE).id;
    const told = { secret: 's', box: { secret: 's' }, lines: [{ secret: 's', label: 'l' }], hidden: a };
    const b = stage.create('notes', { title: 'b', ...told }, FREE).id;
    const c = stage.create('notes', { title: 'c', other: b, ...told }, FREE).id;
    const text = (value: unknown) => JSON.stringify(value);
    const found = stage.findById('notes', c, { depth: 2 }) as unknown as { other: object };
    expect(found.other).toMatchObject({ title: 'b', lines: [{ label: 'l' }] });
    expect(text(found).includes('"secret"')).toBe(!asks);
    expect(text(found.other).includes('"hidden"')).toBe(!asks);
    const joined = stage.findById('notes', b, { depth: 2 }) as unknown as { back: object[] };
    expect(joined.back).toMatchObject([{ title: 'c', lines: [{ label: 'l' }] }]);
    expect(text(joined.back).includes('"secret"')).toBe(!asks);
    expect(text(joined.back).includes('"never"')).toBe(!asks);
    expect(text(stage.findById('notes', c, { depth: 2, ...FREE })).match(/"secret"/g)!.length).toBeGreaterThan(5);
  });

  it('find_by_id and documents that were never published', () => {
    open(generation, {});
    const { id } = stage.create('notes', { title: 'a' }, { draft: true });
    if (asks) expect(stage.findById('notes', id)).toBeUndefined();
    else expect(stage.findById('notes', id)).toMatchObject({ _status: 'draft' });
    expect(stage.findById('notes', id, { draft: true })).toMatchObject({ _status: 'draft' });
  });
});
