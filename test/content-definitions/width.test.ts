/** Tables as wide as SQLite takes them: what the check lets through is created. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { checkDefinitions } from '../../src/content/define-check.js';
import { type Config, collection, registryOf, settings, TestDatabase } from './support.js';

let db: TestDatabase;
beforeEach(() => {
  db = new TestDatabase();
});
afterEach(() => db.dispose());

const many = (n: number, more: Config) => Array.from({ length: n }, (_, i) => ({ name: `f${i}`, ...more }));

it.each<[string, Config, Config]>([
  ['columns', { fields: many(1_996, { type: 'number' }) }, { fields: many(1_997, { type: 'number' }) }],
  ['searchable columns', { timestamps: false, fields: many(1_993, {}) }, { timestamps: false, fields: many(1_994, {}) }],
  [
    'columns of rows',
    { fields: [{ name: 'rows', type: 'array', fields: many(1_997, {}) }] },
    { fields: [{ name: 'rows', type: 'array', fields: many(1_998, {}) }] },
  ],
])('the most %s, and one more', (_what, widest, wider) => {
  const problems = (config: Config) =>
    checkDefinitions(registryOf(collection('posts', config).definition), settings()).map(({ code }) => code);
  expect(problems(widest)).toEqual([]);
  db.sync(registryOf(collection('posts', widest).definition));
  expect(new Set(problems(wider))).toEqual(new Set(['DEFINITION_TOO_WIDE']));
  const other = new TestDatabase();
  try {
    expect(() => other.sync(registryOf(collection('posts', wider).definition))).toThrow('too many columns');
  } finally {
    other.dispose();
  }
});
