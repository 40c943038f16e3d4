// Bugs in a host: claims handed over and given back, wake-ups, drains, rescue, leases, stops.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are pieces of source text
const DISPATCHER_TEST = 'test/host/dispatcher.test.ts';
const WAKES = 'test/host/wakes.test.ts';
const ENDS_TEST = 'test/host/run-ends.test.ts';
const RESCUE = 'test/host/rescue.test.ts';
const LIVENESS = 'test/host/liveness.test.ts';
const RETRY_TEST = 'test/host/retry.test.ts';
const WAKER_TEST = 'test/host/waker.test.ts';
const DISPATCHER = 'src/host/dispatcher.ts';
const ENDS = 'src/host/run-ends.ts';
const RETRY = 'src/host/retry.ts';
const RESCUER = 'src/host/rescuer.ts';
const RESCUE_CLAIMS = 'src/host/rescue-claims.ts';

export const mutants = [
  {
    name: 'the row of a stopped host goes although runs stand as running for it',
    file: 'src/host/host-record.ts',
    edits: [{ search: 'if ((yield* store.listClaimsOf(db, record.id, 0)).length > 0) return false;', replace: '' }],
    tests: ['test/host/disk.test.ts'],
    only: 'less could',
  },
  {
    name: 'a host whose row stays leaves no socket that refuses',
    file: 'src/host/host.ts',
    edits: [{ search: 'await parts.waker.stop(!removed);', replace: 'await parts.waker.stop();' }],
    tests: ['test/host/disk.test.ts'],
    only: 'nothing could be written',
  },
  {
    name: 'a rescue spends a retry',
    file: RETRY,
    edits: [
      {
        search: 'defaultRetryDelayMs(losses - 1)), spendsAttempt: false',
        replace: 'defaultRetryDelayMs(losses - 1)), spendsAttempt: true',
      },
    ],
    tests: [RETRY_TEST],
  },
  {
    name: 'a release spends a retry',
    file: RETRY,
    edits: [{ search: 'dueAt: now + delayMs, spendsAttempt: false', replace: 'dueAt: now + delayMs, spendsAttempt: true' }],
    tests: [RETRY_TEST],
  },
  {
    name: 'a failed run has one attempt too many',
    file: RETRY,
    edits: [{ search: 'attempt < maxAttempts', replace: 'attempt <= maxAttempts' }],
    tests: [RETRY_TEST],
  },
  {
    name: 'on_lost = "stale" is ignored',
    file: RETRY,
    edits: [{ search: "if (onLost === 'stale') return { status: 'stale' };", replace: '' }],
    tests: [RETRY_TEST],
  },
  {
    name: 'on_lost is not asked when a host is gone',
    file: RESCUE_CLAIMS,
    edits: [{ search: ", 'stale', rules.onLost(slug))", replace: ", 'stale')" }],
    tests: [RESCUE],
  },
  {
    name: 'on_lost is not asked when a thread is gone',
    file: ENDS,
    edits: [{ search: ", now, 'failed', job?.onLost)", replace: ", now, 'failed')" }],
    tests: [ENDS_TEST],
  },
  {
    name: 'a run whose host died is stale at once',
    file: RETRY,
    edits: [{ search: 'MAX_LOSSES = 3', replace: 'MAX_LOSSES = 1' }],
    tests: [RETRY_TEST],
  },
  {
    name: 'a run is lost once more before it is given up',
    file: RETRY,
    edits: [{ search: 'losses >= MAX_LOSSES', replace: 'losses > MAX_LOSSES' }],
    tests: [RETRY_TEST],
  },
  {
    name: 'no run follows one that became stale',
    file: RESCUE_CLAIMS,
    edits: [{ search: "if (ended === 'stale' && rules.followUp)", replace: "if (ended === 'pending' && rules.followUp)" }],
    tests: [RESCUE],
  },
  {
    name: 'a run that follows a failed one is queued in a transaction of its own',
    file: ENDS,
    edits: [
      { search: '    yield* queueFollowUp(db, store, this.#options.registry.jobs, run.id, now);\n', replace: '' },
      {
        search: '      .then((next) => {\n',
        replace:
          "      .then(async (next) => {\n        const { acts, registry, clock } = this.#options;\n        if (next) await acts.write('follow', (db) => queueFollowUp(db, acts.store, registry.jobs, run.id, clock.now()));\n",
      },
    ],
    tests: [ENDS_TEST],
  },
  {
    name: 'a final failure is tried again',
    file: ENDS,
    edits: [{ search: "} else if (report.final) next = { status: 'failed' };\n    else next", replace: '} else next' }],
    tests: [ENDS_TEST],
  },
  {
    name: 'a released run is not given back',
    file: ENDS,
    edits: [
      {
        search: "if (outcome === 'completed') return undefined;",
        replace: "if (outcome === 'completed' || outcome === 'released') return undefined;",
      },
    ],
    tests: [DISPATCHER_TEST],
  },
  {
    name: 'a run that no slot took stays claimed',
    file: DISPATCHER,
    edits: [
      {
        search: 'if (this.#stopped || !this.#options.give(run)) this.#options.release(run);',
        replace: 'if (!this.#stopped) this.#options.give(run);',
      },
    ],
    tests: [DISPATCHER_TEST],
  },
  {
    name: 'a claim that comes back after a stop is executed',
    file: DISPATCHER,
    edits: [{ search: 'if (this.#stopped || !this.#options.give(run))', replace: 'if (!this.#options.give(run))' }],
    tests: [WAKES],
  },
  {
    name: 'a wake during a claim is lost',
    file: DISPATCHER,
    edits: [{ search: '    if (this.#pass) {\n      this.#again = true;\n', replace: '    if (this.#pass) {\n' }],
    tests: [WAKES],
  },
  {
    name: 'a delayed run is found by the poll only',
    file: DISPATCHER,
    edits: [{ search: 'if (next !== undefined) this.#later(next - clock.now());', replace: 'if (next !== undefined) clock.now();' }],
    tests: [WAKES],
  },
  {
    name: 'a claim that failed is not tried again before the poll',
    file: DISPATCHER,
    edits: [{ search: '        this.#later(OUTAGE_DELAY_MS);', replace: '        void OUTAGE_DELAY_MS;' }],
    tests: [WAKES],
  },
  {
    name: 'the poll finds nothing',
    file: DISPATCHER,
    edits: [{ search: 'this.#served))) this.wake();\n    } catch', replace: 'this.#served))) void 0;\n    } catch' }],
    tests: [WAKES],
  },
  {
    name: 'an ended run wakes nobody, so that what it queued and what waited for its place wait for the poll',
    file: ENDS,
    edits: [{ search: '      this.#options.onChange();\n    };', replace: '    };' }],
    tests: [DISPATCHER_TEST],
  },
  {
    name: 'a wake-up from another process is not heard',
    file: 'src/host/waker.ts',
    edits: [{ search: "if (lines.includes('wake')) this.#heard.wake();", replace: '' }],
    tests: [WAKER_TEST],
  },
  {
    name: 'a drain ends while a run is running',
    file: DISPATCHER,
    edits: [{ search: ' || this.#options.running() > 0 || acts.recording > 0) return;', replace: ' || acts.recording > 0) return;' }],
    tests: [WAKES],
  },
  {
    name: 'a drain ends before the ends of its runs are recorded',
    file: DISPATCHER,
    edits: [{ search: ' || acts.recording > 0) return;', replace: ') return;' }],
    tests: [WAKES],
  },
  {
    name: 'a drain ends while a run is due',
    file: DISPATCHER,
    edits: [{ search: '|| !acts.read((db) => acts.store.hasDue(db, clock.now(), this.#served))) {', replace: '|| clock.now() > 0) {' }],
    tests: [WAKES],
  },
  {
    name: 'the limit of this host alone is not kept',
    file: DISPATCHER,
    edits: [
      {
        search: 'Math.min(this.#options.free(), this.#options.ownLimit - this.#options.running())',
        replace: 'Math.min(this.#options.free(), this.#options.ownLimit)',
      },
    ],
    tests: [WAKES],
  },
  {
    name: 'a live host is judged by its age and loses its runs',
    file: RESCUER,
    edits: [{ search: "return liveness === 'dead' ||", replace: "return liveness === 'dead' || unseen ||" }],
    tests: [RESCUE],
  },
  {
    name: 'a host whose socket cannot be asked is dead at once',
    file: RESCUER,
    edits: [{ search: "return liveness === 'dead' ||", replace: "return liveness !== 'alive' ||" }],
    tests: [LIVENESS],
  },
  {
    name: 'a host of another machine is judged by a socket of this one',
    file: RESCUER,
    edits: [{ search: '    if (record.hostname !== hostname()) return unseen;\n', replace: '' }],
    tests: [LIVENESS],
  },
  {
    name: 'a host rescues its own runs',
    file: RESCUER,
    edits: [{ search: '.filter((record) => record.id !== host);', replace: '.filter((record) => record.id !== `${host}?`);' }],
    tests: [RESCUE],
  },
  {
    name: 'a claim that a host does not know of is given back at the first look',
    file: RESCUER,
    edits: [
      {
        search: 'const sure = orphans.filter((claim) => this.#orphans.has(`${claim.run}:${claim.claim}`));',
        replace: 'const sure = orphans;',
      },
    ],
    tests: [LIVENESS],
  },
  {
    name: 'rescued runs wait for the poll',
    file: RESCUER,
    edits: [{ search: 'if (rescued.length > 0) this.#options.onRescued();', replace: '' }],
    tests: [RESCUE],
  },
  {
    name: 'the row of a dead host stays',
    file: RESCUER,
    edits: [{ search: 'if (host !== undefined) yield* acts.store.removeHost(db, host, now);', replace: '' }],
    tests: [LIVENESS],
  },
  {
    name: 'a run goes on after its claim was lost',
    file: 'src/host/lease-keeper.ts',
    edits: [{ search: '        this.#options.onLost(run);\n', replace: '' }],
    tests: [RESCUE],
  },
  {
    name: 'a run that ended while its lease was renewed is taken for lost',
    file: 'src/host/lease-keeper.ts',
    edits: [
      { search: 'if (held.has(id) || run?.claim !== claim) continue;', replace: 'if (held.has(id) || !(run ?? runs[0])) continue;' },
      {
        search: "events.emit('lease:lost', { run: id, slug: run.slug, claim });\n        this.#options.onLost(run);",
        replace:
          "const gone = run ?? runs.find((each) => each.id === id)!;\n        events.emit('lease:lost', { run: id, slug: gone.slug, claim });\n        this.#options.onLost(gone);",
      },
    ],
    tests: [RESCUE],
  },
  {
    name: 'leases are not renewed any more after the database was away once',
    file: 'src/host/lease-keeper.ts',
    edits: [
      {
        search: '      this.#outage.failed(error);',
        replace: '      this.#outage.failed(error);\n      this.#pass = new Promise(() => {});\n      clearInterval(this.#timer);',
      },
    ],
    tests: [RESCUE],
  },
  {
    name: 'leases are renewed after they have ended',
    file: 'src/host/lease-keeper.ts',
    edits: [{ search: 'this.#options.leaseMs / 3', replace: 'this.#options.leaseMs * 3' }],
    tests: [RESCUE],
  },
  {
    name: 'a dead socket is one that cannot be asked',
    file: 'src/host/waker.ts',
    edits: [
      { search: "if (error.code === 'ECONNREFUSED') finish('dead');", replace: "if (error.code === 'ECONNREFUSED') finish('unknown');" },
    ],
    tests: [WAKER_TEST],
  },
  {
    name: 'a wish to cancel that is only in the database is not obeyed',
    file: 'src/host/cancel-watch.ts',
    edits: [
      {
        search: 'acts.store.listCancelRequests(db, host))) stopRun(run, claim);',
        replace: 'acts.store.listCancelRequests(db, host))) void [run, claim, stopRun];',
      },
    ],
    tests: ['test/host/cancel-watch.test.ts'],
  },
  {
    name: 'a record is given up at the first failure of the database',
    file: 'src/host/acts.ts',
    edits: [
      {
        search: '!(error instanceof StoreUnavailableError) || this.#giveUp',
        replace: '!(error instanceof StoreUnavailableError) || !this.#giveUp',
      },
    ],
    tests: ['test/host/acts.test.ts'],
  },
  {
    name: 'a stop gives nothing time to end',
    file: 'src/host/host.ts',
    edits: [{ search: 'await this.#idle(parts, this.#graceMs ?? parts.settings.shutdownGraceMs);', replace: '' }],
    tests: ['test/host/stopping.test.ts'],
    only: 'a stop waits for',
  },
  {
    name: 'a stop closes before the ends of its runs are recorded',
    file: 'src/host/host.ts',
    edits: [
      {
        search: '    await parts.runners.stop();\n    await parts.acts.close(RECORD_PATIENCE_MS);',
        replace: '    await parts.runners.stop();',
      },
    ],
    tests: ['test/host/stopping.test.ts'],
    only: 'finds the database locked',
  },
  {
    name: 'an outage of the database spends the attempt',
    file: 'src/worker/run-report.ts',
    edits: [
      { search: 'if (isUnavailable(thrown)) return', replace: 'if (!isUnavailable(new Error()) && thrown === isUnavailable) return' },
    ],
    tests: ['test/host/disk.test.ts'],
    build: true,
  },
];
