/** The document of bg_jobs, type by type, with its queues, schedules and events, and what was weak there. */
import { afterEach, describe, expect, expectTypeOf, it } from 'vitest';
import {
  type BgEvent,
  type BgJobs,
  type BgJobsOptions,
  build,
  dateTime,
  error,
  type FailedJob,
  type Job,
  type JobEnqueueRequest,
  loggerEventListener,
  newIntervalDays,
  newIntervalHours,
  newIntervalMilliseconds,
  newIntervalMinutes,
  newIntervalSeconds,
  newIntervalWeeks,
  newJob,
  newSchedule,
  nextAfter,
  ok,
  type ScheduleBuilder,
  type SucceededJob,
  validate,
  type Worker,
  withAvailableAt,
  withAvailableIn,
} from '../../src/compat/bg-jobs.js';
import { MovingClock } from './moving-clock.js';

const open: BgJobs[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map(({ host }) => host.stop({ grace: 0 })));
});

async function start(options: BgJobsOptions): Promise<{ bg: BgJobs; clock: MovingClock; events: BgEvent[] }> {
  const clock = new MovingClock();
  const events: BgEvent[] = [];
  const eventListeners = [(event: BgEvent) => void events.push(event), ...(options.eventListeners ?? [])];
  const bg = await build({ ...options, eventListeners, host: { threads: 1, clock, ...options.host } });
  open.push(bg);
  return { bg, clock, events };
}

const worker = (job_name: string, handler: Worker['handler'] = () => ok()): Worker => ({ job_name, handler });

describe('jobs', () => {
  it('new makes a request, available now; withAvailableAt and withAvailableIn say when', () => {
    const request = newJob('send_email', 'ada');
    expect(request).toEqual({ name: 'send_email', payload: 'ada', availability: { type: 'AvailableNow' } });
    const at = [
      [2026, 1, 5],
      [11, 0, 0],
    ] as const;
    expect(withAvailableAt(request, at).availability).toEqual({ type: 'AvailableAt', at });
    expect(withAvailableIn(request, 500).availability).toEqual({ type: 'AvailableIn', ms: 500 });
    expectTypeOf(newJob).returns.toEqualTypeOf<JobEnqueueRequest>();
    // @ts-expect-error a payload is a text
    newJob('send_email', { to: 'ada' });
  });

  it('a worker has a name and a handler that is given the job and answers ok or error', async () => {
    const seen: Job[] = [];
    const sends = worker('send_email', (job) => {
      seen.push(job);
      return ok();
    });
    const { bg, clock } = await start({ queues: [{ name: 'mails', workers: [sends] }] });
    const queued = await bg.enqueue(newJob('send_email', 'ada'));
    expect(queued).toMatchObject({ name: 'send_email', payload: 'ada', attempts: 0, created_at: dateTime(new Date(clock.now())) });
    await clock.pass(bg.host, 0);
    expect(seen).toEqual([{ ...queued, reserved_at: dateTime(new Date(clock.now())), reserved_by: bg.host.id }]);
    const [succeeded] = await bg.getSucceededJobs(10);
    expect(succeeded).toEqual({
      id: queued.id,
      name: 'send_email',
      payload: 'ada',
      attempts: 0,
      created_at: queued.created_at,
      available_at: queued.available_at,
      succeeded_at: dateTime(new Date(clock.now())),
    } satisfies SucceededJob);
    expect(await bg.getFailedJobs(10)).toEqual([]);
  });

  it('an error is tried again at once, three times; then it is a failed job with its exception', async () => {
    const { bg, clock, events } = await start({ queues: [{ name: 'mails', workers: [worker('send_email', () => error('no server'))] }] });
    const { id } = await bg.enqueue(newJob('send_email', 'ada'));
    await clock.pass(bg.host, 0);
    const [failed] = await bg.getFailedJobs(10);
    expect(failed).toMatchObject({
      id,
      name: 'send_email',
      payload: 'ada',
      attempts: 4,
      exception: 'no server',
    } satisfies Partial<FailedJob>);
    expect(failed?.failed_at).toEqual(dateTime(new Date(clock.now())));
    expect(events.filter(({ type }) => type === 'JobFailedEvent')).toHaveLength(1);
    expect(events.filter(({ type }) => type === 'JobStartEvent')).toHaveLength(4);
  });

  it('available at and in: not before', async () => {
    const { bg, clock } = await start({ queues: [{ name: 'mails', workers: [worker('send_email')], maxRetries: 0 }] });
    const at = dateTime(new Date(clock.now() + 60_000));
    const late = await bg.enqueue(withAvailableAt(newJob('send_email', 'at'), at));
    await bg.enqueue(withAvailableIn(newJob('send_email', 'in'), 5_000));
    expect(late.available_at).toEqual(at);
    await clock.pass(bg.host, 10_000);
    expect((await bg.getEnqueuedJobs('send_email')).map(({ payload }) => payload)).toEqual(['at']);
    await clock.pass(bg.host, 50_000);
    expect((await bg.getSucceededJobs(10)).map(({ payload }) => payload).sort()).toEqual(['at', 'in']);
  });

  it('a name that no worker has is refused and told', async () => {
    const { bg, events } = await start({ queues: [{ name: 'mails', workers: [worker('send_email')] }] });
    await expect(bg.enqueue(newJob('send_male', ''))).rejects.toMatchObject({ code: 'NO_WORKER_FOR_JOB' });
    expect(events.at(-1)).toMatchObject({ type: 'NoWorkerForJobEvent', request: { name: 'send_male' } });
  });

  it('running jobs say which host has them; a worker of two queues is put where there is room', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow = worker('slow', async () => {
      await held;
      return ok();
    });
    const { bg } = await start({
      queues: [
        { name: 'one', workers: [slow], maxConcurrentJobs: 1 },
        { name: 'two', workers: [slow], maxConcurrentJobs: 1 },
      ],
    });
    const begun = new Promise<void>((resolve) => {
      let count = 0;
      bg.host.on('attempt:started', () => ++count === 2 && resolve());
    });
    await bg.enqueue(newJob('slow', 'a'));
    await bg.enqueue(newJob('slow', 'b'));
    await begun;
    expect(await bg.getRunningJobs()).toHaveLength(2);
    expect(await bg.getRunningJobsByQueueName('two')).toMatchObject([{ name: 'slow' }]);
    expect(await bg.monitor.getByName('two')).toEqual({ queue: 'two', maxRunning: 1, running: 1, available: 0 });
    expect(await bg.monitor.getByName('three')).toBeUndefined();
    release();
  });
});

