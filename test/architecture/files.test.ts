/** The shape of files: length, a duty at the head, names, exports. */
import { expect, it } from 'vitest';
import { sourcesIn } from './sources.js';

const LONGEST = 400;
const sources = sourcesIn('src', ['.ts']);
const lua = sourcesIn('lua-stdlib', ['.lua']);

it(`no source file has more than ${LONGEST} lines`, () => {
  const long = [...sources, ...lua]
    .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
    .filter(({ lines }) => lines > LONGEST);
  expect(long).toEqual([]);
});

it('every source file begins with a comment that says its duty', () => {
  const bare = [
    ...sources.filter(({ text }) => !/^(#!.*\n)?(\/\*\*|\/\/)/.test(text)),
    ...lua.filter(({ text }) => !text.startsWith('--')),
  ].map(({ path }) => path);
  expect(bare).toEqual([]);
});

it('no file or folder is a drawer without a duty', () => {
  const drawers = [...sources, ...lua]
    .map(({ path }) => path)
    .filter((path) => /(^|[/-])(utils?|helpers?|common|manager|misc)([/.-]|$)/.test(path));
  expect(drawers.filter((path) => path !== 'src/bindings/util.ts' && path !== 'lua-stdlib/crap/util.lua')).toEqual([]);
});

it('names are kebab-case and nothing is a default export', () => {
  const names = sources
    .map(({ path }) => path)
    .filter((path) => !/^src\/([a-z0-9]+(-[a-z0-9]+)*\/)*[a-z0-9]+(-[a-z0-9]+)*(\.d)?\.ts$/.test(path));
  const defaults = sources.filter(({ text }) => /^export default\b/m.test(text)).map(({ path }) => path);
  expect({ names, defaults }).toEqual({ names: [], defaults: [] });
});

it('no test is skipped or focused', () => {
  const soft = sourcesIn('test', ['.ts'])
    .filter(({ text }) => /\b(it|test|describe)\.(only|todo)\b/.test(text))
    .map(({ path }) => path);
  expect(soft).toEqual([]);
});
