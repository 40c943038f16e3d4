/** `moonlighter run`: one run of a handler now, in the foreground, without a row in the database. */
import type { Command } from 'commander';
import { action, foreground, type GlobalOptions, type Invocation, withProject } from './command.js';
import { EXIT } from './exit-codes.js';
import { renderJson } from './json-output.js';
import { dataOption, userOption } from './options.js';

interface Options extends GlobalOptions {
  data?: string;
  user?: string;
  dryRun?: boolean;
}

export function registerRun(command: Command, invocation: Invocation): void {
  command
    .addOption(dataOption())
    .addOption(userOption())
    .option('--dry-run', 'undo what it did to the database')
    .addHelpText('after', '\nExample:\n  moonlighter run send_digest');
  action<Options, [string]>(command, invocation, ({ output, signals }, options, slug) =>
    withProject(invocation, options, async (opened) => {
      const { runOnce } = await import('../operations/run-once.js');
      const report = await runOnce(opened, {
        slug,
        data: options.data,
        rollback: options.dryRun === true,
        ...foreground(invocation, options),
      });
      if (report.outcome === 'completed') {
        output.result({ slug, outcome: report.outcome, result: report.result }, () =>
          report.result === null ? '' : renderJson(report.result, 2),
        );
        return EXIT.done;
      }
      if (report.outcome === 'cancelled' && signals.received) return EXIT.interrupted;
      const { code, message, traceback } = report.error ?? { code: 'INTERNAL', message: report.outcome, traceback: undefined };
      if (output.json) output.document({ error: { code, message, remedy: null, details: { slug, outcome: report.outcome, traceback } } });
      else output.note(`Error: ${message}${traceback === undefined ? '' : `\n${traceback}`}`);
      return EXIT.failed;
    }),
  );
}
