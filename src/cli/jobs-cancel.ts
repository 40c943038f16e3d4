/** `moonlighter jobs cancel`: one run, or all that are pending. */
import type { Command } from 'commander';
import { action, type GlobalOptions, type Invocation, withRuns } from './command.js';

interface Options extends GlobalOptions {
  id?: string;
  slug?: string;
  wait?: boolean;
}

const EXAMPLES = `
Without --id every pending run is cancelled, or with -s those of one job; running ones go on.

Examples:
  moonlighter jobs cancel --id V1StGXR8_Z5jdHi6B-myT --wait
  moonlighter jobs cancel -s send_digest`;

export function registerJobsCancel(parent: Command, invocation: Invocation): void {
  const command = parent
    .command('cancel')
    .description('cancel a run, also while it is running, or all pending runs')
    .option('--id <id>', 'one run; a running one is stopped and what it wrote is rolled back')
    .option('-s, --slug <slug>', 'pending runs of this job')
    .option('--wait', 'with --id: wait until a running one has ended')
    .addHelpText('after', EXAMPLES);
  action<Options>(command, invocation, ({ output, signals }, { id, slug, wait = false, ...options }) =>
    withRuns(invocation, options, async (opened) => {
      const { cancelPendingRuns, cancelRun } = await import('../operations/cancel-runs.js');
      if (id === undefined) {
        const cancelled = await cancelPendingRuns(opened, slug);
        output.result({ cancelled }, () => `Cancelled ${cancelled} pending ${slug === undefined ? '' : `'${slug}' `}job(s)`);
        return;
      }
      const result = await cancelRun(opened, id, { wait, signal: signals.signal });
      output.result(result, () => (result.outcome === 'cancelled' ? `Cancelled run ${id}` : `Asked the host of run ${id} to end it`));
    }),
  );
}
