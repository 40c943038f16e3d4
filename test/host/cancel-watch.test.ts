/** Wishes to cancel reach their host through the database too: the socket may have lost them. */
import { afterEach, expect, it } from 'vitest';
import { CancelWatch } from '../../src/host/cancel-watch.js';
import { createStage, type Stage } from './stage.js';

let stage: Stage;
afterEach(() => stage.dispose());

it('[STOP] a running run whose end was asked for in the database is stopped by its host, and by no other', async () => {
  stage = await createStage();
  const { acts, clock, events } = stage;
  const ids = [await stage.enqueue('a'), await stage.enqueue('a')];
  const limits = { limit: 2, maxConcurrent: 9, concurrency: new Map([['a', 9]]) };
  const runs = await acts.write('test', (db) =>
    acts.store.claim(db, { host: 'me', now: clock.now(), leaseUntil: clock.now() + 30_000, ...limits }),
  );
  const stopped: [string, string, number][] = [];
  const watch = (host: string, running = 2) =>
    new CancelWatch({
      host,
      acts,
      events,
      periodMs: 60_000,
      running: () => running,
      stopRun: (run, claim) => stopped.push([host, run, claim]),
    });
  watch('me').look();
  expect(stopped).toEqual([]);
  expect(await acts.write('test', (db) => acts.store.requestCancel(db, ids[1]!, clock.now()))).toBe('requested');
  for (const host of ['me', 'other']) watch(host).look();
  expect(stopped).toEqual([['me', ids[1], runs.find(({ id }) => id === ids[1])!.claim]]);
});
