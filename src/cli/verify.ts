/** `moonlighter verify`: whether the promises were kept in this database. Exit 1 with every breach. */
import { type Command, Option } from 'commander';
import type { Breach } from '../operations/verify.js';
import { action, type GlobalOptions, type Invocation, withProject } from './command.js';
import { EXIT } from './exit-codes.js';
import { isoInstant } from './options.js';
import { instant, plural } from './output.js';

interface Options extends GlobalOptions {
  since?: number;
}

const HELP = `
Reads only, in one snapshot; hosts may run meanwhile. Limits and schedules are those that counted at the time. What each code means stands in
docs/errors.md.

Example:
  moonlighter verify --since 2026-12-01T08:00:00Z`;

export function registerVerify(command: Command, invocation: Invocation): void {
  command
    .addOption(new Option('--since <iso>', 'judge only what was then or later').argParser(isoInstant('--since')))
    .addHelpText('after', HELP);
  action<Options>(command, invocation, ({ output }, { since, ...options }) =>
    withProject(invocation, options, async (opened) => {
      const { verify } = await import('../operations/verify.js');
      const report = await verify(opened, since);
      const figures = `${plural(report.runs, 'run')}, ${plural(report.attempts, 'attempt')}, ${plural(report.ticks, 'tick')}`;
      const verdict = report.ok ? 'no breach' : plural(report.breaches.length, 'breach').replace(/breachs$/, 'breaches');
      output.result(report, () => [...report.breaches.map(breachText), `${figures}: ${verdict}`].join('\n'));
      if (!output.json) for (const note of report.notes) output.note(`note: ${note}`);
      return report.ok ? EXIT.done : EXIT.failed;
    }),
  );
}

function breachText({ code, promise, slug, run, at, sentence }: Breach): string {
  const who = [slug, run, at === null ? null : instant(at)].filter((part) => part !== null).join(' ');
  return `${code} [${promise}] ${who}: ${sentence}`;
}
