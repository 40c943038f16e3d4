import { afterEach, describe, expect, it } from 'vitest';
import { Pruner } from '../../src/host/pruner.js';
import { type Database, openDatabase } from '../../src/store/sqlite/database.js';
import { allowance } from '../support/allowance.js';
import { createStage, type Stage } from './stage.js';

const stages: Stage[] = [];
const others: Database[] = [];
afterEach(() => {
  for (const database of others.splice(0)) database.close();
  for (const stage of stages.splice(0)) stage.dispose();
});

/** The stage (busy timeout 1 s) and a connection of another program that holds the write lock. */
async function locked(): Promise<{ stage: Stage; unlock(): void }> {
  const stage = await createStage();
  stages.push(stage);
  const other = openDatabase({ path: stage.path });
  others.push(other);
  other.run('BEGIN IMMEDIATE');
  return { stage, unlock: () => other.run('ROLLBACK') };
}

describe("the host's acts", () => {
  it("wait for another program's lock without blocking the thread, reads going on", async () => {
    const { stage, unlock } = await locked();
    let turns = 0;
    const turning = setInterval(() => turns++, 1);
    setTimeout(unlock, 60);
    const id = await stage.enqueue('a');
    clearInterval(turning);
    // A blocked thread would not have turned once; how often it turns is up to the machine.
    expect(turns).toBeGreaterThan(1);
    expect(stage.run(id)?.status).toBe('pending');
  });

  it('[DURABLE] keep recording while the database is unavailable, and say so once', async () => {
    const { stage, unlock } = await locked();
    const lines: string[] = [];
    stage.events.on('log', (e) => {
      lines.push(`${e.line.level} ${e.line.text}`);
      if (e.line.level === 'error') unlock();
    });
    const recorded = stage.acts.record('test', (db) => db.run("INSERT INTO _ml_meta (key, value) VALUES ('x', 'y')"));
    expect(stage.acts.recording).toBe(1);
    expect(await recorded).toBe(1);
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^error The database cannot be written, trying again: /);
    expect(lines[1]).toBe('info The database can be written again');
  });

  it('give a record up only when they are closed', async () => {
    const { stage } = await locked();
    const recorded = stage.acts.record('test', (db) => db.run("INSERT INTO _ml_meta (key, value) VALUES ('x', 'y')"));
    const refused = expect(recorded).rejects.toMatchObject({ name: 'StoreUnavailableError' });
    await stage.acts.close(0);
    await refused;
  });

  it("Regression: wait no longer for another program's lock than a stop may take", async () => {
    const { stage } = await locked();
    const allowed = allowance();
    const begun = performance.now();
    const refused = expect(stage.enqueue('a')).rejects.toMatchObject({ code: 'WRITE_LOCK_BUSY' });
    await stage.acts.close(20);
    await refused;
    const took = performance.now() - begun;
    expect(took).toBeLessThan(allowed(500));
  });

  it('do not repeat what fails for a reason of its own', async () => {
    const stage = await createStage();
    stages.push(stage);
    await expect(stage.acts.record('test', (db) => db.run('INSERT INTO nowhere VALUES (1)'))).rejects.toThrow(/nowhere/);
  });
});

describe('pruner', () => {
  it('deletes final runs past the limit in batches, and nothing else', async () => {
    const stage = await createStage();
    stages.push(stage);
    const day = 86_400_000;
    const stamp = (at: number) => new Date(at).toISOString().slice(0, 19).replace('T', ' ');
    const old = stage.clock.now() - 8 * day;
    await stage.acts.write('test', function* (db) {
      for (let i = 0; i < 1_200; i++) {
        const status = i < 1_150 ? 'completed' : 'pending';
        yield* db.run('INSERT INTO _crap_jobs (id, slug, status, created_at, completed_at, _ml_created) VALUES (?, ?, ?, ?, ?, ?)', [
          `r${i}`,
          'a',
          status,
          stamp(old),
          status === 'completed' ? stamp(old) : null,
          old,
        ]);
      }
    });
    const fresh = await stage.enqueue('a');
    let purged = 0;
    stage.events.on('runs:purged', (e) => {
      purged += e.count;
    });
    await new Pruner(stage.acts, stage.events, stage.clock, [{ afterMs: 7 * day }], day).prune();
    expect(purged).toBe(1_150);
    expect(stage.runs()).toHaveLength(51);
    expect(stage.run(fresh)?.status).toBe('pending');
  });
});
