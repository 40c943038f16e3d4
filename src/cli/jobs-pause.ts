/** `moonlighter jobs pause` and `resume`: nothing of a job, a queue, or anything at all is claimed meanwhile; what runs goes on. */
import type { Command } from 'commander';
import { UsageError } from '../domain/errors.js';
import type { PauseTarget } from '../operations/pauses.js';
import { action, type GlobalOptions, type Invocation, withProject, withRuns } from './command.js';
import { instant, table } from './output.js';

interface Options extends GlobalOptions {
  queue?: string;
  all?: boolean;
  reason?: string;
}

export function registerJobsPause(parent: Command, invocation: Invocation): void {
  const pausing = parent
    .command('pause [slug]')
    .description('claim nothing of a job, a queue, or anything; without any: what is paused')
    .option('-q, --queue <name>', 'this queue')
    .option('--all', 'everything')
    .option('--reason <text>', 'shown by `jobs why` and `jobs pause`')
    .addHelpText(
      'after',
      '\nThe schedule of a paused job ticks on: its instants are recorded as skipped.\n\nExamples:\n  moonlighter jobs pause send_digest --reason "the printer is broken"\n  moonlighter jobs pause --queue mail\n  moonlighter jobs pause',
    );
  action<Options, [string | undefined]>(pausing, invocation, async ({ output }, options, slug) => {
    const target = targetOf(slug, options);
    if (!target) return showPauses(invocation, options);
    return withProject(invocation, options, async (opened) => {
      const { pause } = await import('../operations/pauses.js');
      const changed = await pause(opened, target, options.reason);
      output.result({ ...target, paused: true, changed }, () => `${nameOf(target)} ${changed ? 'is paused' : 'was paused already'}`);
    });
  });
  const resuming = parent
    .command('resume [slug]')
    .description('claim from a paused job or queue again, or from everything')
    .option('-q, --queue <name>', 'this queue')
    .option('--all', 'everything that was paused with --all; jobs and queues keep their own pauses');
  action<Options, [string | undefined]>(resuming, invocation, ({ output }, options, slug) =>
    withRuns(invocation, options, async (opened) => {
      const { resume } = await import('../operations/pauses.js');
      const target = targetOf(slug, options);
      if (!target)
        throw new UsageError('INVALID_OPTION', 'give a job, --queue or --all', { remedy: '`moonlighter jobs pause` shows what is paused' });
      const changed = await resume(opened, target);
      output.result({ ...target, paused: false, changed }, () => `${nameOf(target)} ${changed ? 'goes on' : 'was not paused'}`);
    }),
  );
}

function showPauses(invocation: Invocation, options: Options): Promise<void> {
  return withRuns(invocation, options, async (opened) => {
    const { listPauses } = await import('../operations/pauses.js');
    const pauses = await listPauses(opened);
    const rows = pauses.map(({ kind, name, since, reason }) => [kind, name, instant(since), reason ?? '']);
    invocation.output.result(pauses, () => (rows.length === 0 ? 'Nothing is paused.' : table(['Kind', 'Name', 'Since', 'Reason'], rows)));
  });
}

function targetOf(slug: string | undefined, { queue, all }: Options): PauseTarget | undefined {
  const targets: PauseTarget[] = [];
  if (slug !== undefined) targets.push({ kind: 'job', name: slug });
  if (queue !== undefined) targets.push({ kind: 'queue', name: queue });
  if (all) targets.push({ kind: 'all', name: '' });
  if (targets.length > 1) throw new UsageError('INVALID_OPTION', 'give one of a job, --queue and --all');
  return targets[0];
}

function nameOf({ kind, name }: PauseTarget): string {
  return kind === 'all' ? 'Everything' : `The ${kind} '${name}'`;
}
