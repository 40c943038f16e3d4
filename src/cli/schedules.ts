/** `moonlighter schedules`: which jobs come due by themselves, and when. */
import type { Command } from 'commander';
import { listSchedules } from '../operations/list-schedules.js';
import { nextTicks } from '../operations/next-ticks.js';
import { action, type GlobalOptions, type Invocation, withProject } from './command.js';
import { integer } from './options.js';
import { instant, table } from './output.js';

export function registerSchedules(program: Command, invocation: Invocation): void {
  const schedules = program.command('schedules').description('schedules and their due instants');
  registerList(schedules, invocation);
  registerNext(schedules, invocation);
}

function registerList(parent: Command, invocation: Invocation): void {
  const command = parent.command('list').description('every job with a schedule, and its next due instant (UTC)');
  action<GlobalOptions>(command, invocation, ({ output }, options) =>
    withProject(invocation, options, async (opened) => {
      const views = await listSchedules(opened);
      output.result(views, () =>
        views.length === 0
          ? 'No schedules defined.'
          : table(
              ['Job', 'Schedule', 'Timezone', 'Next', 'Last'],
              views.map((view) => [view.slug, view.schedule, view.timezone, instant(view.next), instant(view.last)]),
            ),
      );
    }),
  );
}

interface NextOptions extends GlobalOptions {
  count: number;
}

function registerNext(parent: Command, invocation: Invocation): void {
  const command = parent
    .command('next <slug>')
    .description("the next due instants of a job's schedule (UTC)")
    .option('-n, --count <n>', 'how many', integer('--count', 1), 5)
    .addHelpText('after', '\nExample:\n  moonlighter schedules next send_digest -n 3');
  action<NextOptions, [string]>(command, invocation, ({ output }, options, slug) =>
    withProject(invocation, options, async (opened) => {
      const ticks = nextTicks(opened, slug, options.count);
      output.result(ticks, () => ticks.next.map((at) => at.replace('.000Z', 'Z')).join('\n'));
      output.note(`${ticks.schedule} in ${ticks.timezone}${ticks.note === null ? '' : `: ${ticks.note}`}`);
    }),
  );
}
