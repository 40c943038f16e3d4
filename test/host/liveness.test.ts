import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { ClaimedRun } from '../../src/domain/run.js';
import { LeaseKeeper } from '../../src/host/lease-keeper.js';
import { Rescuer } from '../../src/host/rescuer.js';
import type { Liveness } from '../../src/host/waker.js';
import { createStage, type Stage } from './stage.js';

const stages: Stage[] = [];
afterEach(() => {
  for (const stage of stages.splice(0)) stage.dispose();
});

const LEASE = 30_000;

async function set() {
  const stage = await createStage();
  stages.push(stage);
  const claim = (host: string): Promise<ClaimedRun[]> =>
    stage.acts.write('test', (db) =>
      stage.acts.store.claim(db, {
        host,
        now: stage.clock.now(),
        leaseUntil: stage.clock.now() + LEASE,
        limit: 10,
        maxConcurrent: 100,
        concurrency: new Map([['a', 100]]),
      }),
    );
  const register = (id: string, machine = hostname()) =>
    stage.acts.write('test', (db) =>
      stage.acts.store.registerHost(db, {
        id,
        pid: 1,
        hostname: machine,
        socket: `/nowhere/${id}`,
        startedAt: stage.clock.now(),
        seenAt: stage.clock.now(),
        version: '0',
      }),
    );
  const rescuer = (liveness: Record<string, Liveness>, own: () => ReadonlySet<string> | undefined = () => new Set()) =>
    new Rescuer({
      host: 'me',
      acts: stage.acts,
      events: stage.events,
      clock: stage.clock,
      leaseMs: LEASE,
      foreignStaleMs: 70_000,
      periodMs: 5_000,
      own,
      onRescued: () => {},
      onLost: () => undefined,
      probe: async (socket) => liveness[socket.slice('/nowhere/'.length)] ?? 'unknown',
    });
  return { stage, claim, register, rescuer };
}

describe('rescuer', () => {
  it('makes the runs of a dead host pending again at once, without spending a retry, and leaves the living alone', async () => {
    const { stage, claim, register, rescuer } = await set();
    await register('dead');
    await register('busy');
    const lost = await stage.enqueue('a');
    await claim('dead');
    const held = await stage.enqueue('a');
    await claim('busy');
    await rescuer({ dead: 'dead', busy: 'alive' }).rescue();
    expect(stage.run(lost)).toMatchObject({ status: 'pending', attempt: 0 });
    expect(stage.run(lost)!.dueAt).toBeLessThanOrEqual(stage.clock.now());
    expect(stage.run(held)).toMatchObject({ status: 'running', host: 'busy' });
    expect(stage.acts.read((db) => stage.acts.store.listHosts(db)).map((h) => h.id)).toEqual(['busy']);
  });

  it('marks a run stale after three losses in a row', async () => {
    const { stage, claim, register, rescuer } = await set();
    const id = await stage.enqueue('a');
    for (let loss = 1; loss <= 3; loss++) {
      await register(`dead${loss}`);
      expect(await claim(`dead${loss}`)).toHaveLength(1);
      await rescuer({ [`dead${loss}`]: 'dead' }).rescue();
      expect(stage.run(id)?.status).toBe(loss < 3 ? 'pending' : 'stale');
      stage.clock.time += 10_000;
    }
    expect(stage.run(id)?.error).toMatch(/^stale: /);
  });

  it('judges hosts of other machines, and sockets that cannot be asked, by when they were seen', async () => {
    const { stage, claim, register, rescuer } = await set();
    await register('far', 'elsewhere');
    await register('odd');
    const far = await stage.enqueue('a');
    await claim('far');
    const odd = await stage.enqueue('a');
    await claim('odd');
    await rescuer({ far: 'dead', odd: 'unknown' }).rescue();
    expect([far, odd].map((id) => stage.run(id)?.status)).toEqual(['running', 'running']);
    stage.clock.time += LEASE + 1;
    await rescuer({ far: 'dead', odd: 'unknown' }).rescue();
    expect([far, odd].map((id) => stage.run(id)?.status)).toEqual(['pending', 'pending']);
  });

  it("leaves a row of crap-cms alone until its heartbeat is stale by crap-cms's rule", async () => {
    const { stage, rescuer } = await set();
    const id = await stage.enqueue('a');
    const stamp = (at: number) => new Date(at).toISOString().slice(0, 19).replace('T', ' ');
    const now = stamp(stage.clock.now());
    await stage.acts.write('test', (db) =>
      db.run("UPDATE _crap_jobs SET status = 'running', attempt = 1, started_at = ?, heartbeat_at = ? WHERE id = ?", [now, now, id]),
    );
    stage.clock.time += 60_000;
    await rescuer({}).rescue();
    expect(stage.run(id)?.status).toBe('running');
    stage.clock.time += 15_000;
    await rescuer({}).rescue();
    expect(stage.run(id)?.status).toBe('pending');
  });

  it('Regression: rescues a run of crap-cms that one of our hosts had attempted before', async () => {
    const { stage, claim, rescuer } = await set();
    const id = await stage.enqueue('a');
    const [mine] = await claim('h');
    const now = stage.clock.now();
    const next = { status: 'pending', dueAt: now, spendsAttempt: true } as const;
    await stage.acts.write('test', (db) =>
      stage.acts.store.end(db, { run: id, claim: mine!.claim, now, outcome: 'failed', error: { code: 'X', message: 'no' }, next, log: [] }),
    );
    const stamp = new Date(now).toISOString().slice(0, 19).replace('T', ' ');
    await stage.acts.write('test', (db) =>
      db.run("UPDATE _crap_jobs SET status = 'running', attempt = 2, started_at = ?, heartbeat_at = ? WHERE id = ?", [stamp, stamp, id]),
    );
    stage.clock.time += 75_000;
    await rescuer({}).rescue();
    expect(stage.run(id)).toMatchObject({ status: 'pending', attempt: 1 });
    expect(stage.acts.read((db) => db.all('SELECT outcome FROM _ml_attempts'))).toEqual([{ outcome: 'failed' }]);
  });

  it('gives back a claim in its own name that it twice does not know of', async () => {
    const { stage, claim, rescuer } = await set();
    const orphan = await stage.enqueue('a');
    await claim('me');
    const known = await stage.enqueue('a');
    const [mine] = await claim('me');
    const own = rescuer({}, () => new Set([`${known}:${mine!.claim}`]));
    await own.rescue();
    expect(stage.run(orphan)?.status).toBe('running');
    await own.rescue();
    expect([orphan, known].map((id) => stage.run(id)?.status)).toEqual(['pending', 'running']);
  });
});

