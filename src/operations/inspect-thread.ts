/**
 * Verify and doctor for a process that must go on meanwhile: over a large database each reads for seconds, so that they do it in a thread of
 * their own, with a connection of its own.
 */
import { existsSync, statSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { type ErrorDetails, HostError, StoreUnavailableError } from '../domain/errors.js';
import { threadEntry } from '../host/worker-pool.js';
import type { CheckedProject } from '../project/check-project.js';
import type { OpenedProject } from './open-project.js';
import { type DoctorOptions, type DoctorReport, runDoctor } from './run-doctor.js';
import { type VerifyReport, verify } from './verify.js';

/** Below this a thread would cost more than it spares: the reading takes some tens of milliseconds. */
const SMALL_BYTES = 2 * 1024 * 1024;

/** workerData of the thread. */
export interface InspectRequest {
  act: { verify: { since: number | undefined } } | { doctor: DoctorOptions };
  project: CheckedProject;
  databasePath: string;
  /** By how much the clock of the host differs from the system's, ms. */
  aheadMs: number;
  /** Jobs in TypeScript. */
  scripts: string[];
}

export interface InspectAnswer {
  report?: VerifyReport | DoctorReport;
  error?: { code: string; message: string; remedy?: string; details?: ErrorDetails; unavailable: boolean };
}

/** As `verify`; `since`: epoch ms. */
export async function verifyAside(opened: OpenedProject, since?: number): Promise<VerifyReport> {
  if (isSmall(opened)) return await verify(opened, since);
  return (await inspect(opened, { verify: { since } })) as VerifyReport;
}

/** As `runDoctor`. */
export async function doctorAside(opened: OpenedProject, options: DoctorOptions = {}): Promise<DoctorReport> {
  if (isSmall(opened)) return await runDoctor(opened, options);
  const report = (await inspect(opened, { doctor: options })) as DoctorReport;
  if (report.repaired.length > 0) await opened.wake();
  return report;
}

function isSmall({ databasePath }: OpenedProject): boolean {
  const size = (path: string) => (existsSync(path) ? statSync(path).size : 0);
  return size(databasePath) + size(`${databasePath}-wal`) < SMALL_BYTES;
}

async function inspect(opened: OpenedProject, act: InspectRequest['act']): Promise<InspectAnswer['report']> {
  // Refuses where the host is stopped, or the database is not to be read.
  await opened.hosts();
  const { project, databasePath, clock, scripts } = opened;
  const workerData: InspectRequest = {
    act,
    project,
    databasePath,
    aheadMs: clock.now() - Date.now(),
    scripts: [...(scripts?.handlers.keys() ?? [])],
  };
  return await new Promise((resolve, reject) => {
    const worker = new Worker(threadEntry('operations/inspect-entry.js'), { workerData, name: 'moonlighter inspector' });
    worker.once('message', ({ report, error }: InspectAnswer) => {
      if (!error) return resolve(report);
      const { code, message, remedy, details } = error;
      reject(new (error.unavailable ? StoreUnavailableError : HostError)(code, message, { remedy, ...(details && { details }) }));
    });
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new HostError('INTERNAL', `the thread that inspects the database exited with code ${code}`)));
  });
}
