// Bugs in claiming: the fence, the caps, the order, keys, rates, pauses.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are pieces of source text
const ACTS = 'test/store/acts.test.ts';
const SIDE = 'test/store/side-by-side.test.ts';
const FEATURES = 'test/store/queue-features.test.ts';
const DISPATCHER = 'test/host/dispatcher.test.ts';
const CAPS = 'test/store/caps.test.ts';
const MODEL = 'test/model/store.test.ts';
const FENCE = 'src/store/sqlite/fence.ts';
const CLAIM = 'src/store/sqlite/claim.ts';
const READY = 'src/store/sqlite/ready.ts';
const TRIGGERS = 'src/store/sqlite/triggers.ts';

export const mutants = [
  {
    name: 'the fence does not look at the claim number',
    file: FENCE,
    edits: [{ search: "status = 'running' AND _ml_claim = ?", replace: "status = 'running' AND (_ml_claim = ? OR 1)" }],
    tests: [ACTS],
  },
  {
    name: 'the fence does not see that crap-cms has taken the run over',
    file: FENCE,
    edits: [{ search: `_ml_claim = ? AND \${OURS}\``, replace: '_ml_claim = ?`' }],
    tests: [SIDE],
  },
  {
    name: 'the fence lets an ended run be ended again',
    file: FENCE,
    edits: [{ search: "status = 'running' AND _ml_claim = ?", replace: "status <> 'pending' AND _ml_claim = ?" }],
    tests: [CAPS],
  },
  {
    name: 'the fence of crap-cms claims is the status alone',
    file: FENCE,
    edits: [{ search: "status = 'running' AND attempt = ?", replace: "status = 'running' AND (attempt = ? OR 1)" }],
    tests: [SIDE],
  },
  {
    name: 'a claim number is used again after a release',
    file: CLAIM,
    edits: [{ search: `_ml_claim = \${LAST_CLAIM} + 1`, replace: '_ml_claim = attempt + 1' }],
    tests: [ACTS],
  },
  {
    name: 'a claim does not count the attempt',
    file: CLAIM,
    edits: [
      {
        search: `attempt = \${LAST_ATTEMPT} + 1, _ml_attempt = \${LAST_ATTEMPT} + 1`,
        replace: 'attempt = max(attempt, 1), _ml_attempt = max(attempt, 1)',
      },
    ],
    tests: [ACTS],
  },
  {
    name: 'the run-wide cap is one of each claim',
    file: CLAIM,
    edits: [{ search: 'request.maxConcurrent - total', replace: 'request.maxConcurrent' }],
    tests: [ACTS],
  },
  {
    name: 'each host counts its own runs against the caps',
    file: CLAIM,
    edits: [
      { search: 'yield* runningCounts(db);', replace: 'yield* runningCounts(db, request.host);' },
      { search: 'runningCounts(db: Db)', replace: "runningCounts(db: Db, host = '')" },
      {
        search: 'db.all(RUNNING))',
        replace: "db.all(host ? RUNNING.replace(\"'running'\", `'running' AND _ml_host = '${host}'`) : RUNNING))",
      },
    ],
    tests: [DISPATCHER],
  },
  {
    name: 'a run of a job that the host does not know is claimed',
    file: CLAIM,
    edits: [{ search: 'request.concurrency.get(slug) ?? 0', replace: 'request.concurrency.get(slug) ?? 1' }],
    tests: [ACTS],
  },
  {
    name: 'caps do not count what crap-cms executes',
    file: CLAIM,
    edits: [{ search: "WHERE status = 'running' GROUP BY", replace: "WHERE status = 'running' AND _ml_host IS NOT NULL GROUP BY" }],
    tests: [CAPS],
  },
  {
    name: 'the cap of a job is one of each claim',
    file: CLAIM,
    edits: [{ search: ' - (bySlug.get(slug) ?? 0);', replace: ';' }],
    tests: [ACTS],
  },
  {
    name: 'the cap of a queue is not kept',
    file: CLAIM,
    edits: [{ search: ' - (byQueue.get(queue) ?? 0);', replace: ';' }],
    tests: [ACTS],
  },
  {
    name: 'the cap of a job is not kept over its queues within one claim',
    file: CLAIM,
    edits: [{ search: 'jobs.set(slug, (jobs.get(slug) ?? 0) - 1);', replace: '' }],
    tests: [CAPS],
  },
  {
    name: 'the cap of a queue is not kept over its jobs within one claim',
    file: CLAIM,
    edits: [{ search: 'byQueue.set(queue, (byQueue.get(queue) ?? 0) + 1);\n    jobs', replace: 'jobs' }],
    tests: [CAPS],
  },
  {
    name: 'runs of several jobs are taken in the order of their rows',
    file: CLAIM,
    edits: [{ search: 'a.rank - b.rank || a.row - b.row', replace: 'a.row - b.row' }],
    tests: [ACTS],
  },
  {
    name: 'runs of one rank are taken in no order',
    file: CLAIM,
    edits: [
      { search: `ORDER BY \${RANK}, rowid LIMIT ?`, replace: `ORDER BY \${RANK}, rowid DESC LIMIT ?` },
      { search: 'a.rank - b.rank || a.row - b.row', replace: 'a.rank - b.rank || b.row - a.row' },
    ],
    tests: [ACTS, MODEL],
  },
  {
    name: 'a full queue hides the same job in another',
    file: CLAIM,
    edits: [{ search: 'roomOf(queue));\n    if (most <= 0) continue;', replace: 'roomOf(queue));\n    if (most <= 0) break;' }],
    tests: [ACTS],
  },
  {
    name: 'priority counts the wrong way round',
    file: 'src/store/sqlite/schema.ts',
    edits: [{ search: `\${DUE} - priority`, replace: `\${DUE} + priority` }],
    tests: [ACTS],
  },
  {
    name: 'low priority never ages',
    file: 'src/store/sqlite/schema.ts',
    edits: [{ search: 'PRIORITY_WORTH_MS = 600_000', replace: 'PRIORITY_WORTH_MS = 600_000_000' }],
    tests: [ACTS],
  },
  {
    name: 'the retry_after of crap-cms is ignored',
    file: 'src/store/sqlite/schema.ts',
    edits: [{ search: '(retry_after IS NULL OR coalesce', replace: '(1 OR coalesce' }],
    tests: [ACTS],
  },
  {
    name: 'a due time of ours is rounded up to whole seconds',
    file: 'src/store/sqlite/schema.ts',
    edits: [{ search: 'BETWEEN 0 AND 999', replace: 'BETWEEN 0 AND 0' }],
    tests: [ACTS, FEATURES],
  },
  {
    name: 'a run is due a moment after its due time',
    file: READY,
    edits: [
      { search: `_ml_due <= ? ORDER BY _ml_due LIMIT \${PROMOTE_LIMIT}`, replace: `_ml_due < ? ORDER BY _ml_due LIMIT \${PROMOTE_LIMIT}` },
    ],
    tests: [ACTS, FEATURES],
  },
  {
    name: 'a run is claimed before its due time',
    file: READY,
    edits: [
      {
        search: `_ml_due <= ? ORDER BY _ml_due LIMIT \${PROMOTE_LIMIT}`,
        replace: `_ml_due <= ? + 1000 ORDER BY _ml_due LIMIT \${PROMOTE_LIMIT}`,
      },
    ],
    tests: [ACTS, FEATURES],
  },
  {
    name: 'pauses do not hold claims',
    file: READY,
    edits: [
      {
        search: '(queues?.includes(queue) ?? true) && !pauses.some((pause) => holdsRuns(pause, { slug, queue })));',
        replace: 'queues?.includes(queue) ?? true);',
      },
    ],
    tests: [FEATURES],
  },
  {
    name: 'a claim takes from queues that it does not serve',
    file: READY,
    edits: [
      {
        search: 'filter(({ slug, queue }) => (queues?.includes(queue) ?? true) && !',
        replace: 'filter(({ slug, queue }) => !',
      },
    ],
    tests: [ACTS],
  },
  {
    name: 'a paused job is due all the same when its time comes',
    file: READY,
    edits: [
      {
        search: '?? true) && !pauses.some((pause) => holdsRuns(pause, { slug, queue })) && (yield* open',
        replace: '?? true) && (yield* open',
      },
    ],
    tests: [CAPS],
  },
  {
    name: 'a dependency that crap-cms has ended is not seen by the poll',
    file: READY,
    edits: [{ search: 'return yield* isUnsettled(db);', replace: 'return false;' }],
    tests: [FEATURES, MODEL],
  },
  {
    name: 'what crap-cms will try again is not planned for',
    file: READY,
    edits: [{ search: 'for (const row of retries) instants.push(', replace: 'for (const row of retries.slice(1_000)) instants.push(' }],
    tests: [CAPS],
  },
  {
    name: 'a delayed run is not planned for',
    file: READY,
    edits: [{ search: "instants.push(Number(later?.['due'] ?? horizon));", replace: 'instants.push(horizon);' }],
    tests: [ACTS, FEATURES],
  },
  {
    name: 'a rate lets one more start',
    file: 'src/store/sqlite/rate.ts',
    edits: [{ search: 'Math.max(limit - Number', replace: 'Math.max(limit + 1 - Number' }],
    tests: [FEATURES],
  },
  {
    name: 'a clock that was set back over starts of a rate is not noted',
    file: 'src/store/sqlite/rate.ts',
    edits: [{ search: "if (typeof later?.['at'] === 'number') yield*", replace: "if (typeof later?.['at'] === 'string') yield*" }],
    tests: ['test/operations/verify.test.ts'],
  },
  {
    name: 'a rate looks back over half of its window',
    file: 'src/store/sqlite/rate.ts',
    edits: [{ search: "at > ? AND at <= ?', [slug, now - perMs, now]);", replace: "at > ? AND at <= ?', [slug, now - perMs / 2, now]);" }],
    tests: [FEATURES],
  },
  {
    name: 'a rate counts from the end of runs',
    file: 'src/store/sqlite/rate.ts',
    edits: [
      {
        search: "'SELECT count(*) AS n FROM _ml_starts WHERE slug = ? AND at > ? AND at <= ?'",
        replace:
          "'SELECT count(*) AS n FROM _ml_attempts a JOIN _crap_jobs j ON j.id = a.run WHERE j.slug = ? AND a.ended_at > ? AND a.ended_at <= ?'",
      },
    ],
    tests: [FEATURES],
  },
  {
    name: 'a rate counts a claim of many runs as one start',
    file: 'src/store/sqlite/rate.ts',
    edits: [{ search: 'n < count; n++', replace: 'n < Math.min(count, 1); n++' }],
    tests: [FEATURES],
  },
  {
    name: 'starts that a wrong clock wrote into the future hold a job back',
    file: 'src/store/sqlite/rate.ts',
    edits: [
      { search: "at > ? AND at <= ?', [slug, now - perMs, now]);", replace: "at > ? AND (at <= ? OR 1)', [slug, now - perMs, now]);" },
    ],
    tests: [CAPS],
  },
  {
    name: 'a key lets one more run go ahead',
    file: 'src/store/sqlite/keys.ts',
    edits: [{ search: '?? 0) >= limit', replace: '?? 0) > limit' }],
    tests: [FEATURES],
  },
  {
    name: 'a run of a key overtakes those that stand behind',
    file: 'src/store/sqlite/keys.ts',
    edits: [{ search: 'LIMIT 1`, [slug, key])) return true;', replace: 'LIMIT 1`, [slug, key])) void 0;' }],
    tests: [CAPS],
  },
  {
    name: 'one key of two jobs is one key',
    file: 'src/store/sqlite/keys.ts',
    edits: [{ search: '"slug = ? AND _ml_key', replace: '"(slug = ? OR 1) AND _ml_key' }],
    tests: [FEATURES, MODEL],
  },
  {
    name: 'the next run of a key is one by its id',
    file: TRIGGERS,
    edits: [{ search: "status = 'pending' ORDER BY rowid LIMIT 1) AS r`", replace: "status = 'pending' ORDER BY id LIMIT 1) AS r`" }],
    tests: [CAPS],
  },
  {
    name: 'a deleted run of a key holds up those behind it',
    file: TRIGGERS,
    edits: [{ search: 'WHEN OLD._ml_key IS NOT NULL AND OLD.status IN', replace: 'WHEN 0 AND OLD.status IN' }],
    tests: [FEATURES, MODEL],
  },
  {
    name: 'a claim does not look whether crap-cms has taken a run of the key',
    file: CLAIM,
    edits: [{ search: 'max(_ml_key_limit, 1) > (SELECT count(*)', replace: '0 <= (SELECT count(*)' }],
    tests: [CAPS],
  },
  {
    name: 'a run that cannot be given back keeps those beside it',
    file: 'src/host/rescue-claims.ts',
    edits: [{ search: 'rules.onUnable?.(lost.run, error);', replace: 'throw error;' }],
    tests: ['test/host/unsound-rows.test.ts'],
  },
  {
    name: 'running rows whose numbers are none stay as they are',
    file: 'src/host/rescuer.ts',
    edits: [{ search: '    await this.#mend();\n', replace: '' }],
    tests: ['test/host/unsound-rows.test.ts'],
  },
  {
    name: 'the schema takes every step of a status',
    file: TRIGGERS,
    edits: [{ search: `OLD._ml_attempt > 0 AND (\${FORBIDDEN})`, replace: `OLD._ml_attempt < 0 AND (\${FORBIDDEN})` }],
    tests: [FEATURES],
  },
  {
    name: 'a clock that was set back is not noted',
    file: CLAIM,
    edits: [{ search: 'if (taken.length > 0) yield* noteClock(db, now);', replace: '' }],
    tests: [MODEL, 'test/operations/verify.test.ts'],
  },
];
