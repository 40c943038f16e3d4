/** `moonlighter jobs status`: one run in detail, or the newest. */
import type { Command } from 'commander';
import { action, type GlobalOptions, type Invocation, withRuns } from './command.js';
import { integer } from './options.js';
import { runDetails, runTable } from './run-text.js';

interface Options extends GlobalOptions {
  id?: string;
  slug?: string;
  status?: string;
  queue?: string;
  limit: number;
}

const EXAMPLES = `
Examples:
  moonlighter jobs status
  moonlighter jobs status --status failed -l 50
  moonlighter jobs status --id V1StGXR8_Z5jdHi6B-myT`;

export function registerJobsStatus(parent: Command, invocation: Invocation): void {
  const command = parent
    .command('status')
    .description('the newest runs, or one run with its data, result and error')
    .option('--id <id>', 'one run; the other options are ignored')
    .option('-s, --slug <slug>', 'runs of this job')
    .option('--status <status>', 'runs that are pending, running, completed, failed, stale or cancelled')
    .option('-q, --queue <name>', 'runs of this queue')
    .option('-l, --limit <n>', 'at most this many; negative = all', integer('--limit'), 20)
    .addHelpText('after', EXAMPLES);
  action<Options>(command, invocation, ({ output }, options) =>
    withRuns(invocation, options, async (opened) => {
      const { getRun } = await import('../operations/find-run.js');
      const { listRuns } = await import('../operations/list-runs.js');
      if (options.id !== undefined) {
        const run = await getRun(opened, options.id);
        output.result(run, () => runDetails(run));
        return;
      }
      const { slug, status, queue, limit } = options;
      const runs = await listRuns(opened, { slug, status, queue, limit });
      output.result(runs, () => (runs.length === 0 ? 'No job runs found.' : runTable(runs)));
      if (runs.length === limit && !output.json) output.note('  the newest ones; -l shows more, -s, -q and --status choose');
    }),
  );
}
