/** Random sequences of acts against a small model: the store may not differ from it in any status, attempt or cap. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ClaimedRun } from '../../src/domain/run.js';
import { sqliteStore as store } from '../../src/store/sqlite/store.js';
import { caps, NOW, TestStore } from './support.js';

interface ModelRun {
  slug: 'a' | 'b';
  status: string;
  attempt: number;
  claim: number;
  due: number;
}

const CAPS = { a: 2, b: 1 };
const MAX_CONCURRENT = 3;

const act = fc.oneof(
  fc.record({ type: fc.constant('enqueue' as const), slug: fc.constantFrom('a' as const, 'b' as const), delay: fc.constantFrom(0, 0, 3) }),
  fc.record({ type: fc.constant('claim' as const), limit: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ type: fc.constant('complete' as const), pick: fc.nat(20), stale: fc.boolean() }),
  fc.record({ type: fc.constant('fail' as const), pick: fc.nat(20), retry: fc.boolean() }),
  fc.record({ type: fc.constant('release' as const), pick: fc.nat(20) }),
  fc.record({ type: fc.constant('wait' as const), seconds: fc.integer({ min: 1, max: 4 }) }),
);

it('[CAPS] [ONCE] any sequence of acts agrees with the model', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 40 }), async (acts) => {
      const db = await TestStore.create();
      const model = new Map<string, ModelRun>();
      const claims: ClaimedRun[] = [];
      let now = NOW;
      try {
        for (const step of acts) {
          if (step.type === 'enqueue') {
            const due = now + step.delay * 1000;
            const id = await db.enqueue(step.slug, { dueAt: due, maxAttempts: 9 }, now);
            model.set(id, { slug: step.slug, status: 'pending', attempt: 0, claim: 0, due });
          } else if (step.type === 'wait') {
            now += step.seconds * 1000;
          } else if (step.type === 'claim') {
            const taken = await db.claim({ concurrency: caps(CAPS), maxConcurrent: MAX_CONCURRENT, limit: step.limit, now });
            const running = [...model.values()].filter((run) => run.status === 'running');
            const free = (slug: 'a' | 'b') => CAPS[slug] - running.filter((run) => run.slug === slug).length;
            const ready = (slug: 'a' | 'b') =>
              [...model.values()].filter((run) => run.slug === slug && run.status === 'pending' && run.due <= now).length;
            const possible = Math.min(free('a'), ready('a')) + Math.min(free('b'), ready('b'));
            expect(taken).toHaveLength(Math.max(0, Math.min(possible, step.limit, MAX_CONCURRENT - running.length)));
            for (const run of taken) {
              const known = model.get(run.id)!;
              expect(known.status).toBe('pending');
              Object.assign(known, { status: 'running', attempt: known.attempt + 1, claim: known.claim + 1 });
              expect(run).toMatchObject({ attempt: known.attempt, claim: known.claim });
              claims.push(run);
            }
          } else if (claims.length > 0) {
            const picked = claims[step.pick % claims.length]!;
            const known = model.get(picked.id)!;
            const holds = known.status === 'running' && known.claim === picked.claim;
            if (step.type === 'complete') {
              const claim = step.stale ? picked.claim - 1 : picked.claim;
              const kept = await db.write((c) => store.complete(c, { run: picked.id, claim, now, result: null, log: [] }));
              expect(kept).toBe(holds && !step.stale && claim > 0);
              if (kept) known.status = 'completed';
            } else {
              const spends = step.type === 'fail';
              const again = step.type === 'release' || step.retry;
              const next = again ? { status: 'pending' as const, dueAt: now + 2000, spendsAttempt: spends } : { status: 'failed' as const };
              const kept = await db.write((c) =>
                store.end(c, { run: picked.id, claim: picked.claim, now, outcome: spends ? 'failed' : 'released', next, log: [] }),
              );
              expect(kept).toBe(holds ? next.status : undefined);
              if (kept) Object.assign(known, { status: next.status, due: now + 2000, attempt: known.attempt - (again && !spends ? 1 : 0) });
            }
          }
          for (const run of await db.read((c) => store.listRuns(c, { limit: 1000 }))) {
            const known = model.get(run.id)!;
            expect({ status: run.status, attempt: run.attempt, claim: run.claim }).toEqual({
              status: known.status,
              attempt: known.attempt,
              claim: known.claim,
            });
          }
        }
      } finally {
        db.dispose();
      }
    }),
    { numRuns: 25 },
  );
});
