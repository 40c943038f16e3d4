import { afterEach, beforeEach, expect, it } from 'vitest';
import type { SqlValue } from '../../src/store/db.js';
import { TestStore } from './support.js';

let db: TestStore;
beforeEach(async () => {
  db = await TestStore.create();
});
afterEach(() => db.dispose());

async function roundTrip(value: unknown, type = ''): Promise<unknown[]> {
  await db.write(function* (c) {
    yield* c.run('DROP TABLE IF EXISTS v');
    yield* c.run(`CREATE TABLE v (a ${type})`);
    yield* c.run('INSERT INTO v VALUES (?)', [value as SqlValue]);
  });
  const row = (await db.read((c) => c.get('SELECT a, typeof(a) AS type FROM v')))!;
  expect((await db.read((c) => c.all('SELECT a FROM v')))[0]).toEqual({ a: row['a'] });
  return [row['a'], row['type']];
}

it('whole numbers are integers, whatever the column; integers beyond 2^53 stay exact', async () => {
  expect(await roundTrip(5)).toEqual([5, 'integer']);
  expect(await roundTrip(5, 'TEXT')).toEqual(['5', 'text']);
  expect(await roundTrip(5, 'REAL')).toEqual([5, 'real']);
  expect(await roundTrip(2.5)).toEqual([2.5, 'real']);
  expect(await roundTrip(-0)).toEqual([-0, 'real']);
  expect(await roundTrip(Number.MAX_SAFE_INTEGER)).toEqual([Number.MAX_SAFE_INTEGER, 'integer']);
  expect(await roundTrip(9_007_199_254_740_993n)).toEqual([9_007_199_254_740_993n, 'integer']);
  expect(await roundTrip(-(2n ** 63n))).toEqual([-(2n ** 63n), 'integer']);
  expect(await roundTrip(7n)).toEqual([7, 'integer']);
});

it('booleans are 0 and 1, bytes are bytes, text is what it was', async () => {
  expect([await roundTrip(true), await roundTrip(false)]).toEqual([
    [1, 'integer'],
    [0, 'integer'],
  ]);
  expect(await roundTrip('ä\u0000🌙')).toEqual(['ä\u0000🌙', 'text']);
  expect(await roundTrip(null)).toEqual([null, 'null']);
  const [bytes, type] = await roundTrip(new Uint8Array([1, 0, 255]).subarray(1));
  expect([[...(bytes as Uint8Array)], type]).toEqual([[0, 255], 'blob']);
});
