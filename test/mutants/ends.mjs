// Bugs in what becomes of a run: enqueue and uniqueness, dependencies, ends, losses, cancel, retry, purge, leases and rescue in the store.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are pieces of source text
const ACTS = 'test/store/acts.test.ts';
const SIDE = 'test/store/side-by-side.test.ts';
const FEATURES = 'test/store/queue-features.test.ts';
const CAPS = 'test/store/caps.test.ts';
const ENDS = 'test/store/ends.test.ts';
const MODEL = 'test/model/store.test.ts';
const ENQUEUE = 'src/store/sqlite/enqueue.ts';
const DEPENDENCIES = 'src/store/sqlite/dependencies.ts';
const END = 'src/store/sqlite/end.ts';
const RETRY = 'src/store/sqlite/retry.ts';
const PURGE = 'src/store/sqlite/purge.ts';
const TRIGGERS = 'src/store/sqlite/triggers.ts';

export const mutants = [
  {
    name: 'a unique key holds a millisecond too long',
    file: ENQUEUE,
    edits: [{ search: '_ml_created > ? ORDER BY', replace: '_ml_created >= ? ORDER BY' }],
    tests: [FEATURES],
  },
  {
    name: 'a unique key holds a millisecond too short',
    file: ENQUEUE,
    edits: [{ search: 'now - mode.within', replace: 'now - mode.within + 1' }],
    tests: [FEATURES],
  },
  {
    name: 'a failed run holds its unique key for a time',
    file: ENQUEUE,
    edits: [{ search: "('pending', 'running', 'completed')", replace: "('pending', 'running', 'completed', 'failed')" }],
    tests: [FEATURES],
  },
  {
    name: 'a running run does not hold its unique key',
    file: ENQUEUE,
    edits: [
      {
        search: "slug = ? AND unique_key = ? AND status IN ('pending', 'running')\n  UNION",
        replace: "slug = ? AND unique_key = ? AND status = 'pending'\n  UNION",
      },
      { search: "_ml_unique = ? AND status IN ('pending', 'running') LIMIT 1", replace: "_ml_unique = ? AND status = 'pending' LIMIT 1" },
    ],
    tests: [FEATURES],
  },
  {
    name: 'one unique key of two jobs is one key',
    file: ENQUEUE,
    edits: [
      {
        search: 'UNION ALL SELECT id FROM _crap_jobs WHERE slug = ? AND _ml_unique = ? AND status IN',
        replace: 'UNION ALL SELECT id FROM _crap_jobs WHERE (slug = ? OR 1) AND _ml_unique = ? AND status IN',
      },
    ],
    tests: [FEATURES, MODEL],
  },
  {
    name: 'replace leaves its predecessor pending',
    file: ENQUEUE,
    edits: [{ search: "if (uniqueMode === 'replace')", replace: "if (uniqueMode === 'replace' && now < 0)" }],
    tests: [FEATURES],
  },
  {
    name: 'active does not see the runs of other modes',
    file: ENQUEUE,
    edits: [
      { search: "_ml_unique = ? AND status IN ('pending', 'running') LIMIT 1", replace: "_ml_unique = ? AND status IN ('none') LIMIT 1" },
    ],
    tests: [FEATURES],
  },
  {
    name: 'a run does not wait for its dependencies',
    file: ENQUEUE,
    edits: [{ search: 'after.length > 0 ? WAITS.dependencies : 0', replace: '0' }],
    tests: [FEATURES],
  },
  {
    name: 'a dependency that had ended before never settles',
    file: DEPENDENCIES,
    edits: [{ search: 'isFinal(status) ? status : null', replace: 'isFinal(status) ? null : null' }],
    tests: [FEATURES],
  },
  {
    name: 'a dependency whose run is deleted never settles',
    file: TRIGGERS,
    edits: [{ search: 'WHERE after = OLD.id AND ended IS NULL', replace: 'WHERE after = OLD.id AND ended IS NOT NULL' }],
    tests: [FEATURES],
  },
  {
    name: 'a deleted pending dependency counts as completed',
    file: TRIGGERS,
    edits: [{ search: "ELSE 'cancelled' END WHERE after", replace: "ELSE 'completed' END WHERE after" }],
    tests: [FEATURES],
  },
  {
    name: 'a run runs although its dependency failed',
    file: DEPENDENCIES,
    edits: [{ search: "row['ended'] !== 'completed' && row['mode'] !== 'run'", replace: "row['ended'] === 'never'" }],
    tests: [FEATURES],
  },
  {
    name: 'a run waits for the first of its dependencies only',
    file: DEPENDENCIES,
    edits: [{ search: ' AND NOT EXISTS (SELECT 1 FROM _ml_dependencies WHERE run = id)', replace: '' }],
    tests: [FEATURES],
  },
  {
    name: 'dependants of a cancelled dependant wait for another claim',
    file: DEPENDENCIES,
    edits: [{ search: '  for (;;) {', replace: '  for (let pass = 0; pass < 1; pass++) {' }],
    tests: [FEATURES],
  },
  {
    name: 'an attempt that was given back is spent',
    file: END,
    edits: [{ search: 'next.spendsAttempt ? 0 : 1', replace: 'next.spendsAttempt ? 0 : 0' }],
    tests: [ACTS],
  },
  {
    name: 'a failed attempt is not spent',
    file: END,
    edits: [{ search: 'next.spendsAttempt ? 0 : 1', replace: 'next.spendsAttempt ? 1 : 1' }],
    tests: [ACTS],
  },
  {
    name: 'losses are not counted',
    file: END,
    edits: [{ search: '_ml_losses = CASE WHEN ? THEN _ml_losses + 1 WHEN', replace: '_ml_losses = CASE WHEN ? THEN _ml_losses WHEN' }],
    tests: [ACTS],
  },
  {
    name: 'losses that are not in a row are counted together',
    file: END,
    edits: [{ search: 'WHEN ? THEN 0 ELSE', replace: 'WHEN ? THEN _ml_losses ELSE' }],
    tests: [ENDS],
  },
  {
    name: 'a backoff is not waited for',
    file: END,
    edits: [{ search: 'later ? WAITS.time : 0', replace: '0' }],
    tests: [ACTS],
  },
  {
    name: 'crap-cms does not wait for a backoff of ours',
    file: END,
    edits: [{ search: 'const retryAfter = later ?', replace: 'const retryAfter = later && due < 0 ?' }],
    tests: [ENDS],
  },
  {
    name: 'a run whose end was asked for is tried again',
    file: END,
    edits: [{ search: "' AND _ml_cancel IS NOT NULL'", replace: "' AND _ml_cancel < 0'" }],
    tests: [FEATURES],
  },
  {
    name: 'released attempts are not recorded',
    file: 'src/store/sqlite/attempts.ts',
    edits: [{ search: 'if (fence.foreign) return;', replace: "if (fence.foreign || end.outcome === 'released') return;" }],
    tests: [ENDS],
  },
  {
    name: 'lost attempts are not recorded',
    file: 'src/store/sqlite/attempts.ts',
    edits: [{ search: 'if (fence.foreign) return;', replace: "if (fence.foreign || end.outcome === 'lost') return;" }],
    tests: [ENDS],
  },
  {
    name: 'a completion records no attempt',
    file: 'src/store/sqlite/complete.ts',
    edits: [
      {
        search:
          "yield* recordAttempt(db, { sql: 'id = ?', params: [request.run], foreign: fence.foreign }, { now, outcome: 'completed', log, worker });",
        replace: 'void [recordAttempt, log, worker];',
      },
    ],
    tests: [ACTS],
  },
  {
    name: 'a completed run shows the error of an attempt before',
    file: 'src/store/sqlite/complete.ts',
    edits: [{ search: "const CLEARED = COMPLETE('error = NULL, ');", replace: "const CLEARED = COMPLETE('');" }],
    tests: [ENDS],
  },
  {
    name: 'cancelling reaches a running run',
    file: 'src/store/sqlite/cancel.ts',
    edits: [{ search: "  WHERE status = 'pending'`;", replace: "  WHERE status IN ('pending', 'running')`;" }],
    tests: [FEATURES],
  },
  {
    name: 'a host is asked to cancel the runs of others',
    file: 'src/store/sqlite/cancel.ts',
    edits: [{ search: '_ml_cancel IS NOT NULL AND _ml_host = ? AND', replace: '_ml_cancel IS NOT NULL AND (_ml_host = ? OR 1) AND' }],
    tests: [FEATURES],
  },
  {
    name: 'an old wish to cancel meets the next claim',
    file: 'src/store/sqlite/claim.ts',
    edits: [
      { search: '_ml_started = ?, _ml_cancel = NULL WHERE', replace: '_ml_started = ? WHERE' },
      { file: RETRY, search: '_ml_losses = 0, _ml_cancel = NULL,', replace: '_ml_losses = 0,' },
    ],
    tests: [FEATURES],
  },
  {
    name: 'of runs of one key that are all tried again the newest goes first',
    file: RETRY,
    edits: [{ search: 'ORDER BY rowid`', replace: 'ORDER BY rowid DESC`' }],
    tests: [FEATURES],
    only: 'tried again',
  },
  {
    name: 'a retried run keeps its losses',
    file: RETRY,
    edits: [{ search: '_ml_losses = 0, _ml_cancel', replace: '_ml_cancel' }],
    tests: [ENDS],
  },
  {
    name: 'a retried run has its old attempts against it',
    file: RETRY,
    edits: [{ search: 'attempt = 0, _ml_attempt = 0, result', replace: '_ml_attempt = 0, result' }],
    tests: [FEATURES],
  },
  {
    name: 'a retried run of a key takes the place of others while it waits',
    file: RETRY,
    edits: [{ search: 'behind ? WAITS.key : 0', replace: '0' }],
    tests: [CAPS],
  },
  {
    name: 'a completed run can be retried',
    file: RETRY,
    edits: [{ search: "IN ('failed', 'stale', 'cancelled')", replace: "IN ('failed', 'stale', 'cancelled', 'completed')" }],
    tests: [FEATURES],
  },
  {
    name: 'a renewal believes in claims that are lost',
    file: 'src/store/sqlite/renew.ts',
    edits: [
      {
        search: 'if (stands || (yield* db.get(COMPLETED, [run, claim, host]))) held.add(run);',
        replace: 'void [stands, COMPLETED];\n    held.add(run);',
      },
    ],
    tests: [ACTS, SIDE, MODEL],
  },
  {
    name: 'a renewal leaves the heartbeat old',
    file: 'src/store/sqlite/renew.ts',
    edits: [{ search: 'SET _ml_lease = ?, heartbeat_at = ?', replace: 'SET _ml_lease = ?, heartbeat_at = COALESCE(heartbeat_at, ?)' }],
    tests: ['test/host/rescue.test.ts'],
  },
  {
    name: 'a purge takes pending runs',
    file: PURGE,
    edits: [
      {
        search: "status IN ('completed', 'failed', 'stale', 'cancelled')\"",
        replace: "status IN ('pending', 'completed', 'failed', 'stale', 'cancelled')\"",
      },
    ],
    tests: [SIDE],
  },
  {
    name: 'a purge takes running runs',
    file: PURGE,
    edits: [
      {
        search: "status IN ('completed', 'failed', 'stale', 'cancelled')\"",
        replace: "status IN ('running', 'completed', 'failed', 'stale', 'cancelled')\"",
      },
    ],
    tests: [ACTS, SIDE, MODEL],
  },
  {
    name: 'a purge counts from the making of a run',
    file: PURGE,
    edits: [{ search: "remove('completed_at < ?')", replace: "remove('created_at < ?')" }],
    tests: [ACTS],
  },
  {
    name: 'the common retention takes what has one of its own',
    file: PURGE,
    edits: [{ search: 'if (except.some(', replace: 'if (except.slice(99).some(' }],
    tests: [FEATURES],
  },
  {
    name: 'retentions of completed and failed runs are swapped',
    file: 'src/host/pruner.ts',
    edits: [{ search: 'status: status as FinalStatus', replace: "status: (status === 'failed' ? 'completed' : 'failed') as FinalStatus" }],
    tests: ['test/host/retention.test.ts'],
  },
  {
    name: 'a purge of runs leaves no mark, so that verify misses what it took',
    file: TRIGGERS,
    edits: [
      { search: "AFTER DELETE ON _crap_jobs WHEN OLD.status <> 'running'", replace: "AFTER DELETE ON _crap_jobs WHEN OLD.status = 'none'" },
    ],
    tests: ['test/operations/verify.test.ts'],
  },
  {
    name: 'a purge of ticks leaves no mark, so that verify misses what it took',
    file: PURGE,
    edits: [{ search: "if (removed > 0) yield* notePurge(db, olderThan, 'ticks');", replace: '' }],
    tests: ['test/operations/verify.test.ts', MODEL],
  },
  {
    name: 'the newest tick of a schedule is purged',
    file: PURGE,
    edits: [{ search: 'AND at < (SELECT max(at)', replace: 'AND at <= (SELECT max(at)' }],
    tests: [SIDE],
  },
  {
    name: 'attempts outlive their run',
    file: TRIGGERS,
    edits: [{ search: 'DELETE FROM _ml_attempts WHERE run = OLD.id;', replace: '' }],
    tests: [ACTS],
  },
];
