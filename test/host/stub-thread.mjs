// A worker thread that speaks the protocol without a VM: what a run does is written in its data.
import { parentPort, workerData } from 'node:worker_threads';

const { noteBegun, noteReturned, noteTurn, takePlace } = await import(new URL('../../dist/worker/places.js', import.meta.url).href);

const post = (message) => parentPort.postMessage(message);
const ended = (run, outcome, more = {}) =>
  post({
    type: 'runs-ended',
    ends: [
      {
        run: run.id,
        claim: run.claim,
        report: { outcome, committed: outcome === 'completed', result: null, log: [], queued: false, ...more },
      },
    ],
  });
const timers = new Map();
const granted = new Map();
let tickets = 0;

if (workerData.crap?.unusable) {
  post({ type: 'unusable', error: { code: 'PROJECT_INVALID', message: 'the project does not load' } });
  process.exit(1);
}
post({ type: 'ready', problems: [] });

parentPort.on('message', (message) => {
  for (const { run, place } of message.type === 'runs' ? message.runs : []) {
    if (!takePlace(workerData.places, place)) {
      post({ type: 'place-freed', place });
      continue;
    }
    const act = JSON.parse(run.data);
    noteBegun(workerData.places, place);
    if (act.wait !== undefined)
      timers.set(
        run.id,
        setTimeout(() => ended(run, 'completed'), act.wait),
      );
    else if (act.completing !== undefined) {
      noteReturned(workerData.places, place);
      setTimeout(() => ended(run, 'completed'), act.completing);
    } else if (act.late) {
      // The end of an earlier claim of the run arrives after this one has begun.
      ended({ ...run, claim: run.claim - 1 }, 'failed');
      ended(run, 'completed');
    } else if (act.spin) {
      // Spins after the run beside it has begun.
      setTimeout(() => {
        for (;;);
      }, 5);
    } else if (act.hog) {
      noteTurn(workerData.places, place, 'executed');
      setTimeout(() => {
        for (;;);
      }, 5);
    } else if (act.block !== undefined) {
      const until = performance.now() + act.block;
      while (performance.now() < until);
      ended(run, 'completed');
    } else if (act.exit) {
      if (act.exit !== 'unseen') noteTurn(workerData.places, place, 'executed');
      process.exit(3);
    } else if (act.fill) {
      // Computes, lets others go first, and memory runs out meanwhile.
      noteTurn(workerData.places, place, 'executed');
      noteTurn(workerData.places, place, 'preempted');
      setImmediate(() => {
        for (const kept = []; ; ) kept.push(new Array(100_000).fill(kept.length));
      });
    } else if (act.hold) {
      const ticket = ++tickets;
      granted.set(ticket, () => post({ type: 'log', run: run.id, slug: run.slug, line: { at: 0, level: 'info', text: 'writer' } }));
      post({ type: 'write-requested', ticket, owner: run.id });
    } else ended(run, 'completed', { result: '{"ok":true}' });
  }
  if (message.type === 'initialise') process.exit(4);
  if (message.type === 'write-granted') granted.get(message.ticket)?.();
  if (message.type === 'stop-run') {
    clearTimeout(timers.get(message.run));
    if (timers.delete(message.run)) ended({ id: message.run, claim: message.claim }, message.reason);
  }
  if (message.type === 'shutdown') process.exit(0);
});
