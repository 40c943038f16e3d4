/** Make job: the file of a new job, in the form that the reference's generator writes. */
import { join } from 'node:path';
import { UsageError } from '../domain/errors.js';
import { parseSchedule } from '../domain/schedule.js';
import { slugProblem, titleOf } from '../domain/slug.js';
import { writeScaffold } from './scaffold.js';

export interface MakeJobRequest {
  /** The project's folder. */
  dir: string;
  slug: string;
  schedule?: string;
  queue?: string;
  retries?: number;
  /** Seconds. */
  timeout?: number;
  /** Overwrites the file. */
  force?: boolean;
}

export interface MadeJob {
  slug: string;
  path: string;
  handler: string;
}

/** UsageError INVALID_SLUG, SCHEDULE_… for a cron text that does not parse; RefusedError FILE_EXISTS. */
export function makeJob(request: MakeJobRequest): MadeJob {
  const { dir, slug, schedule, force } = request;
  const problem = slugProblem(slug);
  if (problem !== undefined) throw new UsageError('INVALID_SLUG', problem, { details: { slug } });
  if (schedule !== undefined) parseSchedule(schedule);
  const name = join('jobs', `${slug}.lua`);
  const [path] = writeScaffold(dir, { [name]: jobText(request) }, force);
  return { slug, path: path!, handler: `jobs.${slug}.run` };
}

function jobText({ slug, schedule, queue, retries, timeout }: MakeJobRequest): string {
  const options = [`handler = "jobs.${slug}.run"`];
  if (schedule !== undefined) options.push(`schedule = ${quoted(schedule)}`);
  if (queue !== undefined && queue !== 'default') options.push(`queue = ${quoted(queue)}`);
  if (retries !== undefined && retries !== 0) options.push(`retries = ${retries}`);
  if (timeout !== undefined && timeout !== 60) options.push(`timeout = ${timeout}`);
  options.push(`labels = { singular = ${quoted(titleOf(slug))} }`);
  return `local M = {}

-- context.data: what queue() or trigger gave, {} for cron
-- context.job: slug, attempt, max_attempts
function M.run(context)
  -- What is returned is stored as the run's result.
  return nil
end

crap.jobs.define("${slug}", {
${options.map((option) => `  ${option},`).join('\n')}
})

return M
`;
}

function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')}"`;
}
