/** By which limits a host claims: those of the definitions, of the queues, and over all. */
import { EMAIL_SLUG } from '../mail/message.js';
import { emailQueueSettings } from '../mail/queue-settings.js';
import type { CheckedProject } from '../project/check-project.js';
import type { Registry } from '../project/registry.js';
import type { ClaimLimits } from '../store/history.js';
import { type HostSettings, hostSettings } from './settings.js';

/** As a host of this project would claim that is started now, without options. */
export function projectLimits({ registry, config, moonlighter, generation }: CheckedProject): ClaimLimits {
  return claimLimits(registry, hostSettings(config, moonlighter, undefined), emailQueueSettings(config, generation).concurrency);
}

/** `emails`: how many mails are sent at a time. */
export function claimLimits(
  { jobs }: Pick<Registry, 'jobs'>,
  { maxConcurrent, queueConcurrency }: Pick<HostSettings, 'maxConcurrent' | 'queueConcurrency'>,
  emails: number,
): ClaimLimits {
  const definitions = [...jobs.values()];
  return {
    total: maxConcurrent,
    queues: queueConcurrency,
    jobs: new Map([...definitions.map(({ slug, concurrency }) => [slug, concurrency] as const), [EMAIL_SLUG, emails]]),
    rates: new Map(
      definitions.flatMap(({ slug, rateLimit }) =>
        rateLimit ? [[slug, { limit: rateLimit.limit, perMs: rateLimit.per * 1000 }] as const] : [],
      ),
    ),
  };
}
