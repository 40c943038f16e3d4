/**
 * Verify, what the rows of runs and attempts say by themselves: each check is one statement that finds only breaches. Rows that crap-cms has
 * written to are left out where its writing explains what is found: it records no attempts and knows no claims.
 */
import type { Op } from '../../domain/op.js';
import { FINAL_STATUSES, type Outcome, RUN_STATUSES, type RunStatus } from '../../domain/run.js';
import { AFTER_OUTCOME, TRANSITIONS } from '../../domain/state-machine.js';
import type { Db, Row } from '../db.js';
import type { BreachCode, FoundBreach } from '../history.js';
import { OURS } from './fence.js';
import { AHEAD, BEHIND } from './triggers.js';

const ENDED = FINAL_STATUSES.map((status) => `'${status}'`).join(', ');
/** The newest claim of the row is not ours, or crap-cms ended ours: it writes neither claim numbers nor milliseconds. */
const FOREIGN = `(j._ml_attempt > 0 AND (j._ml_attempt <> j.attempt OR j.status = 'pending')
  OR j.status IN (${ENDED}) AND (j._ml_completed IS NULL OR j._ml_completed < coalesce(j._ml_started, 0)))`;
const NEWEST_IS_OURS = OURS.replaceAll('_ml_attempt', 'j._ml_attempt').replace('= attempt', '= j.attempt');

/** Statuses that a run may have later on without having been claimed again. */
function laterStatuses(outcome: Outcome): RunStatus[] {
  const reached = new Set<RunStatus>(AFTER_OUTCOME[outcome]);
  for (const status of reached) for (const next of TRANSITIONS[status]) if (next !== 'running') reached.add(next);
  return [...reached];
}

const FORBIDDEN = (Object.keys(AFTER_OUTCOME) as Outcome[])
  .map((outcome) => {
    const allowed = laterStatuses(outcome);
    const forbidden = RUN_STATUSES.filter((status) => status !== 'running' && !allowed.includes(status)).map((status) => `'${status}'`);
    return `a.outcome = '${outcome}' AND j.status IN (${forbidden.join(', ')})`;
  })
  .join(' OR ');

/** Consecutive attempts of one run: `p_…` is the one before. */
const PAIRS = `SELECT * FROM (SELECT run, claim, attempt, outcome, ended_at, rowid AS row, lag(claim) OVER w AS p_claim, lag(attempt) OVER w AS p_attempt,
  lag(outcome) OVER w AS p_outcome, lag(rowid) OVER w AS p_row FROM _ml_attempts WINDOW w AS (PARTITION BY run ORDER BY claim))
  WHERE p_claim IS NOT NULL AND`;

