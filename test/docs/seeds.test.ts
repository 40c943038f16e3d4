/** docs/seeds.md: every row says what does the work here and names tests that there are. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../architecture/sources.js';

const rows = readFileSync(join(root, 'docs/seeds.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('|') && !/^\|[-|]+\|$/.test(line) && !line.startsWith('| There |'))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

it('has three cells a row, none of them empty, and a reason for what is not applicable', () => {
  expect(rows.length).toBeGreaterThan(100);
  expect(rows.filter((cells) => cells.length !== 3 || cells.includes(''))).toEqual([]);
  expect(rows.filter(([, here]) => /not applicable$/.test(here!))).toEqual([]);
});

it('names tests that there are', () => {
  const missing: string[] = [];
  for (const [there, , tests] of rows) {
    let text = '';
    for (const [whole, file, name] of tests!.matchAll(/`([^`]+)`|"([^"]+)"/g)) {
      if (file !== undefined) {
        const path = join(root, file.includes('/') ? file : `test/seeds/${file}.test.ts`);
        text = existsSync(path) ? readFileSync(path, 'utf8') : '';
      }
      const names = [...text.matchAll(/\b(?:it|describe)(?:\.\w+(?:\([^)]*\))?)*\(\s*(['"`])((?:\\.|(?!\1)[^\\])*)\1/g)].map(
        (match) => match[2]!,
      );
      if (names.length === 0 || (name !== undefined && !names.some((each) => each.includes(name)))) missing.push(`${there}: ${whole}`);
    }
  }
  expect(missing).toEqual([]);
});
