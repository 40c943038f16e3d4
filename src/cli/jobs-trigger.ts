/** `moonlighter jobs trigger`: queues one run, and waits for its end when asked to. */
import type { Command } from 'commander';
import type { OpenedProject } from '../operations/open-project.js';
import { action, type GlobalOptions, type Invocation, withProject } from './command.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import { dataOption, durationMs, integer, isoInstant, nameList } from './options.js';
import { runDetails } from './run-text.js';

interface Options extends GlobalOptions {
  data?: string;
  priority?: number;
  delay?: number;
  runAt?: number;
  unique?: string;
  uniqueWithin?: number;
  replace?: boolean;
  key?: string;
  after?: string[];
  wait?: boolean;
}

const EXAMPLES = `
Examples:
  moonlighter jobs trigger send_digest
  moonlighter jobs trigger send_welcome_email -d '{"user_id": "u1", "email": "ada@example.com"}' --wait
  moonlighter jobs trigger send_digest --delay 5m --unique digest`;

export function registerJobsTrigger(parent: Command, invocation: Invocation): void {
  const command = parent
    .command('trigger <slug>')
    .description('queue one run of a job; a running host takes it at once')
    .addOption(dataOption())
    .option('-p, --priority <n>', 'higher first', integer('--priority'))
    .option('--delay <duration>', 'due after this: 30s, 5m, 2h, 7d', durationMs('--delay'))
    .option('--run-at <instant>', 'due then: 2026-12-01T08:00:00Z', isoInstant('--run-at'))
    .option('--unique <key>', 'only if no run of the job with this key is pending or running')
    .option(
      '--unique-within <duration>',
      'with --unique: only if none that has not failed was queued within this time',
      durationMs('--unique-within'),
    )
    .option('--replace', 'with --unique: cancel the pending run with this key instead')
    .option('--key <key>', 'runs of the job with this key are executed in order')
    .option('--after <ids>', 'only when these runs are completed (ids separated by commas)', nameList('--after'))
    .option('--wait', 'wait for its end; exit code 1 unless it completes')
    .addHelpText('after', EXAMPLES);
  action<Options, [string]>(command, invocation, (_, options, slug) =>
    withProject(invocation, options, (opened) => trigger(invocation, opened, slug, options)),
  );
}

async function trigger({ output, signals }: Invocation, opened: OpenedProject, slug: string, options: Options): Promise<ExitCode> {
  const { triggerRun } = await import('../operations/trigger-run.js');
  const { waitForRun } = await import('../operations/wait-for-run.js');
  const { data, priority, delay: delayMs, runAt, unique, uniqueWithin: uniqueWithinMs, replace, key, after } = options;
  const triggered = await triggerRun(opened, { slug, data, priority, delayMs, runAt, unique, uniqueWithinMs, replace, key, after });
  const { id, duplicate } = triggered;
  const done = duplicate ? `Job '${slug}' has this run already (run ${id})` : `Queued job '${slug}' (run ${id})`;
  const hosted = await opened.hostIsRunning();
  if (!options.wait) {
    const document = { id, slug, queue: triggered.queue, due_at: new Date(triggered.dueAt).toISOString(), duplicate };
    output.result(document, () => done);
    if (!hosted) output.note('  The job will be picked up by the scheduler when the server is running.');
    return EXIT.done;
  }
  output.note(done);
  if (!hosted) output.note('  No host is running yet: start one with `moonlighter serve`, or end this with Ctrl-C; the run stays queued.');
  const run = await waitForRun(opened, id, signals.signal);
  output.result(run, () => runDetails(run));
  return run.status === 'completed' ? EXIT.done : EXIT.failed;
}
