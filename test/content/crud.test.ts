import { afterEach, describe, expect, it } from 'vitest';
import { Float } from '../../src/domain/json.js';
import { openStage, type Stage, type StageOptions } from './support.js';

let stage: Stage;
afterEach(() => stage.dispose());

const TARGETS = {
  fields: [
    { name: 'name', type: 'text', required: true },
    { name: 'score', type: 'number' },
    { name: 'flag', type: 'checkbox' },
    {
      name: 'kind',
      type: 'select',
      options: [
        { label: 'A', value: 'a' },
        { label: 'B', value: 'b' },
      ],
      default_value: 'a',
    },
  ],
};
const open = (options: StageOptions = {}) => {
  stage = openStage({ collections: { targets: TARGETS }, ...options });
  return stage;
};
const TIME = '2026-01-02T03:04:05.000Z';

describe('create', () => {
  it('ends with the stored document: id, fields, times; NULL absent; numbers as floats, checkboxes as integers', () => {
    const doc = open().create('targets', { name: 'x', score: 3 });
    expect(doc).toEqual({
      id: expect.stringMatching(/^[\w-]{21}$/),
      name: 'x',
      score: new Float(3),
      flag: 0,
      kind: 'a',
      created_at: TIME,
      updated_at: TIME,
    });
  });

  it('ignores unknown keys and an id in the data', () => {
    const doc = open().create('targets', { name: 'x', id: 'mine', nope: 1, _ref_count: 5 });
    expect(doc.id).not.toBe('mine');
    expect(stage.rows('SELECT _ref_count FROM targets')).toEqual([{ _ref_count: 0 }]);
  });

  it('names the collection that is not there, without a prefix', () => {
    open();
    expect(stage.failure(() => stage.create('nope', {}))).toBe("runtime error: Collection 'nope' not found");
  });

  it('collects validation problems under the prefix, with the fields in the details', () => {
    open();
    expect(stage.failure(() => stage.create('targets', { kind: 'z' }))).toBe(
      'runtime error: create error: Validation failed: name: name is required; kind: kind has an invalid option',
    );
    expect(() => stage.create('targets', { kind: 'z' })).toThrow(
      expect.objectContaining({
        code: 'VALIDATION_FAILED',
        details: { fields: { name: 'name is required', kind: 'kind has an invalid option' } },
      }),
    );
  });

  it('leaves nothing behind when it fails after the row was written', () => {
    open({
      registered: {
        after_change: [
          () => {
            if (stage.ctx.hookDepth === 1) stage.create('targets', { name: 'inner' }, { hooks: false });
            return stage.create('nope', {});
          },
        ],
      },
    });
    expect(stage.failure(() => stage.create('targets', { name: 'outer' }))).toBe(
      "runtime error: create error: runtime error: Collection 'nope' not found",
    );
    expect(stage.rows('SELECT * FROM targets')).toEqual([]);
  });

  it('shows failing SQL in full', () => {
    open({
      collections: {
        ledger: {
          fields: [
            { name: 'account', type: 'text' },
            { name: 'period', type: 'text' },
          ],
          indexes: [{ fields: ['account', 'period'], unique: true }],
        },
      },
    });
    stage.create('ledger', { account: 'a', period: '1' });
    expect(stage.failure(() => stage.create('ledger', { account: 'a', period: '1' }))).toBe(
      'runtime error: create error: Failed to insert into \'ledger\': execute failed: INSERT INTO "ledger" (id, account, period, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5): UNIQUE constraint failed: ledger.account, ledger.period: Error code 2067: constraint failed',
    );
    expect(stage.count('ledger')).toBe(1);
  });
});

describe('update', () => {
  it('changes the given keys only, but resets checkboxes that are absent (generation 8)', () => {
    const doc = open().create('targets', { name: 'x', score: 1, flag: true });
    expect(stage.update('targets', doc.id, { name: 'y' })).toMatchObject({ name: 'y', score: new Float(1), flag: 0 });
  });

  it('leaves checkboxes that are absent alone under generation 10', () => {
    open({ settings: { generation: 10 } });
    const doc = stage.create('targets', { name: 'x', score: 1, flag: true });
    expect(stage.update('targets', doc.id, { name: 'y' })).toMatchObject({ name: 'y', score: 1, flag: true });
  });

  it('empties with an empty text and refuses to empty what is required', () => {
    const doc = open().create('targets', { name: 'x', kind: 'b' });
    expect(stage.update('targets', doc.id, { kind: '' })).not.toHaveProperty('kind');
    expect(stage.failure(() => stage.update('targets', doc.id, { name: '' }))).toBe(
      'runtime error: update error: Validation failed: name: name is required',
    );
    expect(stage.update('targets', doc.id, { name: false })).toMatchObject({ name: 'false' });
  });

  it('says when the document is not there', () => {
    open();
    expect(stage.failure(() => stage.update('targets', 'nope', { score: 1 }))).toBe(
      'runtime error: update error: Document not found after update',
    );
  });

  it('undoes the change of a trashed document that it then refuses', () => {
    open({ collections: { bin: { soft_delete: true, fields: [{ name: 'name', type: 'text' }] } } });
    const doc = stage.create('bin', { name: 'before' });
    stage.remove('bin', doc.id);
    expect(stage.failure(() => stage.update('bin', doc.id, { name: 'after' }))).toContain('Document not found after update');
    expect(stage.rows('SELECT name FROM bin')).toEqual([{ name: 'before' }]);
  });
});

