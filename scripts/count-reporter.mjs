// A vitest reporter that writes how many tests passed, failed and were skipped, and how many ran on each Lua engine, into the file named by MOONLIGHTER_TEST_COUNTS.
// A file that could not be collected and an error outside of tests count as failures.
import { writeFileSync } from 'node:fs';

// biome-ignore lint/style/noDefaultExport: vitest takes a reporter module's default export
export default class CountReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0, engines: {} };
    for (const module of modules) {
      let failedTests = 0;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state !== 'skipped') count(counts.engines, test.fullName);
        if (state === 'passed') counts.passed++;
        else if (state === 'failed') failedTests++;
        else counts.skipped++;
      }
      counts.failed += failedTests;
      if (failedTests === 0 && module.state() === 'failed') counts.failed++;
    }
    const path = process.env.MOONLIGHTER_TEST_COUNTS;
    if (path) writeFileSync(path, JSON.stringify(counts));
  }
}

/** Tests of what Lua sees carry the name of their engine. */
function count(engines, name) {
  for (const engine of ['lua54', 'fengari']) {
    if (name.includes(engine)) engines[engine] = (engines[engine] ?? 0) + 1;
  }
}
