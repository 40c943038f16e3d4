// `npm test`: sets the clone up and runs the suite. The last line printed is the count: `N passed, N failed` (`, N skipped` may follow).
// Arguments are passed on to vitest: `npm test -- test/cli`.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, setUp } from './setup.mjs';

setUp();
const folder = mkdtempSync(join(tmpdir(), 'ml-test-'));
const counts = join(folder, 'counts.json');
const reporters = ['--reporter=default', '--reporter=./scripts/count-reporter.mjs'];
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
const result = spawnSync(process.execPath, [vitest, 'run', ...reporters, ...process.argv.slice(2)], {
  cwd: root,
  stdio: ['ignore', 'inherit', 'inherit'],
  env: { ...process.env, MOONLIGHTER_TEST_COUNTS: counts },
});

// A runner that ended without its counts has failed, whatever it printed.
let { passed, failed, skipped, engines } = { passed: 0, failed: 1, skipped: 0, engines: {} };
try {
  ({ passed, failed, skipped, engines } = JSON.parse(readFileSync(counts, 'utf8')));
} catch {
  process.stderr.write('the test runner ended before it had counted its tests\n');
}
rmSync(folder, { recursive: true, force: true });
const broken = result.status !== 0 && failed === 0;
if (broken) process.stderr.write(`the test runner ended with ${result.status ?? result.signal}\n`);
const perEngine = Object.entries(engines).map(([name, count]) => `${name} ${count}`);
if (perEngine.length > 0) process.stdout.write(`\nTests of what Lua sees: ${perEngine.join(', ')}\n`);
process.stdout.write(`\n${passed} passed, ${broken ? 1 : failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
process.exitCode = result.status === 0 && failed === 0 && passed > 0 ? 0 : 1;
