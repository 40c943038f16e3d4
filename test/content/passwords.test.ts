import { afterEach, describe, expect, it } from 'vitest';
import { verifyPassword } from '../../src/bindings/password.js';
import type { Document } from '../../src/content/context.js';
import { openStage, run, type Stage, type StageOptions } from './support.js';

let stage: Stage;
afterEach(() => stage.dispose());

const FIELDS = [{ name: 'name', type: 'text' }];
function open(options: StageOptions = {}, config: object = {}): void {
  stage = openStage({
    collections: { people: { auth: true, fields: FIELDS, ...config }, plain: { fields: [...FIELDS, { name: 'password', type: 'text' }] } },
    ...options,
  });
}
const stored = (id: string) =>
  stage.rows(`SELECT _password_hash AS hash, _session_version AS version FROM people WHERE id = '${id}'`)[0] ?? {};
const opens = (id: string, password: string) => run(verifyPassword(password, String(stored(id)['hash'])));
const person = (data: object, options?: object): Document => stage.create('people', { email: 'a@example.com', ...data }, options);

describe('passwords of auth collections', () => {
  it('are stored as Argon2id hashes that crap-cms reads', () => {
    open();
    const { id } = person({ password: 'correct horse' });
    expect(stored(id)['hash']).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect([opens(id, 'correct horse'), opens(id, 'wrong')]).toEqual([true, false]);
  });

  it('are seen by nobody: hooks, results, versions, the search table', () => {
    const seen: string[] = [];
    const note = (ctx: { data: object }) => void seen.push(...Object.keys(ctx.data));
    const hooks = Object.fromEntries(
      ['before_validate', 'before_change', 'after_change', 'after_read'].map((event) => [event, ['hooks.note']]),
    );
    open({ functions: { 'hooks.note': note } }, { hooks, versions: true });
    const doc = person({ password: 'secret-1' });
    const changed = stage.update('people', doc.id, { password: 'secret-2' });
    const found = stage.findById('people', doc.id);
    expect(seen).toContain('email');
    expect([...seen, ...Object.keys({ ...doc, ...changed, ...found })].filter((key) => /password|session/.test(key))).toEqual([]);
    expect(JSON.stringify(stage.rows('SELECT snapshot FROM _versions_people'))).not.toMatch(/secret-|argon2/);
    expect(stage.validate('people', { email: 'b@example.com', password: 'x' })).toEqual({ valid: true });
  });

  it('are replaced by an update that gives one, which ends sessions', () => {
    open();
    const { id } = person({ password: 'first' });
    const before = stored(id);
    stage.update('people', id, { name: 'Ann' });
    stage.update('people', id, { password: '' });
    expect(stored(id)).toEqual(before);
    stage.update('people', id, { password: 'second' });
    expect(stored(id)['version']).toBe(Number(before['version']) + 1);
    expect([opens(id, 'first'), opens(id, 'second')]).toEqual([false, true]);
  });

  it('may be numbers, short or absent', () => {
    open();
    expect(opens(person({ password: 1234567890 }).id, '1234567890')).toBe(true);
    expect(opens(person({ email: 'b@example.com', password: 'x' }).id, 'x')).toBe(true);
    for (const [i, data] of [{}, { password: '' }, { password: true }, { password: {} }].entries()) {
      expect(stored(person({ email: `n${i}@example.com`, ...data }).id)).toEqual({ hash: null, version: 0 });
    }
  });

  it('come with each item of create_many, not with update_many', () => {
    open();
    const { documents } = stage.createMany('people', [
      { email: 'a@example.com', password: 'pa' },
      { email: 'b@example.com', password: 'pb' },
    ]);
    expect(documents.map(({ id }, i) => opens(id, ['pa', 'pb'][i] ?? ''))).toEqual([true, true]);
    expect(stage.failure(() => stage.updateMany('people', {}, { password: 'x' }))).toBe(
      'runtime error: Cannot set password via update_many. Use single update instead.',
    );
  });

  it('are set by creating a draft, not by drafts of a document', () => {
    open({}, { versions: true });
    const { id } = person({ password: 'first' }, { draft: true });
    stage.update('people', id, { password: 'second' }, { draft: true });
    expect([opens(id, 'first'), opens(id, 'second')]).toEqual([true, false]);
    expect(stage.warnings).toEqual([`a draft holds no password: the one given for 'people' ${id} was not stored`]);
  });

  it('are not stored by a write that fails', () => {
    open();
    const { id } = person({ password: 'first' });
    expect(stage.failure(() => stage.update('people', id, { email: 'nonsense', password: 'second' }))).toContain('email');
    expect(opens(id, 'first')).toBe(true);
  });

  it('are checked against the policy where there is one, by validate too', () => {
    const passwordPolicy = {
      minLength: 4,
      maxLength: 6,
      requireUppercase: true,
      requireLowercase: true,
      requireDigit: true,
      requireSpecial: true,
    };
    open({ settings: { generation: 10, passwordPolicy } });
    expect(stage.failure(() => person({ password: 'é' }))).toBe(
      'runtime error: create error: Validation failed: password: password must be at least 4 characters; password: password must contain an uppercase letter; ' +
        'password: password must contain a digit; password: password must contain a special character',
    );
    expect(stage.failure(() => person({ password: 'AAAA1!!' }))).toBe(
      'runtime error: create error: Validation failed: password: password must be at most 6 characters; password: password must contain a lowercase letter',
    );
    expect(stage.validate('people', { email: 'nonsense', password: 'Ab1!' })).toEqual({
      valid: false,
      errors: { email: 'email is not a valid email address' },
    });
    expect(stage.validate('people', { email: 'a@example.com', password: 'Ab1' })).toEqual({
      valid: false,
      errors: { password: 'password must contain a special character' },
    });
    const { id } = person({ password: 'Äß1!' });
    expect(stage.failure(() => stage.update('people', id, { password: 'x' }))).toContain('update error: Validation failed: password: ');
    expect(opens(id, 'Äß1!')).toBe(true);
    expect(person({ email: 'b@example.com' })).toMatchObject({ email: 'b@example.com' });
  });

  it('are plain data elsewhere', () => {
    open();
    expect(stage.create('plain', { password: 'open' })).toMatchObject({ password: 'open' });
  });
});
