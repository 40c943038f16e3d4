/** Every promise of the README has a test that carries its tag in its name. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root, sourcesIn } from './sources.js';

const TAGS = ['DURABLE', 'ONCE', 'STOP', 'CAPS', 'FAIR', 'TICK', 'BOUNDARY', 'EXPLAIN'] as const;

/** Text of the first argument of every it(), test() and describe(), whatever quotes it is in. */
function testNames(): string[] {
  return sourcesIn('test', ['.test.ts', '.ts']).flatMap(({ text }) =>
    [...text.matchAll(/\b(?:it|test|describe)(?:\.\w+(?:\([^)]*\))?)*\(\s*(['"`])((?:\\.|(?!\1)[^\\])*)\1/g)].map((match) => match[2]!),
  );
}

it.each(TAGS)('a test proves %s', (tag) => {
  const proofs = testNames().filter((name) => name.includes(`[${tag}]`));
  expect(proofs.length).toBeGreaterThan(0);
});

it.each(TAGS)('the README names the promise %s', (tag) => {
  expect(readFileSync(join(root, 'README.md'), 'utf8')).toContain(`**[${tag}]**`);
});

it('no test name carries a tag that is no promise', () => {
  const unknown = testNames()
    .flatMap((name) => [...name.matchAll(/\[([A-Z]{3,})\]/g)].map((match) => match[1]!))
    .filter((tag) => !(TAGS as readonly string[]).includes(tag));
  expect(unknown).toEqual([]);
});
