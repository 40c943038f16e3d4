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

  it('find_by_id and documents that were never published', () => {
    open(generation, {});
    const { id } = stage.create('notes', { title: 'a' }, { draft: true });
    if (asks) expect(stage.findById('notes', id)).toBeUndefined();
    else expect(stage.findById('notes', id)).toMatchObject({ _status: 'draft' });
    expect(stage.findById('notes', id, { draft: true })).toMatchObject({ _status: 'draft' });
  });
});
