/** The jobs that a host knows: those of its project and those in TypeScript, given at once or one by one. */
import { HostError } from '../domain/errors.js';
import type { JobDefinition } from '../domain/job.js';
import type { Json } from '../domain/json.js';
import type { RetryDelay } from '../host/run-ends.js';
import type { DataCheck } from '../host/runners.js';
import type { ScriptHandler } from '../worker/script-context.js';
import type { AnyJob } from './job.js';

/** By slug. */
export interface KnownJobs {
  definitions: Map<string, JobDefinition>;
  handlers: Map<string, ScriptHandler<Json>>;
  checks: Map<string, DataCheck>;
  retryDelays: Map<string, RetryDelay>;
}

/** HostError DUPLICATE_SLUG. */
export function addJob(
  { definitions, handlers, checks, retryDelays }: KnownJobs,
  { slug, definition, handler, check, retryDelay }: AnyJob,
): void {
  if (definitions.has(slug)) {
    throw new HostError('DUPLICATE_SLUG', `Job '${slug}' is defined twice`, {
      remedy: 'give one of the two another slug',
      details: { slug },
    });
  }
  definitions.set(slug, definition);
  if (handler) handlers.set(slug, handler);
  if (check) checks.set(slug, check);
  if (retryDelay) retryDelays.set(slug, retryDelay);
}

/** HostError JOB_INVALID for a job whose `onFailed` names none. */
export function requireFollowUps({ definitions }: KnownJobs): void {
  for (const { slug, onFailed } of definitions.values()) {
    if (onFailed === undefined || definitions.has(onFailed)) continue;
    throw new HostError('JOB_INVALID', `job '${slug}': onFailed expected the slug of a job of this host, got '${onFailed}'`, {
      remedy: `define a job '${onFailed}', or correct 'onFailed' in defineJob`,
      details: { slug, key: 'onFailed' },
    });
  }
}
