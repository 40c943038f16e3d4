/** bg_jobs' intervals and schedules: values within a unit are alternatives, units hold together; UTC; the next instant counts from the end of the last run. */
import { UsageError } from '../index.js';

export type Schedule = { kind: 'interval'; ms: number } | { kind: 'schedule'; units: Units };

/** Undefined: any value. */
type Units = Partial<Record<Unit, readonly number[]>>;
type Unit = keyof typeof BOUNDS;

const BOUNDS = { second: [0, 59], minute: [0, 59], hour: [0, 23], dayOfMonth: [1, 31], month: [1, 12], dayOfWeek: [0, 6] } as const;
const DAY = 86_400_000;
/** After so many days every pair of date and weekday has come: 40 years, for 29 February over 2100. */
const HORIZON_DAYS = 14_700;

/** Milliseconds above zero. UsageError INVALID_OPTION. */
export function newIntervalMilliseconds(ms: number): Schedule {
  if (!(ms > 0 && Number.isFinite(ms))) throw new UsageError('INVALID_OPTION', `interval: expected a time above zero, got ${ms} ms`);
  return { kind: 'interval', ms };
}
export const newIntervalSeconds = (seconds: number) => newIntervalMilliseconds(seconds * 1_000);
export const newIntervalMinutes = (minutes: number) => newIntervalMilliseconds(minutes * 60_000);
export const newIntervalHours = (hours: number) => newIntervalMilliseconds(hours * 3_600_000);
export const newIntervalDays = (days: number) => newIntervalMilliseconds(days * DAY);
export const newIntervalWeeks = (weeks: number) => newIntervalMilliseconds(weeks * 7 * DAY);

/** Each call gives a new builder. Without any second, minute or hour: at the first instant of the larger unit. */
export class ScheduleBuilder {
  readonly #units: Units;

  constructor(units: Units = {}) {
    this.#units = units;
  }

  everySecond = () => this.#between('second', 0, 59);
  onSecond = (second: number) => this.#on('second', second);
  betweenSeconds = (from: number, to: number) => this.#between('second', from, to);
  onMinute = (minute: number) => this.#on('minute', minute);
  betweenMinutes = (from: number, to: number) => this.#between('minute', from, to);
  onHour = (hour: number) => this.#on('hour', hour);
  betweenHours = (from: number, to: number) => this.#between('hour', from, to);
  onDayOfMonth = (day: number) => this.#on('dayOfMonth', day);
  betweenDayOfMonths = (from: number, to: number) => this.#between('dayOfMonth', from, to);
  onMonth = (month: number) => this.#on('month', month);
  betweenMonths = (from: number, to: number) => this.#between('month', from, to);
  onJanuaries = () => this.onMonth(1);
  onFebruaries = () => this.onMonth(2);
  onMarches = () => this.onMonth(3);
  onAprils = () => this.onMonth(4);
  onMays = () => this.onMonth(5);
  onJunes = () => this.onMonth(6);
  onJulies = () => this.onMonth(7);
  onAugusts = () => this.onMonth(8);
  onSeptembers = () => this.onMonth(9);
  onOctobers = () => this.onMonth(10);
  onNovembers = () => this.onMonth(11);
  onDecembers = () => this.onMonth(12);
  /** 0 is Sunday. */
  onDayOfWeek = (day: number) => this.#on('dayOfWeek', day);
  betweenDayOfWeeks = (from: number, to: number) => this.#between('dayOfWeek', from, to);
  onMondays = () => this.onDayOfWeek(1);
  onTuesdays = () => this.onDayOfWeek(2);
  onWednesdays = () => this.onDayOfWeek(3);
  onThursdays = () => this.onDayOfWeek(4);
  onFridays = () => this.onDayOfWeek(5);
  onSaturdays = () => this.onDayOfWeek(6);
  onSundays = () => this.onDayOfWeek(0);
  onWeekdays = () => this.betweenDayOfWeeks(1, 5);
  onWeekends = () => this.onSaturdays().onSundays();

  buildSchedule(): Schedule {
    const { second, minute, hour } = this.#units;
    // What is finer than the finest unit given happens once, at its first value.
    const units = { ...this.#units };
    if (!second) units.second = [0];
    if (!second && !minute) units.minute = [0];
    if (!second && !minute && !hour) units.hour = [0];
    return { kind: 'schedule', units };
  }

  #on(unit: Unit, value: number): ScheduleBuilder {
    return new ScheduleBuilder({ ...this.#units, [unit]: [...(this.#units[unit] ?? []), value] });
  }

  /** Both ends included; an end below its begin is kept as it is, for `validate` to refuse. */
  #between(unit: Unit, from: number, to: number): ScheduleBuilder {
    const values = from <= to ? Array.from({ length: Math.min(to - from + 1, 100) }, (_, i) => from + i) : [from, Number.NaN];
    return new ScheduleBuilder({ ...this.#units, [unit]: [...(this.#units[unit] ?? []), ...values] });
  }
}

export const newSchedule = () => new ScheduleBuilder();

/** What is wrong with a schedule: values out of their bounds, ranges that end before they begin, dates that never come. Empty when nothing is. */
export function validate(schedule: Schedule): string[] {
  if (schedule.kind === 'interval') return [];
  const problems: string[] = [];
  for (const [unit, [least, most]] of Object.entries(BOUNDS)) {
    const wrong = schedule.units[unit as Unit]?.filter((value) => !(Number.isInteger(value) && value >= least && value <= most)) ?? [];
    for (const value of wrong) {
      const found = Number.isNaN(value) ? 'a range that ends before it begins' : String(value);
      problems.push(`${unit}: expected whole numbers from ${least} to ${most}, got ${found}`);
    }
  }
  if (problems.length === 0 && nextAfter(schedule, Date.UTC(2026, 0, 1)) === undefined) problems.push('it never comes due');
  return problems;
}

/** Epoch ms of the first instant after `at`; undefined when there is none. */
export function nextAfter(schedule: Schedule, at: number): number | undefined {
  if (schedule.kind === 'interval') return at + schedule.ms;
  const { units } = schedule;
  const fits = (unit: Unit, value: number) => units[unit]?.includes(value) ?? true;
  const values = (unit: Unit) => Array.from({ length: BOUNDS[unit][1] + 1 }, (_, i) => i).filter((value) => fits(unit, value));
  const [hours, minutes, seconds] = [values('hour'), values('minute'), values('second')];
  const today = Math.floor(at / DAY) * DAY;
  for (let day = 0; day <= HORIZON_DAYS; day++) {
    const begin = today + day * DAY;
    const date = new Date(begin);
    if (!fits('month', date.getUTCMonth() + 1) || !fits('dayOfMonth', date.getUTCDate()) || !fits('dayOfWeek', date.getUTCDay())) continue;
    for (const hour of hours) {
      if (begin + (hour + 1) * 3_600_000 <= at) continue;
      for (const minute of minutes) {
        if (begin + hour * 3_600_000 + (minute + 1) * 60_000 <= at) continue;
        const second = seconds.find((each) => begin + hour * 3_600_000 + minute * 60_000 + each * 1_000 > at);
        if (second !== undefined) return begin + hour * 3_600_000 + minute * 60_000 + second * 1_000;
      }
    }
  }
  return undefined;
}