describe('schedules', () => {
  const next = (builder: ScheduleBuilder, from: string) => {
    const at = nextAfter(builder.buildSchedule(), Date.parse(from));
    return at === undefined ? undefined : new Date(at).toISOString();
  };

  it('alternatives within a unit, units hold together', () => {
    const base = '2026-01-05T10:00:00.000Z';
    expect(next(newSchedule().everySecond(), base)).toBe('2026-01-05T10:00:01.000Z');
    expect(next(newSchedule().onSecond(10).onSecond(5), base)).toBe('2026-01-05T10:00:05.000Z');
    expect(next(newSchedule().betweenSeconds(20, 30), base)).toBe('2026-01-05T10:00:20.000Z');
    expect(next(newSchedule().onMinute(30), base)).toBe('2026-01-05T10:30:00.000Z');
    expect(next(newSchedule().betweenMinutes(0, 5), base)).toBe('2026-01-05T10:01:00.000Z');
    expect(next(newSchedule().onHour(9), base)).toBe('2026-01-06T09:00:00.000Z');
    expect(next(newSchedule().betweenHours(8, 12), base)).toBe('2026-01-05T11:00:00.000Z');
    expect(next(newSchedule().onDayOfMonth(1), base)).toBe('2026-02-01T00:00:00.000Z');
    expect(next(newSchedule().betweenDayOfMonths(10, 12), base)).toBe('2026-01-10T00:00:00.000Z');
    expect(next(newSchedule().onMonth(3), base)).toBe('2026-03-01T00:00:00.000Z');
    expect(next(newSchedule().betweenMonths(6, 7), base)).toBe('2026-06-01T00:00:00.000Z');
    expect(next(newSchedule().onDayOfWeek(3), base)).toBe('2026-01-07T00:00:00.000Z');
    expect(next(newSchedule().betweenDayOfWeeks(4, 6), base)).toBe('2026-01-08T00:00:00.000Z');
    expect(next(newSchedule().onWeekends().onHour(7), base)).toBe('2026-01-10T07:00:00.000Z');
    expect(next(newSchedule().onWeekdays().onHour(7), base)).toBe('2026-01-06T07:00:00.000Z');
    // Both a date and a weekday: Friday the 13th, not one of the two as in crontab.
    expect(next(newSchedule().onFridays().onDayOfMonth(13), base)).toBe('2026-02-13T00:00:00.000Z');
    expect(next(newSchedule().onFebruaries().onDayOfMonth(29).onSundays(), base)).toBe('2032-02-29T00:00:00.000Z');
  });

  it('every month and weekday has its name', () => {
    const months = [
      'onJanuaries',
      'onFebruaries',
      'onMarches',
      'onAprils',
      'onMays',
      'onJunes',
      'onJulies',
      'onAugusts',
      'onSeptembers',
    ] as const;
    const all = [...months, 'onOctobers', 'onNovembers', 'onDecembers'] as const;
    expect(all.map((name) => Number(next(newSchedule()[name](), '2025-12-31T00:00:00Z')?.slice(5, 7)))).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
    ]);
    const days = ['onMondays', 'onTuesdays', 'onWednesdays', 'onThursdays', 'onFridays', 'onSaturdays', 'onSundays'] as const;
    expect(days.map((name) => Number(next(newSchedule()[name](), '2026-01-04T12:00:00Z')?.slice(8, 10)))).toEqual([5, 6, 7, 8, 9, 10, 11]);
  });

  it('what cannot be is named, and refused at the start with a SetupErrorEvent', async () => {
    expect(validate(newSchedule().onHour(9).buildSchedule())).toEqual([]);
    expect(validate(newSchedule().onHour(24).buildSchedule())).toEqual(['hour: expected whole numbers from 0 to 23, got 24']);
    expect(validate(newSchedule().betweenHours(17, 9).buildSchedule())).toEqual([
      'hour: expected whole numbers from 0 to 23, got a range that ends before it begins',
    ]);
    expect(validate(newSchedule().onFebruaries().onDayOfMonth(30).buildSchedule())).toEqual(['it never comes due']);
    expect(() => newIntervalSeconds(0)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
    const events: BgEvent[] = [];
    const wrong = { worker: worker('x'), schedule: newSchedule().onMinute(60).buildSchedule() };
    await expect(build({ scheduledJobs: [wrong], eventListeners: [(event) => void events.push(event)] })).rejects.toMatchObject({
      code: 'SCHEDULE_INVALID',
    });
    expect(events.map(({ type }) => type)).toEqual(['SetupErrorEvent']);
  });

  it('intervals count from the end of the last run, failures included; there is never a second run', async () => {
    const units = [
      newIntervalMilliseconds(1),
      newIntervalSeconds(1),
      newIntervalMinutes(1),
      newIntervalHours(1),
      newIntervalDays(1),
      newIntervalWeeks(1),
    ];
    expect(units.map((each) => nextAfter(each, 0))).toEqual([1, 1_000, 60_000, 3_600_000, 86_400_000, 604_800_000]);
    const times: number[] = [];
    const clockOf: { clock?: MovingClock } = {};
    const polls = worker('polls', () => {
      const { clock } = clockOf;
      times.push(clock!.now());
      clock!.advance(4_000);
      return times.length === 2 ? error('once') : ok();
    });
    const started = await start({ scheduledJobs: [{ worker: polls, schedule: newIntervalSeconds(10), maxRetries: 0 }] });
    clockOf.clock = started.clock;
    const begun = started.clock.now();
    await started.clock.pass(started.bg.host, 45_000);
    expect(times.map((time) => time - begun)).toEqual([10_000, 24_000, 38_000]);
    expect(await started.bg.getEnqueuedJobs('polls')).toHaveLength(1);
  });

  it('a schedule always has one run ahead', async () => {
    const { clock, bg } = await start({
      scheduledJobs: [{ worker: worker('nightly'), schedule: newSchedule().onHour(2).buildSchedule() }],
    });
    await clock.pass(bg.host, 20 * 3_600_000);
    expect(await bg.getSucceededJobs(5)).toHaveLength(1);
    expect((await bg.getEnqueuedJobs()).map(({ available_at }) => available_at)).toEqual([
      [
        [2026, 1, 7],
        [2, 0, 0],
      ],
    ]);
  });
});