it('[DURABLE] rescues at once from a killed host whose socket was tidied away: nobody is refused there, but the connection has ended', async () => {
  const { stage, claim } = await set();
  const folder = mkdtempSync(join(tmpdir(), 'ml-test-'));
  const path = join(folder, 's');
  const script = `require('net').createServer((s) => s.once('data', () => console.log('met'))).listen(${JSON.stringify(path)}, () => console.log('up'))`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const rescuer = new Rescuer({
    host: 'me',
    acts: stage.acts,
    events: stage.events,
    clock: stage.clock,
    leaseMs: LEASE,
    foreignStaleMs: 70_000,
    periodMs: 60_000,
    own: () => new Set(),
    onRescued: () => {},
    onLost: () => undefined,
  });
  try {
    await once(child.stdout, 'data');
    const now = stage.clock.now();
    const record = { id: 'h', pid: 1, hostname: hostname(), socket: path, startedAt: now, seenAt: now, version: '0' };
    await stage.acts.write('test', (db) => stage.acts.store.registerHost(db, record));
    const id = await stage.enqueue('a');
    await claim('h');
    const met = once(child.stdout, 'data');
    await rescuer.start();
    await met;
    rmSync(folder, { recursive: true });
    await rescuer.rescue();
    expect(stage.run(id)?.status).toBe('running');
    const rescued = new Promise<void>((resolve) => stage.events.once('run:rescued', () => resolve()));
    child.kill('SIGKILL');
    await rescued;
    expect(stage.run(id)?.status).toBe('pending');
  } finally {
    child.kill('SIGKILL');
    await rescuer.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});

describe('lease keeper', () => {
  it('renews what is held and stops what is not', async () => {
    const { stage, claim } = await set();
    await stage.enqueue('a');
    await stage.enqueue('a');
    const runs = await claim('me');
    expect(runs).toHaveLength(2);
    const [kept, taken] = runs as [ClaimedRun, ClaimedRun];
    await stage.acts.write('test', (db) =>
      stage.acts.store.end(db, {
        run: taken.id,
        claim: taken.claim,
        now: stage.clock.now(),
        outcome: 'lost',
        next: { status: 'pending', dueAt: stage.clock.now(), spendsAttempt: false },
        log: [],
      }),
    );
    const lost: string[] = [];
    const keeper = new LeaseKeeper({
      host: 'me',
      acts: stage.acts,
      events: stage.events,
      clock: stage.clock,
      leaseMs: LEASE,
      heartbeatMs: 10_000,
      runs: () => runs,
      onLost: (run) => lost.push(run.id),
    });
    await keeper.renew();
    expect(lost).toEqual([taken.id]);
    expect(stage.run(kept.id)?.status).toBe('running');
  });
});
