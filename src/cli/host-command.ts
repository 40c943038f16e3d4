/** What `serve` and `work` share: the log, the note about crap-cms beside us, and ending gracefully. */
import { didYouMean } from '../domain/suggest.js';
import type { ActivityReport } from '../host/activity.js';
import type { Host, HostOptions } from '../host/host.js';
import type { HostLog } from '../host/log.js';
import type { PreparedHost } from '../operations/prepare-host.js';
import { type GlobalOptions, type Invocation, openOptions } from './command.js';
import { logWarnings } from './problems-text.js';

export interface HostCommandOptions extends GlobalOptions {
  queues?: string[];
  concurrency?: number;
}

export interface HostCommand extends PreparedHost {
  log: HostLog;
  create(more: Partial<HostOptions>): Host;
  /** Has SIGUSR2 print what the host is doing. */
  answer(host: Host): void;
}

export async function prepareCommand(invocation: Invocation, options: HostCommandOptions): Promise<HostCommand> {
  const { createHost } = await import('../host/host.js');
  const { createHostLog } = await import('../host/log.js');
  const { VERSION } = await import('../host/version.js');
  const { prepareHost } = await import('../operations/prepare-host.js');
  const { output } = invocation;
  const prepared = await prepareHost(openOptions(invocation, options));
  const { project } = prepared;
  const settings = project.moonlighter.log;
  // With --json the log is the result: JSON lines on stdout.
  const log = output.json
    ? createHostLog({ stream: output.streams.stdout, format: 'json', level: settings.level })
    : createHostLog({ stream: output.streams.stderr, format: settings.format, level: settings.level });
  log.line('info', `Moonlighter ${VERSION} in ${project.dir}`, { version: VERSION });
  logWarnings(log, project.problems);
  for (const { level, text } of prepared.lines) log.line(level, text);
  for (const pid of prepared.others) {
    log.line(
      'warn',
      `crap-cms runs on this folder too (pid ${pid}). Both may run, but each would queue the ticks of every schedule: ` +
        'start one of the two without schedules (moonlighter work --no-cron, or crap-cms serve --no-scheduler)',
      { pid },
    );
  }
  const { pendingMigrations: pending } = prepared;
  if (pending.length > 0) {
    const text = `Not applied yet: ${pending.length === 1 ? `migration ${pending[0]}` : `${pending.length} migrations, from ${pending[0]} on`}`;
    log.line('warn', `${text} (moonlighter migrate up)`, { migrations: pending });
  }
  const { queues, concurrency } = options;
  const known = knownQueues(project);
  for (const name of queues?.filter((queue) => !known.has(queue)) ?? []) {
    log.line('warn', `No job uses the queue '${name}' of --queues${didYouMean(name, known)}`, { queue: name });
  }
  return {
    ...prepared,
    log,
    answer: (host) => invocation.signals.onAsk(() => log.line('info', activityText(host.activity()), { activity: host.activity() })),
    create: (more) => createHost({ ...prepared.options, log, queues, concurrency, ...more }),
  };
}

/** Several lines for people; JSON logs have the figures beside. */
function activityText({ running, writer, writers_waiting: waiting, memory }: ActivityReport): string {
  const runs = running.map(({ run, slug, attempt, worker, for_ms, waits }) => {
    const where = worker === null ? 'given, not begun' : `worker ${worker}`;
    return `  ${slug} ${run} attempt ${attempt}, ${where}, ${for_ms} ms${waits === null ? '' : `, waits for ${waits}`}`;
  });
  const holder = writer === null ? 'nobody writes' : `the writer is ${writer.owner} since ${writer.for_ms} ms`;
  return [`${running.length} running; ${holder}, ${waiting} wait to write; ${Math.round(memory / 1024 / 1024)} MB`, ...runs].join('\n');
}

/** Queues that runs of this project can stand in. */
function knownQueues({ registry, config }: PreparedHost['project']): Set<string> {
  return new Set([...[...registry.jobs.values()].map((job) => job.queue), config.email.queue_name]);
}
