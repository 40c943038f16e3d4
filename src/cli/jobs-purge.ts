/** `moonlighter jobs purge`: removes ended runs by their age. */
import { type Command, Option } from 'commander';
import { FINAL_STATUSES, type FinalStatus } from '../domain/run.js';
import { action, type GlobalOptions, type Invocation, withRuns } from './command.js';
import { durationMs } from './options.js';

interface Options extends GlobalOptions {
  olderThan: number;
  slug?: string;
  status?: FinalStatus;
}

const DEFAULT_MS = 7 * 86_400_000;

export function registerJobsPurge(parent: Command, invocation: Invocation): void {
  const command = parent
    .command('purge')
    .description('remove ended runs with their attempts and log lines')
    .addOption(
      new Option('--older-than <duration>', 'ended before: 7d, 24h, 30m, 60s; 0 = all')
        .argParser(durationMs('--older-than'))
        .default(DEFAULT_MS, '7d'),
    )
    .option('-s, --slug <slug>', 'runs of this job')
    .addOption(new Option('--status <status>', 'runs with this status').choices(FINAL_STATUSES))
    .addHelpText('after', '\nExample:\n  moonlighter jobs purge --older-than 30d --status completed');
  action<Options>(command, invocation, ({ output }, { olderThan, slug, status, ...options }) =>
    withRuns(invocation, options, async (opened) => {
      const { purgeRuns } = await import('../operations/purge-runs.js');
      const purged = await purgeRuns(opened, { olderThanMs: olderThan, ...(slug !== undefined && { slug }), ...(status && { status }) });
      output.result({ purged }, () => `Purged ${purged} old job run(s)`);
    }),
  );
}
