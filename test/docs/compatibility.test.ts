/** The pages of docs/compatibility/: every row says what the reference does, what is done here, and which test shows it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../architecture/sources.js';

const folder = join(root, 'docs/compatibility');
const pages = readdirSync(folder).filter((name) => name.endsWith('.md'));
const HEAD = '| Point | Reference | Moonlighter | Test |';

/** The cells of a row; `\|` and bars inside code are text. */
function cellsOf(row: string): string[] {
  const bare = row.replace(/`[^`]*`/g, (code) => code.replaceAll('|', ' ')).replaceAll('\\|', ' ');
  return bare
    .slice(1, -1)
    .split('|')
    .map((cell) => cell.trim());
}

it('there are pages', () => expect(pages.length).toBeGreaterThan(5));

it('the entry page links every page', () => {
  const entry = readFileSync(join(root, 'docs/compatibility.md'), 'utf8');
  for (const page of pages) expect(entry).toContain(`(compatibility/${page})`);
});

describe.each(pages)('%s', (page) => {
  const lines = readFileSync(join(folder, page), 'utf8').split('\n');
  const rows = lines.filter((line) => line.startsWith('|') && line !== HEAD && !/^\|[-| ]+\|$/.test(line));

  it('has tables with one head, and ten points at least', () => {
    const heads = lines.filter((_line, index) => /^\|[-| ]+\|$/.test(lines[index + 1] ?? ''));
    expect([...new Set(heads)]).toEqual([HEAD]);
    expect(rows.length).toBeGreaterThan(10);
  });

  it('has four cells in every row, and a point and an answer', () => {
    for (const row of rows) {
      const cells = cellsOf(row);
      expect(cells, row).toHaveLength(4);
      expect(cells[0], row).not.toBe('');
      expect(cells[2], row).not.toBe('');
    }
  });

  it('names tests that are there', () => {
    for (const row of rows) {
      const test = cellsOf(row)[3] ?? '';
      const paths = [...test.matchAll(/`((?:test|bench)\/[^`]+)`/g)].map((match) => match[1]!);
      expect(paths.length, row).toBeGreaterThan(0);
      for (const path of paths) expect(existsSync(join(root, path)), `${row}\n${path}`).toBe(true);
    }
  });

  it('names no point twice under one heading', () => {
    let seen = new Set<string>();
    for (const line of lines) {
      if (line.startsWith('#')) seen = new Set();
      if (!rows.includes(line)) continue;
      const point = cellsOf(line)[0]!;
      expect(seen.has(point), `${page}: ${point}`).toBe(false);
      seen.add(point);
    }
  });
});
