import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { initProject } from '../../src/operations/init-project.js';
import { makeJob } from '../../src/operations/make-job.js';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ml-o-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

it('a new job leaves defaults out and quotes what it is given', () => {
  const { path } = makeJob({ dir, slug: 'send_digest', schedule: '0 8 * * 1', queue: 'a "b" \\ c', retries: 0, timeout: 60 });
  const text = readFileSync(path, 'utf8');
  expect(text).toContain(
    '  handler = "jobs.send_digest.run",\n  schedule = "0 8 * * 1",\n  queue = "a \\"b\\" \\\\ c",\n  labels = { singular = "Send Digest" },\n',
  );
  expect(text).not.toMatch(/retries|timeout/);
});

it.each([
  ['', 'Slug cannot be empty'],
  ['a-b', "Invalid slug 'a-b' — use lowercase letters, digits, and underscores only"],
  ['_a', 'Slug cannot start with underscore'],
  ['../x', "Invalid slug '../x' — use lowercase letters, digits, and underscores only"],
])('the slug %j is refused in the words of the reference', (slug, message) => {
  expect(() => makeJob({ dir, slug })).toThrow(message);
});

it('nothing is overwritten unasked', () => {
  const { path } = makeJob({ dir, slug: 'a' });
  writeFileSync(path, '-- mine\n');
  expect(() => makeJob({ dir, slug: 'a' })).toThrow(`File '${path}' already exists — use --force to overwrite`);
  expect(readFileSync(path, 'utf8')).toBe('-- mine\n');
  makeJob({ dir, slug: 'a', force: true });
  expect(readFileSync(path, 'utf8')).toContain('crap.jobs.define("a"');
  initProject('sub', dir);
  expect(() => initProject('sub', dir)).toThrow(/there is a project/);
});
