/** A job of the project by its slug, or the refusal with the nearest name. */
import { NotFoundError } from '../domain/errors.js';
import type { JobDefinition } from '../domain/job.js';
import { suggest } from '../domain/suggest.js';
import type { Registry } from '../project/registry.js';

/** NotFoundError JOB_NOT_DEFINED with the reference's text. */
export function jobBySlug(registry: Registry, slug: string): JobDefinition {
  const job = registry.jobs.get(slug);
  if (job) return job;
  const near = suggest(slug, registry.jobs.keys());
  throw new NotFoundError('JOB_NOT_DEFINED', `Job '${slug}' not defined`, {
    remedy: near === undefined ? 'run `moonlighter jobs list` to see what is defined' : `did you mean '${near}'?`,
    details: { slug },
  });
}
