// The worst bugs again, before the large tests: kills, the simulated day, the model, isolation. Each of those has to find them too.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are pieces of source text
const DAY = 'test/simulation/day.test.ts';
const KILL = 'test/kill/kill.test.ts';
const MODEL = 'test/model/store.test.ts';
const ISOLATION = 'test/isolation/isolation.test.ts';
const CLAIM = 'src/store/sqlite/claim.ts';
const RUN_DATABASE = 'src/worker/run-database.ts';
const FINISH =
  'const kept = yield* last(transaction);\n      if (kept) yield* transaction.commit();\n      else transaction.rollback();\n      return kept;';

export const mutants = [
  {
    name: 'proof: the fence does not look at the claim number (model)',
    file: 'src/store/sqlite/fence.ts',
    edits: [{ search: "status = 'running' AND _ml_claim = ?", replace: "status = 'running' AND (_ml_claim = ? OR 1)" }],
    tests: [MODEL],
  },
  {
    name: 'proof: each host counts its own runs against the caps (day)',
    file: CLAIM,
    edits: [
      { search: 'yield* runningCounts(db);', replace: 'yield* runningCounts(db, request.host);' },
      { search: 'runningCounts(db: Db)', replace: "runningCounts(db: Db, host = '')" },
      {
        search: 'db.all(RUNNING))',
        replace: "db.all(host ? RUNNING.replace(\"'running'\", `'running' AND _ml_host = '${host}'`) : RUNNING))",
      },
    ],
    tests: [DAY],
  },
  {
    name: 'proof: the newest run of a key is the next (model)',
    file: 'src/store/sqlite/triggers.ts',
    edits: [
      { search: "status = 'pending' ORDER BY rowid LIMIT 1) AS r`", replace: "status = 'pending' ORDER BY rowid DESC LIMIT 1) AS r`" },
    ],
    tests: [MODEL],
  },
  {
    name: 'proof: losses of attempts are not recorded (day)',
    file: 'src/store/sqlite/attempts.ts',
    edits: [{ search: 'if (fence.foreign) return;', replace: "if (fence.foreign || end.outcome === 'lost') return;" }],
    tests: [DAY],
  },
  {
    name: 'proof: an instant that could not be recorded is forgotten (day)',
    file: 'src/host/scheduler.ts',
    edits: [
      {
        search: '      this.#outage.failed(error);\n      return false;',
        replace: '      this.#outage.failed(error);\n      return true;',
      },
    ],
    tests: [DAY],
  },
  {
    name: 'proof: a run commits its writes before its completion (kill)',
    file: RUN_DATABASE,
    edits: [{ search: FINISH, replace: 'yield* transaction.commit();\n      return yield* this.#pool.completions.add(last);' }],
    tests: [KILL],
    testTimeoutMs: 300_000,
    build: true,
  },
  {
    name: 'proof: the runs of dead hosts are not rescued (kill)',
    file: 'src/host/rescuer.ts',
    edits: [{ search: "return liveness === 'dead' ||", replace: "return (liveness === 'dead' && record.pid < 0) ||" }],
    tests: [KILL],
    testTimeoutMs: 300_000,
    build: true,
  },
  {
    name: 'proof: a stale snapshot is begun anew within the run (isolation)',
    file: 'src/store/sqlite/transaction.ts',
    edits: [
      {
        search: "throw new RunAbort('conflict', 'another commit came between what was read and the first write', { cause: error });",
        replace:
          "this.#database.runRaw('ROLLBACK');\n        this.#database.runRaw(BEGIN_WRITER);\n        writing = true;\n        return this.#database.runRaw(sql, params);",
      },
    ],
    tests: [ISOLATION],
    testTimeoutMs: 300_000,
    build: true,
  },
  {
    name: 'proof: a run reads without a snapshot (isolation)',
    file: 'src/store/sqlite/transaction.ts',
    edits: [
      { search: "    this.#database.run('BEGIN DEFERRED');\n    this.#state = 'reading';", replace: "    this.#state = 'idle';" },
      {
        search: '  *#opened(): Op<void> {\n    if',
        replace: "  *#opened(): Op<void> {\n    if (this.#state === 'idle' && !this.#immediate) return;\n    if",
      },
    ],
    tests: [ISOLATION],
    testTimeoutMs: 300_000,
    build: true,
  },
];
