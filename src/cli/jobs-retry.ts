/** `moonlighter jobs retry`: ended runs once more. */
import { type Command, Option } from 'commander';
import { UsageError } from '../domain/errors.js';
import { action, type GlobalOptions, type Invocation, withRuns } from './command.js';
import { plural } from './output.js';

interface Options extends GlobalOptions {
  id?: string;
  slug?: string;
  status: 'failed' | 'stale' | 'cancelled';
  all?: boolean;
}

const EXAMPLES = `
Examples:
  moonlighter jobs retry --id V1StGXR8_Z5jdHi6B-myT
  moonlighter jobs retry -s send_digest --status stale
  moonlighter jobs retry --all`;

export function registerJobsRetry(parent: Command, invocation: Invocation): void {
  const command = parent
    .command('retry')
    .description('make ended runs pending again, at once and with all their attempts')
    .option('--id <id>', 'one failed, stale or cancelled run')
    .option('-s, --slug <slug>', 'every run of this job with the status')
    .option('--all', 'every run of every job with the status')
    .addOption(new Option('--status <status>', 'with -s or --all').choices(['failed', 'stale', 'cancelled']).default('failed'))
    .addHelpText('after', EXAMPLES);
  action<Options>(command, invocation, ({ output }, { id, slug, status, all, ...options }) => {
    if ([id, slug, all].filter((each) => each !== undefined).length !== 1) {
      throw new UsageError('INVALID_OPTION', 'give one of --id, --slug and --all');
    }
    return withRuns(invocation, options, async (opened) => {
      const { retryRun, retryRuns } = await import('../operations/retry-runs.js');
      if (id !== undefined) {
        await retryRun(opened, id);
        output.result({ retried: 1 }, () => `Run ${id} is pending again`);
        return;
      }
      const retried = await retryRuns(opened, status, slug);
      output.result({ retried }, () => `${plural(retried, 'run')} pending again`);
    });
  });
}
