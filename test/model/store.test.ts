/** Random sequences of every act of the store, by two hosts, against the model; afterwards `verify` has to find nothing. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { PauseTarget } from '../../src/domain/pause.js';
import type { ClaimedRun } from '../../src/domain/run.js';
import { verifyStore } from '../../src/operations/verify.js';
import { sqliteStore as store } from '../../src/store/sqlite/store.js';
import { caps, NOW, TestStore } from '../store/support.js';
import { CAPS, MAX_CONCURRENT, Model, type ModelRun, QUEUE_CAPS, rankOf } from './model.js';

const HOSTS = ['h1', 'h2'];
const slug = fc.constantFrom('a', 'b', 'c');
const pick = fc.nat(30);
const pause = fc.constantFrom<PauseTarget>({ kind: 'all', name: '' }, { kind: 'job', name: 'a' }, { kind: 'queue', name: 'slow' });

/** Far jumps of the clock are few: behind one hardly anything is due, and the rest of a sequence shows little. */
const passing = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(1, 2, 4, 30, -3) },
  { weight: 1, arbitrary: fc.constantFrom(700, -600, -90_000) },
);
/** Runs that wait for one thing alone must be many, or the order of those of one key hardly shows. */
const seldom = <T>(arbitrary: fc.Arbitrary<T>) => fc.oneof({ weight: 2, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
const act = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('enqueue' as const),
      slug,
      queue: fc.constantFrom('default', 'default', 'slow'),
      delay: fc.constantFrom(0, 0, 0, 0, 0, 3),
      priority: fc.constantFrom(0, 0, 1),
      key: fc.option(fc.constantFrom('k', 'k', 'k', 'l'), { nil: undefined, freq: 4 }),
      unique: seldom(fc.constantFrom('u', 'v')),
      replaces: fc.boolean(),
      after: seldom(fc.array(pick, { minLength: 1, maxLength: 2 })),
      runsAnyway: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constant('claim' as const), host: fc.constantFrom(...HOSTS), limit: fc.integer({ min: 1, max: 5 }) }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('complete' as const), pick }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('fail' as const), pick, again: fc.boolean() }) },
  fc.record({ type: fc.constant('release' as const), pick }),
  fc.record({ type: fc.constant('rescue' as const), host: fc.constantFrom(...HOSTS) }),
  fc.record({ type: fc.constant('renew' as const), host: fc.constantFrom(...HOSTS) }),
  fc.record({ type: fc.constant('cancel' as const), pick }),
  fc.record({ type: fc.constant('retry' as const), pick }),
  fc.record({ type: fc.constant('pause' as const), target: pause }),
  fc.record({ type: fc.constant('resume' as const), target: pause }),
  fc.record({ type: fc.constant('purge' as const), seconds: fc.integer({ min: 2, max: 20 }) }),
  { weight: 2, arbitrary: fc.record({ type: fc.constant('wait' as const), seconds: passing }) },
);
type Act = typeof act extends fc.Arbitrary<infer T> ? T : never;

/** One sequence: every act is done to the database and to the model. */
class Walk {
  readonly model = new Model();
  readonly claims: ClaimedRun[] = [];
  now = NOW;
  #order = 0;
  readonly #db: TestStore;

  constructor(db: TestStore) {
    this.#db = db;
  }

