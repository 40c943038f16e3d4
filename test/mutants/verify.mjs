// Bugs in the judge: `moonlighter verify` does not see a broken promise.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are pieces of source text
const TEST = 'test/operations/verify.test.ts';
const RUNS = 'src/store/sqlite/verify-runs.ts';
const LIMITS = 'src/operations/verify-limits.ts';
const LEDGER = 'src/operations/verify-ticks.ts';

/** One check of rows finds nothing any more. */
const blind = (code, where) => ({
  name: `verify does not find ${code}`,
  file: RUNS,
  edits: [where],
  tests: [TEST],
});

export const mutants = [
  blind('RUN_ABANDONED', { search: 'AND j._ml_lease < ?`', replace: 'AND j._ml_lease < ? AND 0`' }),
  blind('CLAIM_GAP', { search: "(j.status = 'running') < j._ml_claim`", replace: "(j.status = 'running') < j._ml_claim AND 0`" }),
  blind('CLAIM_GAP of one attempt', {
    search: "(j.status = 'running') < j._ml_claim`",
    replace: "(j.status = 'running') < j._ml_claim - 1`",
  }),
  blind('CLAIM_UNKNOWN', { search: 'WHERE a.claim > j._ml_claim`', replace: 'WHERE a.claim > j._ml_claim AND 0`' }),
  blind('CLAIM_ORDER', { search: 'row < p_row)', replace: 'row < p_row AND 0)' }),
  blind('EFFECT_TWICE', { search: "(${PAIRS} p_outcome = 'completed')", replace: "(${PAIRS} p_outcome = 'complete')" }),
  blind('EFFECT_WITHOUT_COMPLETION', {
    search: "a.outcome = 'completed' AND j.status <> 'completed'`",
    replace: "a.outcome = 'completed' AND j.status = 'none'`",
  }),
  blind('COMPLETION_WITHOUT_ATTEMPT', {
    search: 'AND NOT EXISTS (SELECT 1 FROM _ml_attempts a WHERE a.run = j.id AND a.claim',
    replace: 'AND 0 AND NOT EXISTS (SELECT 1 FROM _ml_attempts a WHERE a.run = j.id AND a.claim',
  }),
  blind('RESULT_WITHOUT_COMPLETION', { search: 'WHERE j.result IS NOT NULL AND', replace: 'WHERE j.result IS NULL AND' }),
  blind('TRANSITION_FORBIDDEN', {
    search: "a.outcome <> 'completed' AND (${FORBIDDEN})",
    replace: "a.outcome = 'none' AND (${FORBIDDEN})",
  }),
  blind('RUNNING_AFTER_END', {
    search: "WHERE j.status = 'running' AND ${NEWEST_IS_OURS}`,\n  ],\n  [\n    'ATTEMPT_NUMBER'",
    replace: "WHERE j.status = 'runs' AND ${NEWEST_IS_OURS}`,\n  ],\n  [\n    'ATTEMPT_NUMBER'",
  }),
  blind('ATTEMPT_NUMBER', { search: 'attempt <> 1 AND (attempt < p_attempt', replace: 'attempt < 1 AND (attempt < p_attempt' }),
  blind('TOO_MANY_ATTEMPTS', { search: 'a.attempt > max(j.max_attempts, 1)`', replace: 'a.attempt > max(j.max_attempts, 1) + 1`' }),
  blind('ATTEMPT_ORPHAN', { search: 'FROM _ml_attempts WHERE run NOT IN', replace: 'FROM _ml_attempts WHERE 0 AND run NOT IN' }),
  blind('DEPENDENCY_ORPHAN', { search: 'FROM _ml_dependencies WHERE run NOT IN', replace: 'FROM _ml_dependencies WHERE 0 AND run NOT IN' }),
  blind('WAIT_STUCK of dependencies', { search: '_ml_waits & 4\n', replace: '_ml_waits & 8\n' }),
  blind('WAIT_STUCK of keys', { search: "j._ml_waits IN (${BEHIND.join(', ')}) AND", replace: 'j._ml_waits IN (99) AND' }),
  {
    name: 'verify takes one run too many for a limit kept',
    file: LIMITS,
    edits: [{ search: 'if (active <= span.limit ||', replace: 'if (active <= span.limit + 1 ||' }],
    tests: [TEST],
  },
  {
    name: 'verify does not see attempts of one run that overlap',
    file: LIMITS,
    edits: [{ search: 'start < before.end', replace: 'start < before.end - 1e9' }],
    tests: [TEST],
  },
  {
    name: 'verify does not judge keys',
    file: LIMITS,
    edits: [{ search: "if (key !== null) this.#group('key', key, slug)", replace: "if (key === '') this.#group('key', key, slug)" }],
    tests: [TEST],
  },
  {
    name: 'verify does not judge the run-wide limit',
    file: LIMITS,
    edits: [{ search: "if (total) this.#group('total'", replace: "if (!total) this.#group('total'" }],
    tests: [TEST],
  },
  {
    name: 'verify takes one start too many for a rate kept',
    file: LIMITS,
    edits: [{ search: 'const earlier = starts[index - limit];', replace: 'const earlier = starts[index - limit - 1];' }],
    tests: [TEST],
  },
  {
    name: 'verify does not see a missing tick between others',
    file: LEDGER,
    edits: [{ search: 'if (next !== undefined && next < at) this.#missing(next, at - 1);', replace: '' }],
    tests: [TEST],
  },
  {
    name: 'verify does not see missing ticks at the end',
    file: LEDGER,
    edits: [{ search: 'if (next !== undefined && next <= this.#options.until)', replace: 'if (next !== undefined && next < 0)' }],
    tests: [TEST],
  },
  {
    name: 'verify does not see an instant recorded twice',
    file: LEDGER,
    edits: [{ search: "if (at > this.#judgedFrom) this.#breach('TICK_DOUBLE'", replace: "if (at < 0) this.#breach('TICK_DOUBLE'" }],
    tests: [TEST],
  },
  {
    name: 'verify does not count what a folded row holds',
    file: LEDGER,
    edits: [{ search: 'if (due !== tick.count || !begins)', replace: 'if (!begins)' }],
    tests: [TEST],
  },
  {
    name: 'verify does not see an instant that was never due',
    file: LEDGER,
    edits: [{ search: 'if (due !== tick.count || !begins)', replace: 'if (due !== tick.count && begins)' }],
    tests: [TEST],
  },
  {
    name: 'verify does not see that the run of a tick is missing',
    file: LEDGER,
    edits: [{ search: "this.#breach('TICK_RUN_MISSING', at", replace: "void 0 && this.#breach('TICK_RUN_MISSING', at" }],
    tests: [TEST],
  },
];
