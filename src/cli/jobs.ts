/** `moonlighter jobs`: what is defined, what ran, and queueing a run. */
import type { Command } from 'commander';
import type { Invocation } from './command.js';
import { registerJobsList } from './jobs-list.js';
import { registerJobsStatus } from './jobs-status.js';
import { registerJobsTrigger } from './jobs-trigger.js';

export function registerJobs(program: Command, invocation: Invocation): void {
  const jobs = program.command('jobs').description('jobs and their runs');
  registerJobsList(jobs, invocation);
  registerJobsTrigger(jobs, invocation);
  registerJobsStatus(jobs, invocation);
}
