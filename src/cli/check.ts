/** `moonlighter check`: loads everything, lists every problem, starts nothing. */
import type { Command } from 'commander';
import { check } from '../operations/check.js';
import { action, type GlobalOptions, type Invocation, openOptions } from './command.js';
import { EXIT } from './exit-codes.js';
import { problemsText } from './failure.js';
import { plural } from './output.js';

export function registerCheck(program: Command, invocation: Invocation): void {
  const command = program
    .command('check')
    .description('load the whole project and list every problem with file, line and remedy; starts nothing')
    .addHelpText('after', '\nExit code 0 when the project can be used (warnings allowed), 2 when it cannot.');
  action<GlobalOptions>(command, invocation, async ({ output }, options) => {
    const report = await check(openOptions(invocation, options));
    const { collections, globals, jobs } = report.counts;
    output.result(report, () => {
      const found = [plural(collections, 'collection'), plural(globals, 'global'), plural(jobs, 'job')].join(', ');
      const verdict = `${report.ok ? 'The project can be used' : 'The project cannot be used'}: ${found} in ${report.dir}`;
      return report.problems.length === 0 ? verdict : `${problemsText(report.problems)}\n${verdict}`;
    });
    return report.ok ? EXIT.done : EXIT.usage;
  });
}
