import { expect, it } from 'vitest';
import {
  begunAtOf,
  culpritPlace,
  givePlace,
  hasReturned,
  isTaken,
  makePlaces,
  monotonicMs,
  noteTurn,
  takePlace,
} from '../../src/worker/places.js';
import type { FromWorker, RunReport } from '../../src/worker/protocol.js';
import { RunNotices } from '../../src/worker/run-notices.js';

const turn = () => new Promise((resolve) => setImmediate(resolve));
const completed: RunReport = {
  outcome: 'completed',
  committed: true,
  result: '"large"',
  log: [{ at: 1, level: 'info', text: 'stored' }],
  queued: true,
};
const failed: RunReport = { ...completed, outcome: 'failed', committed: false, error: { code: 'LUA_ERROR', message: 'no' } };

function stage() {
  const places = makePlaces(4);
  const posted: FromWorker[] = [];
  const notices = new RunNotices((message) => posted.push(message), places);
  const begin = (run: string, place: number) => {
    givePlace(places, place);
    takePlace(places, place);
    const begun = { run, claim: 1, place };
    notices.begun(begun);
    return begun;
  };
  return { places, posted, notices, begin };
}

it('tells ends of one turn in one message, without what is stored with a completion', async () => {
  const { posted, notices, begin } = stage();
  const [a, b] = [begin('a', 1), begin('b', 2)];
  notices.returned(a);
  notices.ended(a, completed);
  notices.ended(b, failed);
  await turn();
  expect(posted).toEqual([
    {
      type: 'runs-ended',
      ends: [
        { run: 'a', claim: 1, report: { outcome: 'completed', committed: true, queued: true, log: [] } },
        { run: 'b', claim: 1, report: failed },
      ],
    },
  ]);
});

it('tells the start of a handler that has not returned by the next turn, of no other', async () => {
  const { posted, notices, begin } = stage();
  const waiting = begin('waits', 1);
  notices.returned(begin('waits for its commit', 2));
  notices.ended(begin('over', 3), failed);
  await turn();
  expect(posted.filter(({ type }) => type === 'run-started')).toEqual([{ type: 'run-started', run: waiting.run, claim: 1 }]);
});

it('[STOP] when the handler began and that it has returned is seen without a message', () => {
  const { places, notices, begin } = stage();
  givePlace(places, 1);
  expect([begunAtOf(places, 1), isTaken(places, 1)]).toEqual([undefined, false]);
  takePlace(places, 1);
  expect([begunAtOf(places, 1), isTaken(places, 1)]).toEqual([undefined, true]);
  const before = monotonicMs();
  const begun = begin('a', 1);
  expect(begunAtOf(places, 1)).toBeGreaterThanOrEqual(before);
  expect(begunAtOf(places, 1)).toBeLessThanOrEqual(monotonicMs());
  expect(hasReturned(places, 1)).toBe(false);
  notices.returned(begun);
  expect([hasReturned(places, 1), isTaken(places, 1), begunAtOf(places, 1) !== undefined]).toEqual([true, true, true]);
});

it('who ended the thread is who was executed; where memory ran out, also who was preempted', () => {
  const places = makePlaces(3);
  noteTurn(places, 3, 'executed');
  expect(culpritPlace(places, false)).toBe(3);
  noteTurn(places, 3, 'preempted');
  expect([culpritPlace(places, false), culpritPlace(places, true)]).toEqual([0, 3]);
  noteTurn(places, 1, 'executed');
  noteTurn(places, 1, 'waiting');
  expect(culpritPlace(places, true)).toBe(3);
  noteTurn(places, 3, 'executed');
  noteTurn(places, 3, 'waiting');
  expect(culpritPlace(places, true)).toBe(0);
});