  async step(step: Act): Promise<void> {
    const db = this.#db;
    const { model, now } = this;
    const run = 'pick' in step ? [...model.runs.values()][step.pick % Math.max(model.runs.size, 1)] : undefined;
    if (step.type === 'wait') this.now += step.seconds * 1000;
    else if (step.type === 'enqueue') await this.#enqueue(step);
    else if (step.type === 'claim') await this.#claim(step.host, step.limit);
    else if (step.type === 'complete' || step.type === 'fail' || step.type === 'release') await this.#finish(step);
    else if (step.type === 'rescue') {
      const held = await db.write(function* (c) {
        const claims = yield* store.listClaimsOf(c, step.host, now);
        for (const { run: id, claim } of claims) {
          yield* store.end(c, {
            run: id,
            claim,
            now,
            outcome: 'lost',
            next: { status: 'pending', dueAt: now, spendsAttempt: false },
            log: [],
          });
        }
        return claims.map((claim) => claim.run);
      });
      const expected = model.list(({ status, host }) => status === 'running' && host === step.host);
      expect(held.sort()).toEqual(expected.map(({ id }) => id).sort());
      for (const each of expected) model.back(each, now, now, false);
    } else if (step.type === 'renew') {
      const held = await db.write((c) =>
        store.renew(
          c,
          step.host,
          this.claims.map(({ id, claim }) => ({ run: id, claim })),
          now,
          now + 30_000,
        ),
      );
      expect([...held].sort()).toEqual(
        model
          // Completed ones as well: the claim that they ended with was not lost.
          .list(({ status, host }) => (status === 'running' || status === 'completed') && host === step.host)
          .map(({ id }) => id)
          .sort(),
      );
    } else if (step.type === 'pause') {
      await db.write((c) => store.pause(c, step.target, undefined, now));
      model.pauses.add(nameOf(step.target));
    } else if (step.type === 'resume') {
      await db.write((c) => store.resume(c, step.target));
      model.pauses.delete(nameOf(step.target));
    } else if (step.type === 'purge') {
      const olderThan = now - step.seconds * 1000;
      await db.write((c) => store.purge(c, { olderThan }, 1000));
      // The column counts whole seconds.
      const second = (ms: number) => Math.floor(ms / 1000);
      for (const { id } of model.list(
        ({ endedAt, status }) => status !== 'pending' && status !== 'running' && second(endedAt!) < second(olderThan),
      )) {
        model.runs.delete(id);
      }
    } else if (run && step.type === 'cancel') {
      const done = await db.write((c) => store.requestCancel(c, run.id, now));
      const expected = { pending: 'cancelled_now', running: 'requested' }[run.status as string] ?? run.status;
      expect(done).toBe(expected);
      if (run.status === 'pending') model.end(run, 'cancelled', now);
      else if (run.status === 'running') run.cancelAsked = true;
    } else if (run && step.type === 'retry') {
      const done = await db.write((c) => store.retry(c, run.id, now));
      expect(done).toBe(model.retry(run, now));
    }
    await this.#compare();
  }

