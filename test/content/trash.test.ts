/** The trash of soft_delete collections: what is seen of it, and whose rules are asked. */
import { afterEach, expect, it } from 'vitest';
import { openStage, type Stage } from './support.js';

let stage: Stage;
afterEach(() => stage.dispose());

const fields = [
  { name: 'title', type: 'text' },
  { name: 'code', type: 'text', unique: true },
];
const titles = (query: object) => stage.find('bin', query).documents.map(({ title }) => title);

it('is read with `trash`, newest first, and by nothing else', () => {
  stage = openStage({ collections: { bin: { soft_delete: true, fields }, plain: { fields } } });
  const [a, b] = ['a', 'b', 'c'].map((title) => stage.create('bin', { title }));
  stage.remove('bin', a!.id);
  stage.execute(`UPDATE bin SET _deleted_at = '2026-01-01 00:00:00' WHERE id = '${a!.id}'`);
  stage.remove('bin', b!.id);
  expect(titles({})).toEqual(['c']);
  expect(titles({ trash: true })).toEqual(['b', 'a']);
  expect(titles({ trash: true, order_by: 'title' })).toEqual(['a', 'b']);
  expect(titles({ trash: true, order_by: '_deleted_at', where: { title: { in: ['a', 'c'] } } })).toEqual(['a']);
  expect(stage.find('bin', { trash: true }).pagination).toMatchObject({ totalDocs: 2, total_docs: 2 });
  expect(stage.count('bin', { trash: true })).toBe(1);
  expect(stage.findById('bin', a!.id, { trash: true })).toBeUndefined();
  stage.create('plain', { title: 'p' });
  expect(stage.find('plain', { trash: true }).documents).toHaveLength(1);
  expect(stage.failure(() => stage.find('bin', { where: { _deleted_at: { exists: true } } }))).toContain(
    "Cannot filter on system column '_deleted_at'",
  );
});

it('has a rule of its own, else that of updates; hard deletes ask theirs', () => {
  const asked: string[] = [];
  const rule = (name: string, answer: unknown) => () => {
    asked.push(name);
    return answer;
  };
  stage = openStage({
    collections: {
      own: { soft_delete: true, access: { read: 'r.yes', trash: 'r.trash', update: 'r.update', delete: 'r.delete' }, fields },
      other: { soft_delete: true, access: { read: 'r.yes', update: 'r.update', delete: 'r.delete' }, fields },
    },
    functions: {
      'r.yes': () => true,
      'r.trash': rule('trash', { title: 'mine' }),
      'r.update': rule('update', false),
      'r.delete': rule('delete', false),
    },
  });
  const all = { overrideAccess: true };
  const mine = stage.create('own', { title: 'mine' }, all);
  const theirs = stage.create('own', { title: 'theirs' }, all);
  expect(stage.remove('own', mine.id)).toBe(true);
  expect(stage.failure(() => stage.remove('own', theirs.id))).toBe('runtime error: delete error: Trash access denied');
  expect(stage.failure(() => stage.remove('own', theirs.id, { forceHardDelete: true }))).toBe(
    'runtime error: delete error: Delete access denied',
  );
  stage.remove('own', theirs.id, all);
  expect(stage.find('own', { trash: true }).documents.map(({ title }) => title)).toEqual(['mine']);
  expect(stage.undelete('own', mine.id)).toBe(true);
  expect(stage.failure(() => stage.undelete('own', theirs.id))).toBe('runtime error: Undelete access denied');
  expect(asked).toEqual(['trash', 'trash', 'delete', 'trash', 'trash', 'trash']);
  expect(stage.failure(() => stage.find('other', { trash: true }))).toBe('runtime error: Trash access denied');
  expect(stage.failure(() => stage.deleteMany('other', {}))).toBe('runtime error: Delete access denied');
  expect(asked.slice(-2)).toEqual(['update', 'update']);
});

it('frees unique values, keeps versions and counts, and comes back searchable', () => {
  stage = openStage({
    collections: {
      bin: {
        soft_delete: true,
        versions: true,
        fields: [...fields, { name: 'to', type: 'relationship', relationship: { collection: 'bin' } }],
      },
    },
  });
  const target = stage.create('bin', { title: 'target' });
  const doc = stage.create('bin', { title: 'word', code: 'x', to: target.id });
  stage.remove('bin', doc.id);
  expect(stage.refCount('bin', target.id)).toBe(1);
  expect(stage.failure(() => stage.remove('bin', target.id, { forceHardDelete: true }))).toContain('referenced by 1 document(s)');
  expect(stage.remove('bin', target.id)).toBe(true);
  expect(stage.undelete('bin', target.id)).toBe(true);
  const taker = stage.create('bin', { title: 'taker', code: 'x' });
  expect(stage.failure(() => stage.undelete('bin', doc.id))).toContain('a unique field value is already in use');
  stage.update('bin', taker.id, { code: 'y' });
  expect(stage.undelete('bin', doc.id)).toBe(true);
  expect(stage.find('bin', { search: 'word' }).documents).toMatchObject([{ id: doc.id, code: 'x', to: target.id }]);
  expect(stage.versions('bin', doc.id)).toHaveLength(1);
  stage.remove('bin', doc.id, { forceHardDelete: true });
  expect([stage.refCount('bin', target.id), stage.versions('bin', doc.id).length]).toEqual([0, 0]);
});