describe('events', () => {
  it('are told in order, to the listener of the queue only its own, and can be printed', async () => {
    const lines: string[] = [];
    const own: BgEvent[] = [];
    const { bg, clock, events } = await start({
      queues: [
        { name: 'mails', workers: [worker('mail')], eventListeners: [(event) => void own.push(event)] },
        { name: 'other', workers: [worker('else')] },
      ],
      eventListeners: [loggerEventListener((line) => lines.push(line))],
    });
    await bg.enqueue(newJob('else', ''));
    await bg.enqueue(newJob('mail', 'ada'));
    await clock.pass(bg.host, 0);
    await bg.host.stop();
    const of = (list: BgEvent[], name: string) => list.filter((event) => 'job' in event && event.job.name === name).map(({ type }) => type);
    expect(of(events, 'mail').sort()).toEqual(['JobEnqueuedEvent', 'JobReservedEvent', 'JobStartEvent', 'JobSucceededEvent']);
    expect(of(own, 'else')).toEqual([]);
    expect(of(own, 'mail')).toEqual(['JobReservedEvent', 'JobStartEvent', 'JobSucceededEvent']);
    const types = events.map(({ type }) => type);
    expect(types[0]).toBe('MigrateUpComplete');
    expect(types.filter((type) => type === 'QueuePollingStartedEvent')).toHaveLength(2);
    expect(types.filter((type) => type === 'QueuePollingStoppedEvent')).toHaveLength(2);
    expect(lines.find((line) => line.startsWith('JobSucceededEvent'))).toContain('"queue_name":');
  });
});

describe('weak there', () => {
  it('a failed job is tried again, a pending one cancelled, ended ones purged', async () => {
    let fail = true;
    const { bg, clock } = await start({
      queues: [{ name: 'q', maxRetries: 0, workers: [worker('w', () => (fail ? error('no') : ok()))] }],
    });
    const { id } = await bg.enqueue(newJob('w', ''));
    await clock.pass(bg.host, 0);
    fail = false;
    await bg.host.jobs.retry(id);
    await clock.pass(bg.host, 0);
    expect(await bg.getSucceededJobs(1)).toMatchObject([{ id }]);
    const later = await bg.enqueue(withAvailableIn(newJob('w', ''), 60_000));
    expect(await bg.host.jobs.cancel(later.id)).toMatchObject({ outcome: 'cancelled' });
    clock.advance(1_000);
    expect(await bg.host.jobs.purge({ olderThanMs: 0 })).toBe(2);
  });
});
