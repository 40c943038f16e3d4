// Bugs in schedules: the ledger, what is run and what is skipped, clocks that jump, daylight saving time.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are pieces of source text
const TEST = 'test/host/scheduler.test.ts';
const CLOCK = 'test/host/schedule-clock.test.ts';
const POLICIES = 'test/host/schedule-policies.test.ts';
const SCHEDULER = 'src/host/scheduler.ts';
const ACCOUNT = 'src/host/tick-account.ts';
const WATCH = 'src/host/schedule-watch.ts';
const TICKS = 'src/store/sqlite/ticks.ts';

export const mutants = [
  {
    name: 'what a clock far ahead has called missed stays missed where the host lives through both jumps',
    file: SCHEDULER,
    edits: [
      {
        search: 'for (const { slug } of yield* store.currentSchedules(db)) yield* giveBackMissed(db, store, slug, now);',
        replace: '',
      },
    ],
    tests: [CLOCK],
  },
  {
    name: 'what another host with a clock far ahead has called missed stays missed',
    file: SCHEDULER,
    edits: [
      { search: 'giveBackMissed(db, store, watched.job.slug, now, watched.accounted)', replace: 'store.hasActive(db, "", "running")' },
    ],
    tests: [CLOCK],
  },
  {
    name: 'a tick is recorded before its run is queued, in two transactions',
    file: ACCOUNT,
    edits: [
      {
        search: 'const { id } = yield* store.enqueue(db, { ...request, ...(dueAt > now && { dueAt }) }, now);',
        replace:
          'const id = `tick-${slug}-${at}`;\n  later.push((other: Db) => store.enqueue(other, { ...request, id, ...(dueAt > now && { dueAt }) }, now));',
      },
      { search: 'type Event = HostEvents', replace: 'export const later: ((db: Db) => Op<unknown>)[] = [];\n\ntype Event = HostEvents' },
      {
        file: SCHEDULER,
        search: '    for (const tick of ticks) {\n',
        replace: "    for (const each of later.splice(0)) await acts.write('schedule', each);\n    for (const tick of ticks) {\n",
      },
      { file: SCHEDULER, search: 'AlreadyRecorded, accountFor }', replace: 'AlreadyRecorded, accountFor, later }' },
    ],
    tests: [CLOCK],
  },
  {
    name: 'an instant is run again after the clock was set back',
    file: ACCOUNT,
    edits: [
      { search: 'run: id }, now))) throw new AlreadyRecorded();', replace: 'run: id }, now))) void 0;' },
      { search: 'yield* options.store.ticksWithin(db, watched.job.slug, after, now)', replace: '[]' },
    ],
    tests: [CLOCK],
  },
  {
    name: 'a schedule stops until the clock is where it was before it was set back',
    file: SCHEDULER,
    edits: [{ search: 'if (watched.accounted > now) this.#reset(watched, now);', replace: '' }],
    tests: [CLOCK],
  },
  {
    name: 'a schedule that was first seen by a clock that was ahead keeps its beginning in the future',
    file: SCHEDULER,
    edits: [{ search: 'yield* store.beginSchedules(db, now);', replace: '' }],
    tests: [CLOCK],
  },
  {
    name: 'one instant that the ledger holds already takes those around it with it',
    file: ACCOUNT,
    edits: [{ search: 'yield* options.store.ticksWithin(db, watched.job.slug, after, now)', replace: '[]' }],
    tests: [CLOCK],
  },
  {
    name: 'what a schedule lacks before a ledger that reaches into the future is not made good at a start',
    file: SCHEDULER,
    edits: [{ search: 'Math.min(last, ...unsettled.map(({ settled }) => settled))', replace: 'Math.min(last, last + unsettled.length)' }],
    tests: [CLOCK],
  },
  {
    name: 'instants that a clock ahead has recorded by the rules before an edit are called a breach',
    file: SCHEDULER,
    edits: [{ search: '    yield* store.noteRepeat(db, entry.slug, entry.since);\n', replace: '' }],
    tests: [CLOCK],
  },
  {
    name: 'what was due before an edit by another host is accounted for by the text that it has since',
    file: SCHEDULER,
    edits: [
      {
        search: '      this.#reset(watched, entry.since);\n',
        replace: '      watched.next = nextInstant(rules.schedule, watched.accounted, rules.zone, rules.dst)?.at;\n',
      },
    ],
    tests: [POLICIES],
  },
  {
    name: 'an instant that could not be recorded is forgotten',
    file: SCHEDULER,
    edits: [
      {
        search: '      this.#outage.failed(error);\n      return false;',
        replace: '      this.#outage.failed(error);\n      return true;',
      },
    ],
    tests: [CLOCK],
  },
  {
    name: 'a schedule that was edited is accounted for by its new text from the last tick on',
    file: SCHEDULER,
    edits: [{ search: 'const rules = entry ? watchedBefore(watched, entry) : watched;', replace: 'const rules = watched;' }],
    tests: [POLICIES],
  },
  {
    name: 'an edit is not recorded',
    file: SCHEDULER,
    edits: [{ search: 'if (!entry || !sameRules(entry, present))', replace: 'if (!entry)' }],
    tests: [POLICIES],
  },
  {
    name: 'a schedule whose job is gone is not ended',
    file: SCHEDULER,
    edits: [
      {
        search: 'yield* this.#enter(db, { slug: entry.slug, since: now, schedule: undefined, timezone: entry.timezone });',
        replace: '',
      },
    ],
    tests: [POLICIES],
  },
  {
    name: 'what came due while no host was up is not accounted for',
    file: SCHEDULER,
    edits: [
      { search: 'if (after !== undefined && rules) events.push', replace: 'if (after !== undefined && rules && now < 0) events.push' },
    ],
    tests: [TEST],
  },
  {
    name: 'pauses do not hold schedules',
    file: ACCOUNT,
    edits: [{ search: "if (paused) return 'paused';", replace: "if (paused && !job) return 'paused';" }],
    tests: [POLICIES],
  },
  {
    name: 'a paused queue does not hold the schedules of its jobs',
    file: 'src/domain/pause.ts',
    edits: [{ search: 'return holdsRuns(target, job) ||', replace: "return (target.kind !== 'queue' && holdsRuns(target, job)) ||" }],
    tests: [POLICIES],
  },
  {
    name: 'an instant is run although a run of its job is running',
    file: ACCOUNT,
    edits: [{ search: "(yield* store.hasActive(db, job.slug, 'running')) || (pendingOverlaps", replace: '(pendingOverlaps' }],
    tests: [TEST],
  },
  {
    name: 'a pending run does not overlap in generation 10',
    file: ACCOUNT,
    edits: [{ search: "pendingOverlaps && (yield* store.hasActive(db, job.slug, 'pending'))", replace: 'false && pendingOverlaps' }],
    tests: [POLICIES],
  },
  {
    name: 'skip_if_running = false is ignored',
    file: ACCOUNT,
    edits: [{ search: '  if (!job.skipIfRunning) return undefined;\n', replace: '' }],
    tests: [TEST],
  },
  {
    name: 'consecutive skips are rows of their own',
    file: TICKS,
    edits: [{ search: 'if (alike && (tick', replace: 'if (alike && count < 0 && (tick' }],
    tests: ['test/store/acts.test.ts'],
  },
  {
    name: 'skips for different reasons are one row',
    file: TICKS,
    edits: [{ search: " && covering['reason'] === (tick.reason ?? null)", replace: '' }],
    tests: ['test/store/acts.test.ts'],
  },
  {
    name: 'an instant within a folded row is recorded again',
    file: TICKS,
    edits: [{ search: "Number(covering['until']) >= tick.at) return false;", replace: "Number(covering['at']) >= tick.at) return false;" }],
    tests: ['test/store/acts.test.ts'],
  },
  {
    name: 'a folded row does not count what it holds',
    file: TICKS,
    edits: [{ search: 'count = count + ?, recorded_at', replace: 'count = max(count, ?), recorded_at' }],
    tests: ['test/store/acts.test.ts'],
  },
  {
    name: 'missed instants are run under misfire = skip',
    file: ACCOUNT,
    edits: [{ search: "punctual.length > 0 || watched.misfire === 'skip' ?", replace: 'punctual.length > 0 ?' }],
    tests: [POLICIES],
  },
  {
    name: 'under misfire = all the oldest are run, not the newest',
    file: WATCH,
    edits: [{ search: 'found.slice(-limit)', replace: 'found.slice(0, limit)' }],
    tests: [POLICIES, TEST],
  },
  {
    name: 'the end of a window belongs to it',
    file: WATCH,
    edits: [{ search: 'Math.min(until, watched.until - 1)', replace: 'Math.min(until, watched.until)' }],
    tests: [POLICIES],
  },
  {
    name: 'the beginning of a window does not belong to it',
    file: WATCH,
    edits: [{ search: 'Math.max(after, watched.from - 1)', replace: 'Math.max(after, watched.from)' }],
    tests: [POLICIES],
  },
  {
    name: 'crap-cms is not told of the instant and fires it too',
    file: ACCOUNT,
    edits: [
      {
        search: "  yield* db.run(CRON_FIRED, [slug, new Date(now).toISOString().replace('Z', '+00:00')]);\n",
        replace: '  void CRON_FIRED;\n',
      },
    ],
    tests: [CLOCK],
  },
  {
    name: 'a wall time that comes twice is run twice',
    file: 'src/domain/schedule.ts',
    edits: [
      {
        search: "overlap === 'first' && before > offset ? Math.max(at + offset, shown) : at + offset",
        replace: "overlap === 'first' && before > offset ? at + offset : at + offset",
      },
    ],
    tests: ['test/domain/schedule-dst.test.ts', 'test/domain/schedule.test.ts'],
  },
  {
    name: 'a rhythm stands still while wall times come twice',
    file: 'src/domain/schedule.ts',
    edits: [{ search: "schedule.rhythm ? 'both' : 'first'", replace: "schedule.rhythm ? 'first' : 'first'" }],
    tests: ['test/domain/schedule-dst.test.ts', 'test/domain/schedule.test.ts'],
  },
  {
    name: 'a wall time that the clock skips never comes due',
    file: 'src/domain/schedule.ts',
    edits: [{ search: "if (before < offset && dst?.gap !== 'before') {", replace: "if (before < offset && dst?.gap === 'skip') {" }],
    tests: ['test/domain/schedule-dst.test.ts', 'test/domain/schedule.test.ts'],
  },
  {
    name: 'an instant in a gap that the policy leaves out is run',
    file: 'src/domain/schedule.ts',
    edits: [{ search: "gap: gap && dst?.gap === 'skip'", replace: "gap: gap && dst?.gap === 'before'" }],
    tests: [POLICIES],
  },
  {
    name: 'a range of weekdays over the weekend ends with Saturday',
    file: 'src/domain/schedule-parse.ts',
    edits: [{ search: 'map((value) => value % 7)', replace: 'map((value) => value)' }],
    tests: ['test/domain/schedule.test.ts'],
  },
];
