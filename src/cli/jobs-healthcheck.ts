/** `moonlighter jobs healthcheck`: 0 healthy, 2 warning, 1 unhealthy, as the later reference ends. */
import type { Command } from 'commander';
import { ProjectError } from '../domain/errors.js';
import type { JobHealth } from '../operations/job-health.js';
import { action, type GlobalOptions, type Invocation, withProject } from './command.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import { instant, type Output, pairs } from './output.js';

const CODES: Record<JobHealth['status'], ExitCode> = { healthy: 0, warning: 2, unhealthy: 1 };

export function registerJobsHealthcheck(parent: Command, invocation: Invocation): void {
  const command = parent
    .command('healthcheck')
    .description('exit code 0 healthy, 2 warning (failures, old pending runs, schedules that never ran), 1 unhealthy (stale runs)');
  action<GlobalOptions>(command, invocation, ({ output }, options) =>
    unusableIsUnhealthy(output, () =>
      withProject(invocation, options, async (opened) => {
        const { jobHealth } = await import('../operations/job-health.js');
        const health = await jobHealth(opened);
        output.result(health, () => healthText(health));
        if (!output.json) {
          for (const { id, slug, started_at, heartbeat_at } of health.stale) {
            output.note(
              `${id} (${slug}): started ${instant(started_at)}, last heartbeat ${heartbeat_at === null ? 'never' : instant(heartbeat_at)}`,
            );
          }
        }
        return CODES[health.status];
      }),
    ),
  );
}

/** A project that cannot be used ends other commands with the code that means a warning here. */
async function unusableIsUnhealthy(output: Output, check: () => Promise<ExitCode>): Promise<ExitCode> {
  try {
    return await check();
  } catch (error) {
    if (!(error instanceof ProjectError)) throw error;
    const { showFailure } = await import('./failure.js');
    showFailure(output, error);
    return EXIT.failed;
  }
}

function healthText({ defined, stale, failed_24h, pending_5m, no_runs, status }: JobHealth): string {
  const lines: [string, string][] = [
    ['Defined', String(defined)],
    ['Stale', String(stale.length)],
    ['Failed 24h', String(failed_24h)],
    ['Pending 5m', String(pending_5m)],
  ];
  if (no_runs.length > 0) lines.push(['No runs', no_runs.join(', ')]);
  return `Job system health\n${pairs([...lines, ['Status', status]])}`;
}
