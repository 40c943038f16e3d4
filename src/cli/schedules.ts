/** `moonlighter schedules`: which jobs come due by themselves, and when. */
import type { Command } from 'commander';
import { action, type GlobalOptions, type Invocation, withProject, withRuns } from './command.js';
import { durationMs, integer } from './options.js';
import { instant, table } from './output.js';

export function registerSchedules(schedules: Command, invocation: Invocation): void {
  registerList(schedules, invocation);
  registerNext(schedules, invocation);
  registerExplain(schedules, invocation);
  registerPreview(schedules, invocation);
  registerHistory(schedules, invocation);
  registerSwitches(schedules, invocation);
  registerRun(schedules, invocation);
}

function registerList(parent: Command, invocation: Invocation): void {
  const command = parent.command('list').description('every job with a schedule, and its next due instant (UTC)');
  action<GlobalOptions>(command, invocation, ({ output }, options) =>
    withProject(invocation, options, async (opened) => {
      const { listSchedules } = await import('../operations/list-schedules.js');
      const views = await listSchedules(opened);
      output.result(views, () =>
        views.length === 0
          ? 'No schedules defined.'
          : table(
              ['Job', 'Schedule', 'Timezone', 'Next', 'Last', ''],
              views.map((view) => [
                view.slug,
                view.schedule,
                view.timezone,
                instant(view.next),
                instant(view.last),
                view.paused ? 'paused' : '',
              ]),
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
      const { nextTicks } = await import('../operations/next-ticks.js');
      const ticks = nextTicks(opened, slug, options.count);
      output.result(ticks, () => ticks.next.map((at) => at.replace('.000Z', 'Z')).join('\n'));
      output.note(`${ticks.schedule} in ${ticks.timezone}${ticks.note === null ? '' : `: ${ticks.note}`}`);
    }),
  );
}

interface ExplainOptions extends NextOptions {
  timezone?: string;
}

function registerExplain(parent: Command, invocation: Invocation): void {
  const command = parent
    .command('explain <expression>')
    .description('a cron text, or the schedule of a job, in words')
    .option('-n, --count <n>', 'how many of the next instants', integer('--count', 0), 5)
    .option('--timezone <zone>', "default the job's or the project's")
    .addHelpText('after', '\nExamples:\n  moonlighter schedules explain "0 8 * * 1"\n  moonlighter schedules explain send_digest');
  action<ExplainOptions, [string]>(command, invocation, ({ output }, { timezone, count, ...options }, expression) =>
    withProject(invocation, options, async (opened) => {
      const { explainSchedule } = await import('../operations/explain-schedule.js');
      const explained = explainSchedule(opened, expression, { count, ...(timezone !== undefined && { timezone }) });
      const { words, next, notes, schedule } = explained;
      output.result(explained, () =>
        [
          `${schedule} (${explained.timezone}): ${words}`,
          ...next.map((at) => `  ${at.replace('.000Z', 'Z')}`),
          ...notes.map((note) => `  note: ${note}`),
        ].join('\n'),
      );
    }),
  );
}

interface PreviewOptions extends GlobalOptions {
  within: number;
  limit: number;
}

function registerPreview(parent: Command, invocation: Invocation): void {
  const command = parent
    .command('preview')
    .description('what comes due soon, over all schedules')
    .option('--within <duration>', 'from now on', durationMs('--within'), 86_400_000)
    .option('-l, --limit <n>', 'at most this many', integer('--limit', 1), 50);
  action<PreviewOptions>(command, invocation, ({ output }, { within, limit, ...options }) =>
    withProject(invocation, options, async (opened) => {
      const { previewSchedules } = await import('../operations/preview-schedules.js');
      const ticks = await previewSchedules(opened, within, limit);
      const rows = ticks.map(({ at, slug, skipped }) => [instant(at), slug, skipped ?? '']);
      output.result(ticks, () => (rows.length === 0 ? 'Nothing comes due within this time.' : table(['Due', 'Job', 'Skipped'], rows)));
    }),
  );
}

interface HistoryOptions extends GlobalOptions {
  limit: number;
}

function registerHistory(parent: Command, invocation: Invocation): void {
  const command = parent
    .command('history [slug]')
    .description('the ledger: each due instant, run or skipped and why; newest first')
    .option('-l, --limit <n>', 'at most this many rows', integer('--limit', 1), 20);
  action<HistoryOptions, [string | undefined]>(command, invocation, ({ output }, { limit, ...options }, slug) =>
    withRuns(invocation, options, async (opened) => {
      const { scheduleHistory } = await import('../operations/schedule-history.js');
      const ticks = await scheduleHistory(opened, slug, limit);
      const rows = ticks.map(({ slug: job, at, until, count, outcome, reason, run }) => [
        job,
        instant(at),
        count === 1 ? '' : instant(until),
        String(count),
        outcome,
        reason ?? run ?? '',
      ]);
      output.result(ticks, () =>
        rows.length === 0 ? 'Nothing is recorded.' : table(['Job', 'Due', 'Until', 'Count', 'Outcome', 'Reason or run'], rows),
      );
    }),
  );
}

function registerSwitches(parent: Command, invocation: Invocation): void {
  const pausing = parent
    .command('pause <slug>')
    .description('let the schedule of a job tick without running it; other runs of the job go on')
    .option('--reason <text>', 'shown by `jobs pause`');
  action<GlobalOptions & { reason?: string }, [string]>(pausing, invocation, ({ output }, { reason, ...options }, slug) =>
    withProject(invocation, options, async (opened) => {
      const { pause } = await import('../operations/pauses.js');
      const changed = await pause(opened, { kind: 'schedule', name: slug }, reason);
      output.result({ slug, paused: true, changed }, () => `The schedule of '${slug}' ${changed ? 'is paused' : 'was paused already'}`);
    }),
  );
  const resuming = parent.command('resume <slug>').description('run the ticks of a paused schedule again');
  action<GlobalOptions, [string]>(resuming, invocation, ({ output }, options, slug) =>
    withRuns(invocation, options, async (opened) => {
      const { resume } = await import('../operations/pauses.js');
      const changed = await resume(opened, { kind: 'schedule', name: slug });
      output.result({ slug, paused: false, changed }, () => `The schedule of '${slug}' ${changed ? 'goes on' : 'was not paused'}`);
    }),
  );
}

function registerRun(parent: Command, invocation: Invocation): void {
  const command = parent.command('run <slug>').description('queue a run of a scheduled job now, beside its schedule');
  action<GlobalOptions, [string]>(command, invocation, ({ output }, options, slug) =>
    withProject(invocation, options, async (opened) => {
      const { nextTicks } = await import('../operations/next-ticks.js');
      const { triggerRun } = await import('../operations/trigger-run.js');
      nextTicks(opened, slug, 0);
      const { id } = await triggerRun(opened, { slug });
      output.result({ id, slug }, () => `Queued job '${slug}' (run ${id})`);
    }),
  );
}
