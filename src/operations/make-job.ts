/** Make job: the file of a new job, in the form that the reference's generator writes. */
import { join } from 'node:path';
import { parseSchedule } from '../domain/schedule.js';
import { titleOf } from '../domain/slug.js';
import { indented, quoted, requireSlug, type ScaffoldRequest, writeScaffold } from './scaffold.js';

export interface JobTemplate {
  slug: string;
  schedule?: string;
  queue?: string;
  retries?: number;
  /** Seconds. */
  timeout?: number;
  /** Lines of the handler; default one that returns nil. */
  body?: readonly string[];
}

export type MakeJobRequest = ScaffoldRequest & Omit<JobTemplate, 'body'>;

export interface MadeJob {
  slug: string;
  path: string;
  handler: string;
}

/** UsageError INVALID_SLUG, SCHEDULE_… for a cron text that does not parse; RefusedError FILE_EXISTS. */
export function makeJob(request: MakeJobRequest): MadeJob {
  const { dir, slug, schedule, generation, force } = request;
  requireSlug(slug, generation);
  if (schedule !== undefined) parseSchedule(schedule);
  const [path] = writeScaffold(dir, { [join('jobs', `${slug}.lua`)]: jobText(request) }, force);
  return { slug, path: path!, handler: `jobs.${slug}.run` };
}

const BODY = ["-- What is returned is stored as the run's result.", 'return nil'];

export function jobText({ slug, schedule, queue, retries, timeout, body = BODY }: JobTemplate): string {
  const options = [`handler = "jobs.${slug}.run"`];
  if (schedule !== undefined) options.push(`schedule = ${quoted(schedule)}`);
  if (queue !== undefined && queue !== 'default') options.push(`queue = ${quoted(queue)}`);
  if (retries !== undefined && retries !== 0) options.push(`retries = ${retries}`);
  if (timeout !== undefined && timeout !== 60) options.push(`timeout = ${timeout}`);
  options.push(`labels = { singular = ${quoted(titleOf(slug))} }`);
  return `local M = {}

-- One transaction: what it writes and its completion are committed together.
-- context.data: what queue() or trigger gave, {} for cron
-- context.job: slug, attempt, max_attempts
---@param context crap.JobHandlerContext
function M.run(context)
${indented(body).join('\n')}
end

crap.jobs.define("${slug}", {
${options.map((option) => `  ${option},`).join('\n')}
})

return M
`;
}
