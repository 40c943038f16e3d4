/** A cron text, or a job's schedule, in words, with its next instants and what the next changes of the clock do to it. */

import { UsageError } from '../domain/errors.js';
import type { DstPolicy } from '../domain/job.js';
import { isTimeZone, nextInstant, parseSchedule, scheduleNote, timeZones } from '../domain/schedule.js';
import { scheduleInWords } from '../domain/schedule-words.js';
import { didYouMean } from '../domain/suggest.js';
import { zoneOf } from './list-schedules.js';
import type { OpenedProject } from './open-project.js';
import { windowNote } from './schedule-window.js';

export interface ScheduleExplanation {
  slug: string | null;
  schedule: string;
  timezone: string;
  words: string;
  /** ISO instants, soonest first. */
  next: string[];
  notes: string[];
}

/** `what`: a slug with a schedule, or a cron text. ScheduleError for one that does not parse; UsageError for an unknown zone. */
export function explainSchedule(opened: OpenedProject, what: string, options: { timezone?: string; count: number }): ScheduleExplanation {
  const job = opened.project.registry.jobs.get(what);
  const text = job?.schedule ?? what;
  const timezone = options.timezone ?? (job ? zoneOf(opened, job) : opened.project.moonlighter.jobs.timezone);
  if (!isTimeZone(timezone)) {
    throw new UsageError('INVALID_OPTION', `unknown time zone '${timezone}'${didYouMean(timezone, timeZones())}`, {
      remedy: 'write the name of an IANA zone such as Europe/Berlin',
    });
  }
  const schedule = parseSchedule(text);
  const next: string[] = [];
  const notes: string[] = [];
  const note = scheduleNote(schedule);
  if (note !== undefined) notes.push(note);
  const window = job && windowNote(job);
  if (window !== undefined) notes.push(window);
  let at = Math.max(opened.clock.now(), (job?.from ?? 0) - 1);
  while (next.length < options.count) {
    const instant = nextInstant(schedule, at, timezone, job?.dst);
    if (!instant || instant.at >= (job?.until ?? Number.POSITIVE_INFINITY)) break;
    at = instant.at;
    if (instant.gap) notes.push(`the clock skips the wall time of ${new Date(at).toISOString()}: it is left out (dst.gap = "skip")`);
    else next.push(new Date(at).toISOString());
  }
  if (timezone !== 'UTC') notes.push(dstNote(job?.dst, schedule.rhythm));
  return { slug: job?.schedule === undefined ? null : what, schedule: text, timezone, words: scheduleInWords(schedule), next, notes };
}

function dstNote(dst: DstPolicy | undefined, rhythm: boolean): string {
  const gap = { skip: 'is left out', before: 'comes due as much earlier', after: 'comes due as much later' }[dst?.gap ?? 'after'];
  const overlap = { first: 'comes due the first time', second: 'comes due the second time', both: 'comes due both times' }[
    dst?.overlap ?? (rhythm ? 'both' : 'first')
  ];
  return `when the clock changes: a time that it skips ${gap}, one that it repeats ${overlap} (dst in the definition)`;
}
