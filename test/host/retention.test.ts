/** How long ended runs are kept, by status and job, and what is done with them then. */
import { afterEach, expect, it } from 'vitest';
import type { FinalStatus } from '../../src/domain/run.js';
import { Pruner, retentionRules } from '../../src/host/pruner.js';
import { createStage, jobs, type Stage } from './stage.js';

let stage: Stage;
afterEach(() => stage.dispose());

const DAY = 86_400_000;

/** A run that ended so long ago. */
async function ended(slug: string, status: FinalStatus, ageMs: number): Promise<string> {
  const { acts, clock } = stage;
  const id = await stage.enqueue(slug);
  const stamp = new Date(clock.now() - ageMs).toISOString().slice(0, 19).replace('T', ' ');
  await acts.write('test', (db) => db.run('UPDATE _crap_jobs SET status = ?, completed_at = ? WHERE id = ?', [status, stamp, id]));
  return id;
}

it('each job and status is kept as long as its own rule says, the others as long as the common one', async () => {
  stage = await createStage();
  const registry = jobs({ slug: 'a', retention: { completed: 86_400, failed: 30 * 86_400 } }, { slug: 'b' });
  const kept = [
    await ended('a', 'completed', DAY / 2),
    await ended('a', 'failed', 29 * DAY),
    await ended('a', 'cancelled', 6 * DAY),
    await ended('b', 'completed', 6 * DAY),
    await stage.enqueue('a'),
  ];
  await ended('a', 'completed', 2 * DAY);
  await ended('a', 'failed', 31 * DAY);
  await ended('a', 'stale', 8 * DAY);
  await ended('b', 'failed', 8 * DAY);
  const pruner = new Pruner(stage.acts, stage.events, stage.clock, retentionRules(registry.jobs.values(), 7 * DAY), 60_000);
  await pruner.prune();
  expect(
    stage
      .runs()
      .map(({ id }) => id)
      .sort(),
  ).toEqual(kept.sort());
});

it('without a common rule only what has one of its own is removed', async () => {
  stage = await createStage();
  const registry = jobs({ slug: 'a', retention: { completed: 60 } }, { slug: 'b' });
  await ended('a', 'completed', DAY);
  const kept = [await ended('a', 'failed', 999 * DAY), await ended('b', 'completed', 999 * DAY)];
  await new Pruner(stage.acts, stage.events, stage.clock, retentionRules(registry.jobs.values(), undefined), 60_000).prune();
  expect(
    stage
      .runs()
      .map(({ id }) => id)
      .sort(),
  ).toEqual(kept.sort());
});

it('Regression: the ledger of a schedule that is due every second grew for ever, since each look at it removed one batch', async () => {
  stage = await createStage();
  const { acts, clock } = stage;
  const old = clock.now() - 10 * DAY;
  await acts.write('test', function* (db) {
    for (let n = 0; n < 1_100; n++) {
      const tick = { slug: 'often', at: old + n * 1_000, outcome: 'run' as const, run: `r${n}` };
      yield* acts.store.recordTick(db, tick, tick.at);
    }
  });
  await new Pruner(acts, stage.events, clock, retentionRules([], 7 * DAY), 60_000).prune();
  expect(acts.read((db) => acts.store.listTicks(db, { slug: 'often', limit: 10 }))).toMatchObject([{ run: 'r1099' }]);
});
