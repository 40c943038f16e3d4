/** What keeps the running hosts from taking a run: none runs, none serves it, none has a free place. Part of explain-run. */
import { hostname } from 'node:os';
import type { Run } from '../domain/run.js';
import type { HostServes } from '../host/activity.js';
import { askActivity } from '../host/ask-activity.js';
import { hostSettings } from '../host/settings.js';
import { probeSocket } from '../host/waker.js';
import type { HostRecord } from '../store/store.js';
import type { Reason } from './explain-run.js';
import type { OpenedProject } from './open-project.js';

/** A host of the database that answers. */
export interface AnsweringHost {
  id: string;
  pid: number;
  /** undefined: it is on another machine, or of an earlier version, and may take everything. */
  serves: HostServes | undefined;
}

/** Empty where some host could take the run now. */
export function hostReasons(hosts: readonly AnsweringHost[], run: Run): Reason[] {
  if (hosts.length === 0) {
    return [{ code: 'no_host', text: 'no host is running: start one with `moonlighter serve` or `moonlighter work`' }];
  }
  const ofQueue = hosts.filter(({ serves }) => serves?.queues?.includes(run.queue) ?? true);
  if (ofQueue.length === 0) {
    const text = `no running host serves the queue '${run.queue}': start one with it in --queues, or without --queues`;
    return [{ code: 'no_host', text, details: { queue: run.queue, hosts: hosts.map(({ id }) => id) } }];
  }
  const ofJob = ofQueue.filter(({ serves }) => run.slug.startsWith('_system_') || (serves?.jobs.includes(run.slug) ?? true));
  if (ofJob.length === 0) {
    const text = `no running host knows the job '${run.slug}': a host reads definitions when it starts, so start it anew`;
    return [{ code: 'no_host', text, details: { slug: run.slug, hosts: ofQueue.map(({ id }) => id) } }];
  }
  const able = ofJob.filter(({ serves }) => (serves?.held ?? null) === null);
  if (able.length === 0) {
    const [{ id, pid, serves }] = ofJob as [AnsweringHost];
    const text = `the host ${id} (process ${pid}) claims nothing at the moment: ${serves?.held}`;
    return [{ code: 'host_held', text, details: { host: id, held: serves?.held } }];
  }
  if (able.some(({ serves }) => (serves?.free ?? 1) > 0)) return [];
  const running = able.reduce((sum, { serves }) => sum + (serves?.running ?? 0), 0);
  const text =
    `every place of ${able.length === 1 ? `the host ${able[0]!.id}` : `the ${able.length} hosts that serve it`} is taken, by ${running} runs ` +
    '(--concurrency, or [workers] threads and slots of moonlighter.toml)';
  return [{ code: 'host_limit', text, details: { hosts: able.map(({ id }) => id), running } }];
}

export async function answeringHosts(opened: OpenedProject): Promise<AnsweringHost[]> {
  const asked = (await opened.hosts()).map(async ({ id, pid, socket, hostname: machine }): Promise<AnsweringHost | undefined> => {
    const report = machine === hostname() ? await askActivity(socket) : undefined;
    if (report) return { id, pid, serves: report.serves };
    return (await probeSocket(socket)) === 'alive' ? { id, pid, serves: undefined } : undefined;
  });
  return (await Promise.all(asked)).filter((host) => host !== undefined);
}

/** As a rescuer judges: its socket refuses; where that cannot be asked, it was not seen for longer than a lease. */
export async function isGone({ project, clock }: OpenedProject, host: HostRecord): Promise<boolean> {
  const liveness = host.hostname === hostname() ? await probeSocket(host.socket) : 'unknown';
  if (liveness !== 'unknown') return liveness === 'dead';
  return clock.now() - host.seenAt > hostSettings(project.config, project.moonlighter, undefined).leaseMs;
}
