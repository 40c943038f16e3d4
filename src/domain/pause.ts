/** Pauses: what they hold back. */

/** What is paused: everything, or by its name a queue, a job (its claims and its schedule), or a schedule (its ticks only). */
export interface PauseTarget {
  kind: 'all' | 'queue' | 'job' | 'schedule';
  /** '' for all. */
  name: string;
}

/** Whether no run of this job in this queue is claimed. */
export function holdsRuns({ kind, name }: PauseTarget, run: { slug: string; queue: string }): boolean {
  return kind === 'all' || (kind === 'job' && name === run.slug) || (kind === 'queue' && name === run.queue);
}

/** Whether the ticks of this job are skipped. */
export function holdsTicks(target: PauseTarget, job: { slug: string; queue: string }): boolean {
  return holdsRuns(target, job) || (target.kind === 'schedule' && target.name === job.slug);
}
