/** `moonlighter jobs`: what is defined, what ran and why not, and what can be done with runs. */
import type { Command } from 'commander';
import type { Invocation } from './command.js';
import { registerJobsCancel } from './jobs-cancel.js';
import { registerJobsHealthcheck } from './jobs-healthcheck.js';
import { registerJobsList } from './jobs-list.js';
import { registerJobsLogs } from './jobs-logs.js';
import { registerJobsPause } from './jobs-pause.js';
import { registerJobsPurge } from './jobs-purge.js';
import { registerJobsRetry } from './jobs-retry.js';
import { registerJobsStatus } from './jobs-status.js';
import { registerJobsTrigger } from './jobs-trigger.js';
import { registerJobsWhy } from './jobs-why.js';

export function registerJobs(jobs: Command, invocation: Invocation): void {
  registerJobsList(jobs, invocation);
  registerJobsTrigger(jobs, invocation);
  registerJobsStatus(jobs, invocation);
  registerJobsCancel(jobs, invocation);
  registerJobsRetry(jobs, invocation);
  registerJobsPurge(jobs, invocation);
  registerJobsPause(jobs, invocation);
  registerJobsLogs(jobs, invocation);
  registerJobsWhy(jobs, invocation);
  registerJobsHealthcheck(jobs, invocation);
}
