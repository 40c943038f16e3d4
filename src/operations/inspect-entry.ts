/** Entry of the thread that verifies or examines a database beside a host. */
import { parentPort, workerData } from 'node:worker_threads';
import { HostError, messageOf, StoreUnavailableError } from '../domain/errors.js';
import type { InspectAnswer, InspectRequest } from './inspect-thread.js';
import { openDatabaseOf } from './open-database.js';
import { OpenedProject } from './open-project.js';
import { runDoctor } from './run-doctor.js';
import { verify } from './verify.js';

const { act, project, databasePath, aheadMs, scripts } = workerData as InspectRequest;

/** The project's clock, for one look; what it waits for waits in the host. */
class Inspected extends OpenedProject {
  override readonly clock = { now: () => Date.now() + aheadMs, monotonic: () => performance.now() };
}

async function inspect(): Promise<InspectAnswer> {
  const config = { ...project.config, database: { ...project.config.database, path: databasePath } };
  const opened = new Inspected({ ...project, config }, openDatabaseOf({ ...project, config }, false));
  opened.scripts = { handlers: new Map(scripts.map((slug) => [slug, () => null])), checks: new Map() };
  try {
    return { report: 'verify' in act ? await verify(opened, act.verify.since) : await runDoctor(opened, act.doctor) };
  } catch (error) {
    const unavailable = error instanceof StoreUnavailableError;
    if (!(error instanceof HostError)) return { error: { code: 'INTERNAL', message: messageOf(error), unavailable } };
    const { code, message, remedy, details } = error;
    return { error: { code, message, ...(remedy !== undefined && { remedy }), details: JSON.parse(JSON.stringify(details)), unavailable } };
  } finally {
    await opened.close();
  }
}

void inspect().then((answer) => parentPort!.postMessage(answer));