  async #enqueue(step: Extract<Act, { type: 'enqueue' }>): Promise<void> {
    const { model, now } = this;
    const known = [...model.runs.keys()];
    const after = known.length === 0 ? [] : [...new Set((step.after ?? []).map((n) => known[n % known.length]!))];
    const due = now + step.delay * 1000;
    const { slug, queue, priority, key, unique, replaces, runsAnyway } = step;
    const twin = unique === undefined || replaces ? undefined : model.twinOf(slug, unique);
    const request = {
      ...{ slug, queue, priority, data: '{}', maxAttempts: 99, scheduledBy: 'hook' as const, dueAt: due, after },
      ...(key !== undefined && { key }),
      ...(unique !== undefined && { uniqueKey: unique, uniqueMode: replaces ? ('replace' as const) : ('active' as const) }),
      ...(runsAnyway && { afterFailure: 'run' as const }),
    };
    const { id, duplicate } = await this.#db.write((c) => store.enqueue(c, request, now));
    expect(duplicate).toBe(twin !== undefined);
    if (duplicate) {
      expect(model.runs.get(id)).toMatchObject({ slug, unique });
      return;
    }
    if (unique !== undefined && replaces) {
      for (const old of model.list((run) => run.slug === slug && run.unique === unique && run.status === 'pending'))
        model.end(old, 'cancelled', now);
    }
    const ended = new Map(after.map((other) => [other, endOf(model.runs.get(other)!)] as const));
    model.add({
      ...{
        id,
        slug,
        queue,
        priority,
        due,
        key,
        unique,
        runsAnyway,
        order: ++this.#order,
        status: 'pending',
        attempt: 0,
        claim: 0,
        host: undefined,
      },
      ...{
        replaces: unique !== undefined && replaces,
        ripe: due <= now,
        after: ended,
        waits: after.length > 0,
        cancelAsked: false,
        endedAt: undefined,
      },
    });
  }

  async #claim(host: string, limit: number): Promise<void> {
    const { model, now } = this;
    const request = { host, limit, now, leaseUntil: now + 30_000, maxConcurrent: MAX_CONCURRENT, queueConcurrency: caps(QUEUE_CAPS) };
    const taken = await this.#db.claim({ ...request, concurrency: caps(CAPS) });
    const places = MAX_CONCURRENT - model.list(({ status }) => status === 'running').length;
    model.settle(now);
    for (const run of taken) {
      const known = model.runs.get(run.id)!;
      expect(model.claimable()).toContain(known);
      expect(model.hasRoom(known)).toBe(true);
      Object.assign(known, { status: 'running', attempt: known.attempt + 1, claim: known.claim + 1, host, cancelAsked: false });
      expect(run).toMatchObject({ attempt: known.attempt, claim: known.claim });
      this.claims.push(run);
    }
    const left = model.claimable();
    for (const { id } of taken) {
      const known = model.runs.get(id)!;
      for (const other of left) {
        if (other.slug === known.slug && other.queue === known.queue) expect(rankOf(known)).toBeLessThanOrEqual(rankOf(other));
      }
    }
    if (taken.length < Math.min(limit, places)) expect(left.filter((run) => model.hasRoom(run))).toEqual([]);
  }

  async #finish(step: Extract<Act, { type: 'complete' | 'fail' | 'release' }>): Promise<void> {
    if (this.claims.length === 0) return;
    const { model, now } = this;
    const { id, claim } = this.claims[step.pick % this.claims.length]!;
    const known = model.runs.get(id);
    const holds = known?.status === 'running' && known.claim === claim;
    const end = { run: id, claim, now, log: [] };
    if (step.type === 'complete') {
      expect(await this.#db.write((c) => store.complete(c, { ...end, result: null }))).toBe(holds);
      if (holds) model.end(known, 'completed', now);
      return;
    }
    const spendsAttempt = step.type === 'fail';
    const again = step.type === 'release' || step.again;
    const next = again ? { status: 'pending' as const, dueAt: now + 2000, spendsAttempt } : { status: 'failed' as const };
    const status = await this.#db.write((c) => store.end(c, { ...end, outcome: spendsAttempt ? 'failed' : 'released', next }));
    if (holds) {
      if (again) model.back(known, now + 2000, now, spendsAttempt);
      else model.end(known, 'failed', now);
    }
    expect(status).toBe(holds ? known.status : undefined);
  }

  async #compare(): Promise<void> {
    const found = await this.#db.read((c) => store.listRuns(c, { limit: 1000 }));
    // Who stands behind others of its key is compared after each step: by claims alone it is seen only when three of one key have met.
    const facts = (runs: readonly (Pick<ModelRun, 'id' | 'status' | 'attempt' | 'claim'> & { behind: boolean })[]) =>
      runs.map(({ id, status, attempt, claim, behind }) => [id, status, attempt, claim, status === 'pending' && behind].join(' ')).sort();
    expect(facts(found.map((run) => ({ ...run, behind: run.waiting.includes('key') })))).toEqual(facts([...this.model.runs.values()]));
  }
}

it('[CAPS] [ONCE] [FAIR] any sequence of acts by two hosts agrees with the model, and verify finds nothing', async () => {
  let acts = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 10, maxLength: 60, size: 'max' }), async (steps) => {
      const db = await TestStore.create();
      try {
        const walk = new Walk(db);
        for (const id of HOSTS) {
          await db.write((c) => store.registerHost(c, { id, pid: 1, hostname: '', socket: '', startedAt: NOW, seenAt: NOW, version: '' }));
        }
        for (const step of steps) await walk.step(step);
        acts += steps.length;
        const limits = { total: MAX_CONCURRENT, queues: caps(QUEUE_CAPS), jobs: caps(CAPS), rates: new Map() };
        const { breaches } = await db.read((c) => verifyStore(c, store, { now: walk.now, limits, rescueWithinMs: 60_000 }));
        expect(breaches).toEqual([]);
      } finally {
        db.dispose();
      }
    }),
    { numRuns: Number(process.env['MOONLIGHTER_TEST_MODEL_RUNS'] ?? 150) },
  );
  process.stdout.write(`model test: ${acts} acts\n`);
}, 600_000);

function nameOf({ kind, name }: PauseTarget): string {
  return kind === 'all' ? 'all' : `${kind} ${name}`;
}

function endOf({ status }: ModelRun) {
  return status === 'pending' || status === 'running' ? undefined : status;
}
