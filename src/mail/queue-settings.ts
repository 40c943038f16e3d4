/** How queued mails are executed: [email] queue_* of crap.toml, in the later generation [jobs.queues.<queue_name>]. */
import type { CrapConfig } from '../config/crap-config.js';

export interface EmailQueueSettings {
  queue: string;
  /** Further attempts after the first. */
  retries: number;
  timeoutSeconds: number;
  /** Mails sent at a time, over all hosts. */
  concurrency: number;
}

export function emailQueueSettings(config: CrapConfig, generation: 8 | 10): EmailQueueSettings {
  const { queue_name: queue, queue_retries, queue_timeout, queue_concurrency } = config.email;
  const later = generation >= 10 ? config.jobs.queues[queue] : undefined;
  return {
    queue,
    retries: Math.max(later?.retries ?? queue_retries, 0),
    timeoutSeconds: Math.max(later?.timeout ?? queue_timeout, 1),
    concurrency: Math.max(later?.concurrency ?? queue_concurrency, 1),
  };
}
