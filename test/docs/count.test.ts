/** The reporter behind the last line of `npm test`. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../architecture/sources.js';

it('counts passed, failed and skipped tests, and a file that does not load as a failure', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'ml-count-'));
  try {
    await writeFile(
      join(dir, 'a.test.js'),
      "it('a on lua54', () => {}); it('b', () => { throw new Error('x'); }); describe('d', () => { it.skip('c', () => {}); it('e', () => {}); });\n",
    );
    await writeFile(join(dir, 'b.test.js'), 'this is no module\n');
    const counts = join(dir, 'counts.json');
    const args = ['run', '--globals', '--root', dir, '--reporter', join(root, 'scripts/count-reporter.mjs')];
    const child = spawn(process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), ...args], {
      cwd: dir,
      stdio: 'ignore',
      env: { ...process.env, VITEST: undefined, MOONLIGHTER_TEST_COUNTS: counts },
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect(code).toBe(1);
    expect(JSON.parse(await readFile(counts, 'utf8'))).toEqual({ passed: 2, failed: 2, skipped: 1, engines: { lua54: 1 } });
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});
