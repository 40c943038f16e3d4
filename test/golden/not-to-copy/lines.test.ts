import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { linesToCopyNot } from './line.js';

it('every line of not-to-copy.md has one test of its own', () => {
  const folder = new URL('.', import.meta.url);
  const written = readdirSync(folder)
    .filter((file) => file.endsWith('.test.ts'))
    .flatMap((file) =>
      [...readFileSync(new URL(file, folder), 'utf8').matchAll(/^line(?:By|On)?\(\s*(['"])(.*?)\1,/gms)].map((match) => match[2]),
    );
  const lines = linesToCopyNot();
  expect(lines.length).toBeGreaterThan(50);
  expect(written.sort()).toEqual(lines.map(({ name }) => name).sort());
});
