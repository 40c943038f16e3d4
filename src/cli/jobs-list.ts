/** `moonlighter jobs list`: every job with its schedule and newest runs. */
import type { Command } from 'commander';
import type { JobView } from '../operations/list-jobs.js';
import { action, type GlobalOptions, type Invocation, withProject } from './command.js';
import { table } from './output.js';

export function registerJobsList(parent: Command, invocation: Invocation): void {
  const command = parent
    .command('list')
    .description('every job with its schedule, queue and newest five runs')
    .addHelpText('after', '\nExample:\n  moonlighter jobs list');
  action<GlobalOptions>(command, invocation, ({ output }, options) =>
    withProject(invocation, options, async (opened) => {
      const { listJobs } = await import('../operations/list-jobs.js');
      const jobs = await listJobs(opened);
      output.result(jobs, () => (jobs.length === 0 ? 'No jobs defined.' : listText(jobs)));
    }),
  );
}

function listText(jobs: readonly JobView[]): string {
  return table(
    ['Job', 'Schedule', 'Queue', 'Recent Runs'],
    jobs.map((job) => [job.slug, job.schedule ?? '-', job.queue, recentText(job.recent)]),
  );
}

const SHORT = { completed: 'ok', failed: 'fail', pending: 'pend', running: 'run', stale: 'stale', cancelled: 'cancelled' } as const;

/** `3ok/1fail`, or `none`. */
function recentText(recent: JobView['recent']): string {
  const groups = Object.entries(SHORT).flatMap(([status, short]) => {
    const count = recent[status as keyof typeof SHORT];
    return count > 0 ? [`${count}${short}`] : [];
  });
  return groups.length === 0 ? 'none' : groups.join('/');
}