describe('delete', () => {
  it('removes the document once', () => {
    const doc = open().create('targets', { name: 'x' });
    expect(stage.remove('targets', doc.id)).toBe(true);
    expect(stage.findById('targets', doc.id)).toBeUndefined();
    expect(stage.failure(() => stage.remove('targets', doc.id))).toBe(
      `runtime error: delete error: Document '${doc.id}' not found in 'targets'`,
    );
  });

  it('keeps a document of a soft_delete collection in the trash until it is forced out', () => {
    open({ collections: { bin: { soft_delete: true, fields: [{ name: 'name', type: 'text', unique: true }] } } });
    const doc = stage.create('bin', { name: 'x' });
    stage.remove('bin', doc.id);
    expect(stage.findById('bin', doc.id)).toBeUndefined();
    expect(stage.count('bin')).toBe(0);
    expect(stage.find('bin', { trash: true }).documents).toMatchObject([{ id: doc.id, _deleted_at: '2026-01-02 03:04:05' }]);
    expect(stage.failure(() => stage.remove('bin', doc.id))).toContain("not found in 'bin' (or already deleted)");
    expect(stage.create('bin', { name: 'x' })).toMatchObject({ name: 'x' });
    expect(stage.remove('bin', doc.id, { force_hard_delete: true })).toBe(true);
    expect(stage.rows('SELECT count(*) AS n FROM bin')).toEqual([{ n: 1 }]);
  });
});

describe('options', () => {
  it('are read in both casings and with the leniency of the reference', () => {
    open({ settings: { defaultDeny: true } });
    expect(stage.create('targets', { name: 'a' }, { overrideAccess: true })).toMatchObject({ name: 'a' });
    expect(stage.create('targets', { name: 'b' }, { override_access: true })).toMatchObject({ name: 'b' });
    expect(stage.failure(() => stage.create('targets', { name: 'c' }, { override_access: false }))).toContain('Create access denied');
    expect(stage.failure(() => stage.create('targets', { name: 'c' }, { overrideAccess: 'false' }))).toBe(
      'runtime error: overrideAccess must be true or false, got string',
    );
    expect(stage.create('targets', { name: 'd' }, { overrideAccess: true, nonsense: 1 })).toMatchObject({ name: 'd' });
  });

  it('are strict under generation 10', () => {
    open({ settings: { generation: 10 } });
    expect(stage.failure(() => stage.find('targets', { limt: 5 }))).toMatch(
      /^runtime error: Unknown find config key 'limt' \(did you mean 'limit'\?\)\. Valid keys: /,
    );
    expect(stage.failure(() => stage.deleteMany('targets', { where: {}, limit: 5 }))).toBe(
      "runtime error: Unknown delete_many config key 'limit'. Valid keys: where",
    );
    expect(stage.failure(() => stage.updateMany('targets', { whre: {} }, {}))).toBe(
      "runtime error: Unknown update_many config key 'whre' (did you mean 'where'?). Valid keys: where",
    );
  });
});

describe('globals', () => {
  const SETTINGS = {
    fields: [
      { name: 'site_name', type: 'text', required: true },
      { name: 'theme', type: 'text', default_value: 'plain' },
      { name: 'amount', type: 'number', min: 0, max: 100 },
      { name: 'enabled', type: 'checkbox' },
      { name: 'box', type: 'group', fields: [{ name: 'leaf', type: 'text' }] },
    ],
  };

  it('have one row with their defaults, and keep what is written', () => {
    open({ globals: { settings: SETTINGS } });
    expect(stage.getGlobal('settings')).toMatchObject({ id: 'default', theme: 'plain', enabled: 0, box: {} });
    expect(stage.updateGlobal('settings', { site_name: 's', amount: 5, box: { leaf: 'l' } })).toMatchObject({
      id: 'default',
      site_name: 's',
      amount: new Float(5),
      box: { leaf: 'l' },
    });
    expect(stage.updateGlobal('settings', { box__leaf: 'flat' })).toMatchObject({ site_name: 's', box: { leaf: 'flat' } });
  });

  it('are validated like updates', () => {
    open({ globals: { settings: SETTINGS } });
    expect(stage.failure(() => stage.updateGlobal('settings', { site_name: '', amount: 101 }))).toBe(
      'runtime error: update_global error: Validation failed: site_name: site_name is required; amount: amount must be at most 100',
    );
    expect(stage.failure(() => stage.getGlobal('nope'))).toBe("runtime error: Global 'nope' not found");
  });
});
