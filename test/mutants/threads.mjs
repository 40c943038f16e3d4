// Bugs in the write queue of a host and in how it treats its threads.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are pieces of source text
const QUEUE_TEST = 'test/host/write-queue.test.ts';
const POOL_TEST = 'test/host/worker-pool.test.ts';
const QUEUE = 'src/host/write-queue.ts';
const THREAD = 'src/host/worker-thread.ts';

export const mutants = [
  {
    name: "stretches of a handler in JavaScript behind its waits are nobody's",
    file: 'src/worker/floating.ts',
    edits: [{ search: 'if (handlers++ === 0) turns.enable();', replace: 'handlers++;' }],
    tests: ['test/api/host.test.ts'],
    build: true,
  },
  {
    name: 'what a blocked thread has not taken waits for it where no other has room',
    file: 'src/host/worker-pool.ts',
    edits: [{ search: 'if (!blocked.blockedFor(RELEASED_AFTER_MS)) return;', replace: 'if (blocked) return;' }],
    tests: ['test/host/worker-pool.test.ts'],
  },
  {
    name: 'workers write before the host',
    file: QUEUE,
    edits: [
      {
        search: '    for (const entry of this.#host) {\n      this.#host.delete(entry);\n      return entry;\n    }\n',
        replace: '',
      },
      {
        search: '      return entry;\n    }\n    return undefined;',
        replace:
          '      return entry;\n    }\n    for (const entry of this.#host) {\n      this.#host.delete(entry);\n      return entry;\n    }\n    return undefined;',
      },
    ],
    tests: [QUEUE_TEST],
  },
  {
    name: 'the last worker that asks writes first',
    file: QUEUE,
    edits: [
      {
        search: 'for (const [key, entry] of this.#workers) {\n      this.#workers.delete(key);',
        replace: 'for (const [key, entry] of [...this.#workers].reverse()) {\n      this.#workers.delete(key);',
      },
    ],
    tests: [QUEUE_TEST],
  },
  {
    name: 'a worker lets go of the grant of another',
    file: QUEUE,
    edits: [{ search: 'held.worker === worker && held.ticket === ticket', replace: 'held.worker !== undefined && held.ticket === ticket' }],
    tests: [QUEUE_TEST],
  },
  {
    name: 'a late release lets go of the next grant of the worker',
    file: QUEUE,
    edits: [{ search: 'held.worker === worker && held.ticket === ticket', replace: 'held.worker === worker' }],
    tests: [QUEUE_TEST],
  },
  {
    name: 'a dead thread stays the writer',
    file: QUEUE,
    edits: [{ search: 'if (this.#holder?.worker === worker) this.#letGo(this.#holder);', replace: '' }],
    tests: [QUEUE_TEST],
  },
  {
    name: 'two release at once and let two in',
    file: QUEUE,
    edits: [{ search: '    if (this.#holder !== entry) return;\n    this.#holder = undefined;', replace: '    this.#holder = undefined;' }],
    tests: [QUEUE_TEST],
  },
  {
    name: 'a thread that gave up waiting is granted the queue',
    file: QUEUE,
    edits: [{ search: '=== SIGNAL_GIVEN_UP) continue;', replace: '=== SIGNAL_GIVEN_UP) void 0;' }],
    tests: [QUEUE_TEST],
  },
  {
    name: 'a cancelled request of a thread is not withdrawn',
    file: 'src/worker/write-queue-client.ts',
    edits: [
      {
        search: "if (this.#waiting.delete(ticket)) this.#post({ type: 'write-released', ticket });",
        replace: 'this.#waiting.delete(ticket);',
      },
    ],
    tests: [QUEUE_TEST],
  },
  {
    name: 'no timer of the main thread ends a run',
    file: THREAD,
    edits: [
      {
        search: "else this.stopRun(assignment.run.id, assignment.run.claim, this.#hogBeside(assignment) ? 'released' : 'timed_out');",
        replace: '',
      },
    ],
    tests: [POOL_TEST],
    only: 'asks a run to stop',
  },
  {
    name: 'the timeout of a run counts from when it was handed over',
    file: THREAD,
    edits: [
      { search: 'begunAt + assignment.timeoutMs - monotonicMs()', replace: 'assignment.givenAt + assignment.timeoutMs - monotonicMs()' },
    ],
    tests: [POOL_TEST],
    only: 'its timeout counts from there',
  },
  {
    name: 'a thread that does not answer is not ended',
    file: THREAD,
    edits: [
      { search: "      this.end(`run ${culprit.id} (${culprit.slug}) ${hog ? 'let no other go on' : 'did not stop'}`);\n", replace: '' },
    ],
    tests: [POOL_TEST],
    only: 'terminates a thread',
  },
  {
    name: 'a run that its neighbour kept from going on is timed out',
    file: THREAD,
    edits: [{ search: "this.#hogBeside(assignment) ? 'released' : 'timed_out'", replace: "'timed_out'" }],
    tests: [POOL_TEST],
    only: 'lets no other go on',
  },
  {
    name: 'a run that lets no other go on is given back unharmed',
    file: THREAD,
    edits: [{ search: 'lost || assignment === this.#hog', replace: 'lost' }],
    tests: [POOL_TEST],
    only: 'lets no other go on',
  },
  {
    name: 'the runs beside one that did not stop are lost',
    file: THREAD,
    edits: [{ search: 'const lost = crashed && (culprit ?? assignment) === assignment;', replace: 'const lost = true;' }],
    tests: [POOL_TEST],
    only: 'beside',
  },
  {
    name: 'all runs of a thread that ended by itself are lost',
    file: THREAD,
    edits: [{ search: 'const lost = crashed && (culprit ?? assignment) === assignment;', replace: 'const lost = crashed;' }],
    tests: [POOL_TEST],
    only: 'beside it are released',
  },
  {
    name: 'a run that has returned is timed out while it waits for its commit',
    file: THREAD,
    edits: [{ search: '      if (hasReturned(this.#places, assignment.place)) return;\n', replace: '' }],
    tests: [POOL_TEST],
    only: 'has returned',
  },
  {
    name: 'a report of an earlier claim ends the run',
    file: THREAD,
    edits: [
      {
        search: 'if (assignment?.run.claim === claim) this.#finish(assignment, report);',
        replace: 'if (assignment) this.#finish(assignment, report);',
      },
    ],
    tests: [POOL_TEST],
    only: 'earlier claim',
  },
  {
    name: 'a stop of an earlier claim ends the run',
    file: THREAD,
    edits: [{ search: 'if (assignment?.run.claim !== claim) return false;', replace: 'if (!assignment) return false;' }],
    tests: [POOL_TEST],
    only: 'earlier claim',
  },
];
