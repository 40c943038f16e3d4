/** Entry of a worker thread: executes the runs it is given side by side, each in its slot, and reports to the main thread. */
import { parentPort, workerData } from 'node:worker_threads';
import type { CrapConfig } from '../config/crap-config.js';
import type { MoonlighterConfig } from '../config/moonlighter-config.js';
import type { HostError } from '../domain/errors.js';
import type { JobDefinition } from '../domain/job.js';
import type { ClaimedRun, LogLine } from '../domain/run.js';
import { engineFor } from '../lua/engines.js';
import { EMAIL_SLUG } from '../mail/message.js';
import { createMailProvider } from '../mail/provider.js';
import { plainChange } from './changes.js';
import { Executor, type RunWatcher } from './executor.js';
import { executorOptions } from './executor-options.js';
import { survivesFloating } from './floating.js';
import { LogStream } from './log-stream.js';
import { MailSender } from './mail-run.js';
import { moduleHandler } from './module-handler.js';
import { runOnInit } from './on-init.js';
import { noteTurn, takePlace } from './places.js';
import type { FromWorker, GivenRun, RunReport, ToWorker, WorkerSetup } from './protocol.js';
import { RunControl } from './run-control.js';
import { RunNotices } from './run-notices.js';
import { errorOf } from './run-report.js';
import { ScriptExecutor } from './script-executor.js';
import { WriteQueueClient } from './write-queue-client.js';

const setup = workerData as WorkerSetup;
const crap = setup.crap as CrapConfig;
const moonlighter = setup.moonlighter as MoonlighterConfig;
const engine = engineFor(moonlighter.lua.engine);
const post = (message: FromWorker) => parentPort!.postMessage(message);
const notices = new RunNotices(post, setup.places);
const stream = new LogStream(post, setup.unread);
const hostLog = (line: LogLine) => stream.say(undefined, undefined, line);

/** Jobs that scripts of any thread defined anew. */
const redefined = new Map<string, JobDefinition>();
const redefine = (job: JobDefinition) => {
  redefined.set(job.slug, job);
  setup.registry.jobs.set(job.slug, job);
};

const queue = new WriteQueueClient(post);
const options = executorOptions({
  engine,
  projectDir: setup.projectDir,
  databasePath: setup.databasePath,
  crap,
  moonlighter,
  generation: setup.generation,
  worker: setup.worker,
  queue,
  jobs: setup.registry.jobs.values(),
  redefinitions: {
    latest: redefined,
    told: (job) => {
      redefine(job);
      post({ type: 'job-redefined', job });
    },
  },
  changes: {
    wanted: () => Atomics.load(setup.listening, 0) === 1,
    told: (change) => post({ type: 'document-changed', change: plainChange(change) }),
  },
  onLocked: (wait) => post({ type: 'lock-met', ...wait }),
  log: hostLog,
  // Every slot loads the same files: their lines were told when the host loaded them.
  loading: (line) => hostLog({ ...line, level: 'debug' }),
});
const executor = new Executor(options);
const scripts = new ScriptExecutor(options);
const mails = new MailSender({ ...options, provider: createMailProvider(crap.email) });
const controls = new Map<string, { claim: number; control: RunControl }>();
const running = new Set<Promise<void>>();

parentPort!.on('message', (message: ToWorker) => {
  switch (message.type) {
    case 'runs':
      for (const given of message.runs) begin(given);
      return;
    case 'stop-run': {
      const held = controls.get(message.run);
      if (held?.claim === message.claim) held.control.stop(message.reason, message.error);
      return;
    }
    case 'write-granted':
      queue.granted(message.ticket);
      return;
    case 'redefine':
      redefine(message.job);
      return;
    case 'initialise':
      runOnInit(options, crap.hooks.on_init).then(
        ({ queued }) => post({ type: 'initialised', queued }),
        (error) => post({ type: 'initialised', error: errorOf(error), remedy: (error as HostError).remedy, queued: false }),
      );
      return;
    case 'shutdown':
      void shutdown();
  }
});

survivesFloating(({ id, slug }, line) => stream.say(id, slug, line));

void start();

async function start(): Promise<void> {
  try {
    await engine.load();
    const slot = await options.slots.acquire();
    const { problems } = slot.session;
    options.slots.release(slot);
    post({ type: 'ready', problems });
  } catch (error) {
    post({ type: 'unusable', error: errorOf(error) });
    process.exit(1);
  }
}

function begin({ run, timeoutMs, place }: GivenRun): void {
  if (!takePlace(setup.places, place)) {
    post({ type: 'place-freed', place });
    return;
  }
  const { id, claim, slug } = run;
  const control = new RunControl((turn) => noteTurn(setup.places, place, turn));
  controls.set(id, { claim, control });
  const begun = { run: id, claim, place };
  const watcher: RunWatcher = {
    started: () => notices.begun(begun),
    completing: () => notices.returned(begun),
    log: (line) => stream.say(id, slug, line),
    writerSuspended: (wait, fromStart, location) =>
      post({ type: 'writer-suspended', run: id, slug, reason: wait.reason, fromStart, ...location }),
  };
  const execution = executionOf(run, timeoutMs, control, watcher).then((report) => {
    if (controls.get(id)?.claim === claim) controls.delete(id);
    stream.over(id, slug);
    notices.ended(begun, report);
  });
  running.add(execution);
  void execution.finally(() => running.delete(execution));
}

function executionOf(run: ClaimedRun, timeoutMs: number, control: RunControl, watcher: RunWatcher): Promise<RunReport> {
  if (run.slug === EMAIL_SLUG) return mails.execute({ run, timeoutMs, control, watcher });
  const job = setup.registry.jobs.get(run.slug);
  if (!job) throw new Error(`the host gave a run of the unknown job ${run.slug}`);
  if (job.kind === 'module') return executeModule(run, job, timeoutMs, control, watcher);
  return executor.execute({ run, job, timeoutMs, control, watcher });
}

/** The module is loaded by the first run that needs it; one that does not load fails its runs. */
async function executeModule(
  run: ClaimedRun,
  job: JobDefinition,
  timeoutMs: number,
  control: RunControl,
  watcher: RunWatcher,
): Promise<RunReport> {
  try {
    const handler = await moduleHandler(job);
    return await scripts.execute({ run, job, timeoutMs, control, watcher, handler, jobs: setup.registry.jobs });
  } catch (error) {
    return { outcome: 'failed', committed: false, log: [], queued: false, error: errorOf(error) };
  }
}

async function shutdown(): Promise<void> {
  for (const { control } of controls.values()) control.stop('released');
  await Promise.all(running);
  await Promise.all([executor.settled(), scripts.settled()]);
  notices.flush();
  options.slots.close();
  options.connections.close();
  process.exit(0);
}
