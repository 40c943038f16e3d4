// Bugs in the transaction of a run: snapshots, savepoints, the completion in it, conflicts, what is repeated and what is told.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are pieces of source text
const TRANSACTION_TEST = 'test/store/transaction.test.ts';
const EXECUTOR_TEST = 'test/worker/executor.test.ts';
const ENDS_TEST = 'test/store/ends.test.ts';
const BATCH_TEST = 'test/worker/completion-batch.test.ts';
const TRANSACTION = 'src/store/sqlite/transaction.ts';
const EXECUTOR = 'src/worker/executor.ts';
const RUN_DATABASE = 'src/worker/run-database.ts';
const BATCH = 'src/worker/completion-batch.ts';

export const mutants = [
  {
    name: 'the savepoint of a failed call is kept',
    file: TRANSACTION,
    edits: [{ search: `this.#database.run(\`ROLLBACK TO \${name}\`);`, replace: '' }],
    tests: [TRANSACTION_TEST],
  },
  {
    name: 'a stale snapshot is begun anew within the run, so that what it had read is old',
    file: TRANSACTION,
    edits: [
      {
        search: "throw new RunAbort('conflict', 'another commit came between what was read and the first write', { cause: error });",
        replace:
          "this.#database.runRaw('ROLLBACK');\n        this.#database.runRaw(BEGIN_WRITER);\n        writing = true;\n        return this.#database.runRaw(sql, params);",
      },
    ],
    tests: [TRANSACTION_TEST],
  },
  {
    name: 'a run reads without a snapshot',
    file: TRANSACTION,
    edits: [
      { search: "    this.#database.run('BEGIN DEFERRED');\n    this.#state = 'reading';", replace: "    this.#state = 'idle';" },
      {
        search: '  *#opened(): Op<void> {\n    if',
        replace: "  *#opened(): Op<void> {\n    if (this.#state === 'idle' && !this.#immediate) return;\n    if",
      },
    ],
    tests: [TRANSACTION_TEST],
  },
  {
    name: 'statements after a rollback by SQLite itself are commits of their own',
    file: TRANSACTION,
    edits: [
      {
        search: "|| this.#state === 'over' || this.#database.inTransaction) return;\n    throw",
        replace: "|| this.#state === 'over' || !this.#state.startsWith('x')) return;\n    throw",
      },
    ],
    tests: [TRANSACTION_TEST],
  },
  {
    name: 'the write queue is kept after the end',
    file: TRANSACTION,
    edits: [{ search: '    this.#depth = 0;\n    this.#letGo();', replace: '    this.#depth = 0;' }],
    tests: [TRANSACTION_TEST],
  },
  {
    name: 'a failed first write keeps the write queue although nothing is written',
    file: TRANSACTION,
    edits: [{ search: '      else this.#letGo();\n', replace: '' }],
    tests: [TRANSACTION_TEST, EXECUTOR_TEST],
  },
  {
    name: 'an immediate transaction is deferred',
    file: TRANSACTION,
    edits: [{ search: "options.mode === 'immediate'", replace: 'false' }],
    tests: [TRANSACTION_TEST, 'test/bindings/transaction.test.ts'],
  },
  {
    name: 'a host act reads the time before it is the writer',
    file: 'src/store/sqlite/short-transaction.ts',
    edits: [{ search: '    yield* transaction.begin();\n', replace: '' }],
    tests: [TRANSACTION_TEST],
  },
  {
    name: 'an act whose fence refused is committed',
    file: 'src/store/sqlite/short-transaction.ts',
    edits: [{ search: 'if (result !== false) yield*', replace: 'yield*' }],
    tests: [TRANSACTION_TEST],
  },
  {
    name: 'a run commits its writes before its completion',
    file: RUN_DATABASE,
    edits: [
      {
        search:
          'const kept = yield* last(transaction);\n      if (kept) yield* transaction.commit();\n      else transaction.rollback();\n      return kept;',
        replace: 'yield* transaction.commit();\n      return yield* this.#pool.completions.add(last);',
      },
    ],
    tests: [EXECUTOR_TEST],
    only: 'lost claim',
  },
  {
    name: 'a run commits its completion before its writes',
    file: RUN_DATABASE,
    edits: [
      {
        search:
          'const kept = yield* last(transaction);\n      if (kept) yield* transaction.commit();\n      else transaction.rollback();\n      return kept;',
        replace: 'yield* transaction.commit();\n      const kept = yield* this.#pool.completions.add(last);\n      return kept || true;',
      },
    ],
    tests: [EXECUTOR_TEST],
    only: 'lost claim',
  },
  {
    name: 'a run whose claim was lost keeps its writes',
    file: RUN_DATABASE,
    edits: [
      { search: 'if (kept) yield* transaction.commit();\n      else transaction.rollback();', replace: 'yield* transaction.commit();' },
    ],
    tests: [EXECUTOR_TEST],
    only: 'lost claim',
  },
  {
    name: 'a refused completion of a batch keeps what it wrote',
    file: BATCH,
    edits: [
      {
        search: 'for (const { last } of taken) if (!(yield* last(db))) return false;',
        replace: 'for (const { last } of taken) yield* last(db);',
      },
    ],
    tests: [BATCH_TEST],
  },
  {
    name: 'a refused completion of a batch is told as kept',
    file: BATCH,
    edits: [
      { search: 'entry.resolve(await this.#write(entry.last));', replace: 'await this.#write(entry.last);\n        entry.resolve(true);' },
    ],
    tests: [BATCH_TEST],
  },
  {
    name: 'a completion that fails fails its batch',
    file: BATCH,
    edits: [{ search: 'if (failed.length > 1 && !failsAll(error)) await', replace: 'if (failed.length > 1e9 && !failsAll(error)) await' }],
    tests: [BATCH_TEST],
  },
  {
    name: 'completions beside a refused one are not made',
    file: BATCH,
    edits: [{ search: 'else await this.#alone(taken);', replace: 'else for (const entry of taken) entry.resolve(false);' }],
    tests: [BATCH_TEST],
  },
  {
    name: 'a completion is told before its batch is committed',
    file: BATCH,
    edits: [
      {
        search: '    return true;\n  }\n\n  async #alone',
        replace: '    for (const entry of taken) entry.resolve(true);\n    return true;\n  }\n\n  async #alone',
      },
    ],
    tests: [BATCH_TEST],
  },
  {
    name: 'a run that is stopped while its completion waits is completed all the same',
    file: BATCH,
    edits: [{ search: 'this.#waiting = this.#waiting.filter((each) => each !== entry);', replace: '' }],
    tests: [BATCH_TEST],
  },
  {
    name: 'completions wait for ever when the database cannot be opened',
    file: BATCH,
    edits: [{ search: 'taken.length > 0 ? taken : this.#waiting.splice(0);', replace: 'taken;\n        if (taken.length === 0) break;' }],
    tests: [BATCH_TEST],
  },
  {
    name: 'a conflict is executed again after a call outside, so that HTTP is sent twice',
    file: EXECUTOR,
    edits: [{ search: 'conflict && this.#outside === undefined &&', replace: 'conflict &&' }],
    tests: [EXECUTOR_TEST],
    only: 'conflict after a call outside',
  },
  {
    name: 'a conflict without a call outside fails the attempt',
    file: EXECUTOR,
    edits: [{ search: 'conflict && this.#outside === undefined &&', replace: 'conflict && this.#outside !== undefined &&' }],
    tests: [EXECUTOR_TEST],
    only: 'read and then write',
  },
  {
    name: 'the lines of a passage that ended in a conflict are shown',
    file: EXECUTOR,
    edits: [{ search: "        this.#held = [];\n        return 'again';", replace: "        return 'again';" }],
    tests: [EXECUTOR_TEST],
    only: 'say each line once|seen once each',
  },
  {
    name: 'the lines of a passage are shown before its first write',
    file: EXECUTOR,
    edits: [{ search: "this.#held = mode === 'deferred' ? [] : undefined;", replace: 'this.#held = undefined;' }],
    tests: [EXECUTOR_TEST],
    only: 'say each line once|seen once each',
  },
  {
    name: 'the second passage is no writer from its start',
    file: EXECUTOR,
    edits: [{ search: "        mode = 'immediate';\n", replace: '' }],
    tests: [EXECUTOR_TEST],
    only: 'second passage|read and then write|preempted',
  },
  {
    name: 'an attempt that follows a lost race for the first write can lose it again',
    file: EXECUTOR,
    edits: [{ search: "job.transaction === 'immediate' || run.contended", replace: "job.transaction === 'immediate'" }],
    tests: [EXECUTOR_TEST],
    only: 'lost race',
  },
  {
    name: 'a claim does not say that the attempt before lost that race',
    file: 'src/store/sqlite/claim.ts',
    edits: [{ search: "_ml_claim']) - 1])", replace: "_ml_claim'])])" }],
    tests: [ENDS_TEST],
  },
  {
    name: 'transaction = false is one transaction',
    file: EXECUTOR,
    edits: [{ search: "if (job.transaction === false) return 'per-call';", replace: '' }],
    tests: [EXECUTOR_TEST],
    only: 'transaction = false',
  },
  {
    name: 'no timer ends a run in its thread',
    file: EXECUTOR,
    edits: [
      {
        search: "forgetTimeout = farTimer(timeoutMs, () => control.stop('timed_out'));",
        replace: 'void farTimer, (forgetTimeout = () => {});',
      },
    ],
    tests: [EXECUTOR_TEST],
    only: 'a wait at the deadline',
  },
  {
    name: 'no timer ends the second passage of a run',
    file: EXECUTOR,
    edits: [{ search: "        mode = 'immediate';\n", replace: "        mode = 'immediate';\n        forgetTimeout();\n" }],
    tests: [EXECUTOR_TEST],
    only: 'second passage',
  },
  {
    name: 'the timer of a run counts while it is committed',
    file: EXECUTOR,
    edits: [{ search: '    this.#surroundings.handlerReturned();\n', replace: '' }],
    tests: [EXECUTOR_TEST],
    only: 'has returned',
  },
  {
    name: 'a JavaScript handler queues outside of its transaction',
    file: 'src/worker/script-executor.ts',
    edits: [
      {
        search: 'yield* this.#database.savepoint(() => store.enqueue(this.#database, { ...request',
        replace: "yield* writeTransaction(this.#options.connections.acquire(), noQueue, 'x', (db) => store.enqueue(db, { ...request",
      },
      {
        search: "import { completion, storableResult } from './completion.js';",
        replace:
          "import { completion, storableResult } from './completion.js';\nimport { noQueue, writeTransaction } from '../store/sqlite/short-transaction.js';",
      },
    ],
    tests: ['test/api/host.test.ts'],
    only: 'has one transaction with its completion',
  },
  {
    name: 'a JavaScript handler ends before its operations',
    file: 'src/worker/script-executor.ts',
    edits: [{ search: '      await this.#last.catch(() => {});\n      if (this.#abort)', replace: '      if (this.#abort)' }],
    tests: ['test/api/host.test.ts'],
    only: 'an inline handler',
  },
  {
    name: 'a JavaScript handler may catch a conflict and go on',
    file: 'src/worker/script-executor.ts',
    edits: [{ search: 'if (error instanceof RunAbort) this.#abort = error;', replace: '' }],
    tests: ['test/api/host.test.ts'],
    only: 'an inline handler',
  },
  {
    name: 'the first of two stops does not count',
    file: 'src/worker/run-control.ts',
    edits: [{ search: '    if (this.#reason) return;\n', replace: '' }],
    tests: ['test/worker/run-control.test.ts'],
  },
  {
    name: 'a stop does not cancel the wait under way',
    file: 'src/worker/run-control.ts',
    edits: [{ search: '      wait.cancel?.();\n', replace: '' }],
    tests: ['test/worker/run-control.test.ts'],
  },
  {
    name: 'synchronous = "full" is normal',
    file: 'src/store/sqlite/database.ts',
    edits: [{ search: `driver.pragma(\`synchronous = \${synchronous}\`)`, replace: "driver.pragma('synchronous = normal')" }],
    tests: ['test/power/power.test.ts'],
  },
  {
    name: 'synchronous is off',
    file: 'src/store/sqlite/database.ts',
    edits: [{ search: `driver.pragma(\`synchronous = \${synchronous}\`)`, replace: "driver.pragma('synchronous = off')" }],
    tests: ['test/power/power.test.ts'],
  },
  {
    name: 'the write-ahead log is never checkpointed',
    file: 'src/store/sqlite/database.ts',
    edits: [{ search: 'wal_autocheckpoint = 1000', replace: 'wal_autocheckpoint = 0' }],
    tests: ['test/config/pragmas.test.ts'],
  },
  {
    name: 'the write-ahead log is never cut',
    file: 'src/store/sqlite/database.ts',
    edits: [{ search: `driver.pragma(\`journal_size_limit = \${WAL_LIMIT_BYTES}\`);`, replace: '' }],
    tests: ['test/config/pragmas.test.ts'],
  },
  {
    name: 'SQLite blocks the thread for the lock of another program',
    file: 'src/store/sqlite/database.ts',
    edits: [{ search: "driver.pragma('busy_timeout = 0');", replace: "driver.pragma('busy_timeout = 5000');" }],
    tests: ['test/config/pragmas.test.ts'],
  },
];