/** Statements by code: columns run, slug, at (epoch ms), and further ones as evidence. Parameter: the oldest heartbeat that stands, epoch ms. */
const CHECKS: readonly (readonly [code: BreachCode, sql: string])[] = [
  [
    'RUN_ABANDONED',
    `SELECT j.id AS run, j.slug, j._ml_started AS at, j._ml_host AS host, j._ml_lease AS lease FROM _crap_jobs j
     WHERE j.status = 'running' AND ${NEWEST_IS_OURS} AND (j._ml_host IS NULL OR j._ml_host NOT IN (SELECT id FROM _ml_hosts)) AND j._ml_lease < ?`,
  ],
  [
    'CLAIM_GAP',
    `SELECT j.id AS run, j.slug, coalesce(j._ml_completed, j._ml_started, j._ml_created, 0) AS at, j.status, j._ml_claim AS claims, count(a.claim) AS recorded
     FROM _crap_jobs j LEFT JOIN _ml_attempts a ON a.run = j.id WHERE j._ml_claim > 0 AND NOT ${FOREIGN}
     GROUP BY j.id HAVING count(a.claim) + (j.status = 'running') < j._ml_claim`,
  ],
  [
    'CLAIM_UNKNOWN',
    `SELECT a.run, j.slug, a.ended_at AS at, a.claim, j._ml_claim AS claims FROM _ml_attempts a JOIN _crap_jobs j ON j.id = a.run WHERE a.claim > j._ml_claim`,
  ],
  [
    'CLAIM_ORDER',
    `SELECT p.run, j.slug, p.ended_at AS at, p.claim, p.p_claim AS earlier_claim FROM (${PAIRS} row < p_row) p JOIN _crap_jobs j ON j.id = p.run`,
  ],
  [
    'EFFECT_TWICE',
    `SELECT p.run, j.slug, p.ended_at AS at, p.claim, p.outcome, p.p_claim AS completed_claim FROM (${PAIRS} p_outcome = 'completed') p
     JOIN _crap_jobs j ON j.id = p.run`,
  ],
  [
    'EFFECT_WITHOUT_COMPLETION',
    `SELECT a.run, j.slug, a.ended_at AS at, a.claim, j.status FROM _ml_attempts a JOIN _crap_jobs j ON j.id = a.run
     WHERE a.outcome = 'completed' AND j.status <> 'completed'`,
  ],
  [
    'COMPLETION_WITHOUT_ATTEMPT',
    `SELECT j.id AS run, j.slug, j._ml_completed AS at, j._ml_claim AS claim FROM _crap_jobs j WHERE j.status = 'completed' AND j._ml_claim > 0
     AND ${NEWEST_IS_OURS} AND NOT ${FOREIGN}
     AND NOT EXISTS (SELECT 1 FROM _ml_attempts a WHERE a.run = j.id AND a.claim = j._ml_claim AND a.outcome = 'completed')`,
  ],
  [
    'RESULT_WITHOUT_COMPLETION',
    `SELECT j.id AS run, j.slug, coalesce(j._ml_started, j._ml_created, 0) AS at, j.status FROM _crap_jobs j
     WHERE j.result IS NOT NULL AND j.status <> 'completed' AND j._ml_claim > 0 AND NOT ${FOREIGN}`,
  ],
  [
    'TRANSITION_FORBIDDEN',
    `SELECT a.run, j.slug, a.ended_at AS at, a.claim, a.outcome, j.status FROM _crap_jobs j JOIN _ml_attempts a ON a.run = j.id AND a.claim = j._ml_claim
     WHERE (${NEWEST_IS_OURS} OR j.status = 'pending') AND a.outcome <> 'completed' AND (${FORBIDDEN})`,
  ],
  [
    'RUNNING_AFTER_END',
    `SELECT a.run, j.slug, a.ended_at AS at, a.claim, a.outcome FROM _crap_jobs j JOIN _ml_attempts a ON a.run = j.id AND a.claim = j._ml_claim
     WHERE j.status = 'running' AND ${NEWEST_IS_OURS}`,
  ],
  [
    'ATTEMPT_NUMBER',
    `SELECT p.run, j.slug, p.ended_at AS at, p.claim, p.attempt, p.p_attempt AS earlier_attempt, p.p_outcome AS earlier_outcome
     FROM (${PAIRS} attempt <> 1 AND (attempt < p_attempt OR attempt = p_attempt AND p_outcome IN ('failed', 'timed_out'))) p
     JOIN _crap_jobs j ON j.id = p.run`,
  ],
  [
    'TOO_MANY_ATTEMPTS',
    `SELECT a.run, j.slug, a.ended_at AS at, a.claim, a.attempt, j.max_attempts FROM _ml_attempts a JOIN _crap_jobs j ON j.id = a.run
     WHERE a.attempt > max(j.max_attempts, 1)`,
  ],
  ['ATTEMPT_ORPHAN', 'SELECT run, NULL AS slug, ended_at AS at, claim FROM _ml_attempts WHERE run NOT IN (SELECT id FROM _crap_jobs)'],
  ['DEPENDENCY_ORPHAN', 'SELECT run, NULL AS slug, NULL AS at, after FROM _ml_dependencies WHERE run NOT IN (SELECT id FROM _crap_jobs)'],
  [
    'WAIT_STUCK',
    `SELECT j.id AS run, j.slug, j._ml_created AS at, 'dependencies' AS waits_for FROM _crap_jobs j WHERE j.status = 'pending' AND j._ml_waits & 4
     AND (NOT EXISTS (SELECT 1 FROM _ml_dependencies d WHERE d.run = j.id)
       OR EXISTS (SELECT 1 FROM _ml_dependencies d LEFT JOIN _crap_jobs o ON o.id = d.after
         WHERE d.run = j.id AND d.ended IS NULL AND coalesce(o.status, 'gone') NOT IN ('pending', 'running')))`,
  ],
  [
    'WAIT_STUCK',
    `SELECT j.id AS run, j.slug, j._ml_created AS at, 'key' AS waits_for, j._ml_key AS key FROM _crap_jobs j
     WHERE j.status = 'pending' AND j._ml_waits IN (${BEHIND.join(', ')}) AND NOT EXISTS (SELECT 1 FROM _crap_jobs o
       WHERE o.slug = j.slug AND o._ml_key = j._ml_key AND o.status IN ('pending', 'running') AND o._ml_waits IN (${AHEAD.join(', ')}))`,
  ],
];

/** `leaseBefore`: epoch ms; leases of hosts that are gone and that ended earlier should have been rescued. */
export function* findBreaches(db: Db, leaseBefore: number): Op<FoundBreach[]> {
  const found: FoundBreach[] = [];
  for (const [code, sql] of CHECKS) {
    for (const row of yield* db.all(sql, code === 'RUN_ABANDONED' ? [leaseBefore] : [])) found.push(toBreach(code, row));
  }
  return found;
}

function toBreach(code: BreachCode, row: Row): FoundBreach {
  const { run, slug, at, ...evidence } = row;
  const textOf = (value: unknown) => (value === null || value === undefined ? null : String(value));
  const plain = Object.fromEntries(
    Object.entries(evidence).map(([name, value]) => [name, typeof value === 'number' ? value : textOf(value)]),
  );
  return { code, run: textOf(run), slug: textOf(slug), at: at === null || at === undefined ? null : Number(at), evidence: plain };
}
