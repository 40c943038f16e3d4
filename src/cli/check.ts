/** `moonlighter check`: loads everything, lists every problem, starts nothing. */
import type { Command } from 'commander';
import { action, expectLittleLua, type GlobalOptions, type Invocation, openOptions, talk } from './command.js';
import { EXIT } from './exit-codes.js';
import { plural } from './output.js';
import { problemsText } from './problems-text.js';

export function registerCheck(command: Command, invocation: Invocation): void {
  command.addHelpText('after', '\nExit code 0 when the project can be used (warnings allowed), 2 when it cannot.');
  action<GlobalOptions>(command, invocation, async ({ output }, options) => {
    expectLittleLua();
    const { check } = await import('../operations/check.js');
    const report = await check({ ...openOptions(invocation, options), log: talk(output) });
    const { collections, globals, jobs } = report.counts;
    output.result(report, () => {
      const found = [plural(collections, 'collection'), plural(globals, 'global'), plural(jobs, 'job')].join(', ');
      const verdict = `${report.ok ? 'The project can be used' : 'The project cannot be used'}: ${found} in ${report.dir}`;
      return report.problems.length === 0 ? verdict : `${problemsText(report.problems)}\n${verdict}`;
    });
    return report.ok ? EXIT.done : EXIT.usage;
  });
}
