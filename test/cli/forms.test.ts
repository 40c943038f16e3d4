/** How commands write values, tables and errors: pure, without a process. */
import { expect, it } from 'vitest';
import { EXIT } from '../../src/cli/exit-codes.js';
import { exitCodeOf, failureDocument } from '../../src/cli/failure.js';
import { renderJson } from '../../src/cli/json-output.js';
import { durationMs, integer, isoInstant, nameList } from '../../src/cli/options.js';
import { pairs, table } from '../../src/cli/output.js';
import { problemsText } from '../../src/cli/problems-text.js';
import {
  HostError,
  NotFoundError,
  type Problem,
  ProjectError,
  RefusedError,
  StoreUnavailableError,
  UsageError,
} from '../../src/domain/errors.js';
import { Float } from '../../src/domain/json.js';
import { BindingError, LuaError } from '../../src/lua/errors.js';

it('JSON keeps the form of numbers and leaves undefined out', () => {
  const value = {
    big: 9007199254740993n,
    whole: new Float(2),
    half: 0.5,
    none: undefined,
    list: [],
    map: {},
    text: 'a"b\n',
    nan: new Float(Number.NaN),
  };
  expect(renderJson(value)).toBe('{"big":9007199254740993,"whole":2.0,"half":0.5,"list":[],"map":{},"text":"a\\"b\\n","nan":null}');
  expect(renderJson({ a: [1, { b: null }] }, 2)).toBe(JSON.stringify({ a: [1, { b: null }] }, null, 2));
  expect(renderJson(undefined)).toBe('null');
});

it('a table is as wide as its cells, by characters, and one line a row', () => {
  expect(
    table(
      ['A', 'Name'],
      [
        ['é', 'x\n  y'],
        ['long', ''],
      ],
    ),
  ).toBe(['A     Name', '────────────', 'é     x y', 'long'].join('\n'));
  expect(
    pairs([
      ['ID', '1'],
      ['Scheduled', '-'],
    ]),
  ).toBe('ID:          1\nScheduled:   -');
});

it.each([
  [new UsageError('USAGE', 'x'), EXIT.usage],
  [new ProjectError([]), EXIT.usage],
  [new NotFoundError('X', 'x'), EXIT.notFound],
  [new RefusedError('X', 'x'), EXIT.refused],
  [new BindingError('ACCESS_DENIED', 'x'), EXIT.refused],
  [new StoreUnavailableError('DATABASE_BUSY', 'x'), EXIT.unavailable],
  [new LuaError('runtime', 'x', { cause: new StoreUnavailableError('DATABASE_FULL', 'x') }), EXIT.unavailable],
  [new LuaError('runtime', 'x'), EXIT.failed],
  [new HostError('X', 'x'), EXIT.failed],
  [new TypeError('x'), EXIT.failed],
  ['thrown text', EXIT.failed],
])('%o ends with its code', (error, code) => {
  expect(exitCodeOf(error)).toBe(code);
});

it('an error document has code, message, remedy and details, always', () => {
  expect(failureDocument(new NotFoundError('A', 'b', { remedy: 'c', details: { d: 1 } }))).toEqual({
    error: { code: 'A', message: 'b', remedy: 'c', details: { d: 1 } },
  });
  expect(failureDocument(new LuaError('runtime', 'm', { traceback: 't' })).error).toMatchObject({
    code: 'LUA_RUNTIME',
    remedy: null,
    details: { traceback: 't' },
  });
  expect(failureDocument(new TypeError('oops')).error).toMatchObject({ code: 'INTERNAL', message: 'oops' });
});

it('problems are listed errors first, with place and remedy, and counted', () => {
  const problems: Problem[] = [
    { severity: 'warning', code: 'W', message: 'odd', file: 'a.lua' },
    { severity: 'error', code: 'E', message: 'two\nlines', file: 'b.lua', line: 3, remedy: 'mend it' },
  ];
  expect(problemsText(problems)).toBe('error b.lua:3: two\n  lines\n  mend it\nwarning a.lua: odd\n1 error, 1 warning');
  const many = Array.from({ length: 30 }, (_, i): Problem => ({ severity: 'error', code: 'E', message: `m${i}` }));
  expect(problemsText(many)).toContain('… and 10 more');
});

it('option values are read strictly', () => {
  expect(integer('--n')('-5')).toBe(-5);
  for (const text of ['', '1.5', '1e3', 'x', '9'.repeat(20)]) expect(() => integer('--n')(text)).toThrow(UsageError);
  expect(() => integer('--n', 1)('0')).toThrow('at least 1');
  expect([durationMs('--d')('5m'), durationMs('--d')('250ms'), durationMs('--d')('30')]).toEqual([300_000, 250, 30_000]);
  expect(() => durationMs('--d')('-1s')).toThrow(UsageError);
  expect(isoInstant('--at')('2026-12-01T08:00:00Z')).toBe(Date.UTC(2026, 11, 1, 8));
  expect(isoInstant('--at')('2026-12-01 08:00')).toBe(Date.UTC(2026, 11, 1, 8));
  expect(isoInstant('--at')('2026-12-01T08:00:00+02:00')).toBe(Date.UTC(2026, 11, 1, 6));
  expect(isoInstant('--at')('2026-12-01 08:00 +0200')).toBe(Date.UTC(2026, 11, 1, 6));
  // Regression: 30 February was taken for 2 March, unlike in crap.jobs.queue.
  for (const text of ['', 'tomorrow', '2026-13-01', '12/01/2026', '2026-02-30']) expect(() => isoInstant('--at')(text)).toThrow(UsageError);
  expect(nameList('--q')('a, b')).toEqual(['a', 'b']);
});
