/** Pause and resume: everything, a queue, a job or a schedule. Rows of the database: they hold over restarts and for every host. */
import { NotFoundError } from '../domain/errors.js';
import type { PauseTarget } from '../domain/pause.js';
import { didYouMean } from '../domain/suggest.js';
import type { Pause } from '../store/store.js';
import { jobBySlug } from './find-job.js';
import type { OpenedDatabase } from './open-database.js';
import type { OpenedProject } from './open-project.js';
import { iso } from './run-view.js';

export type { PauseTarget };

export interface PauseView {
  kind: PauseTarget['kind'];
  name: string;
  since: string | null;
  reason: string | null;
}

/** False when it was paused already. NotFoundError JOB_NOT_DEFINED or QUEUE_UNKNOWN for what the project does not have. */
export async function pause(opened: OpenedProject, target: PauseTarget, reason?: string): Promise<boolean> {
  requireKnown(opened, target);
  return await opened.write('pause', (db) => opened.store.pause(db, target, reason, opened.clock.now()));
}

/** False when it was not paused. What the project does not have any more can be resumed too. */
export async function resume(opened: OpenedDatabase, target: PauseTarget): Promise<boolean> {
  const resumed = await opened.write('pause', (db) => opened.store.resume(db, target));
  if (resumed) await opened.wake();
  return resumed;
}

export async function listPauses(opened: OpenedDatabase): Promise<PauseView[]> {
  return (await opened.read((db) => opened.store.listPauses(db))).map(pauseView);
}

function pauseView({ kind, name, since, reason }: Pause): PauseView {
  return { kind, name, since: iso(since), reason };
}

function requireKnown({ project }: OpenedProject, { kind, name }: PauseTarget): void {
  if (kind === 'job') jobBySlug(project.registry, name);
  if (kind === 'schedule' && jobBySlug(project.registry, name).schedule === undefined) {
    throw new NotFoundError('SCHEDULE_NONE', `Job '${name}' has no schedule`, {
      remedy: '`moonlighter schedules list` shows those that have',
    });
  }
  if (kind !== 'queue') return;
  const known = new Set([...[...project.registry.jobs.values()].map((job) => job.queue), ...Object.keys(project.config.jobs.queues)]);
  if (known.has(name)) return;
  throw new NotFoundError('QUEUE_UNKNOWN', `no job of the project uses the queue '${name}'${didYouMean(name, [...known])}`, {
    remedy: `the queues are ${[...known].sort().join(', ')}`,
    details: { queue: name },
  });
}
