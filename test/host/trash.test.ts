/** Emptying the trash: documents that were deleted longer ago than their collection keeps them, under a clock that the test moves. */
import { afterEach, describe, expect, it } from 'vitest';
import { contentSettings } from '../../src/bindings/content-context.js';
import { defaultCrapConfig } from '../../src/config/crap-config.js';
import { create } from '../../src/content/create.js';
import { remove } from '../../src/content/delete.js';
import { parseCollection } from '../../src/content/parse-collection.js';
import { hostContext } from '../../src/content/purge-trash.js';
import { parseQuery } from '../../src/content/query.js';
import { syncSchema } from '../../src/content/sync.js';
import { update } from '../../src/content/update.js';
import type { JsonObject } from '../../src/domain/json.js';
import type { Op } from '../../src/domain/op.js';
import { Pruner } from '../../src/host/pruner.js';
import { TrashPruner } from '../../src/host/trash-pruner.js';
import type { LuaTable } from '../../src/lua/value.js';
import { emptyRegistry } from '../../src/project/registry.js';
import { watchStatements } from '../../src/store/sqlite/database.js';
import { trashRules } from '../../src/worker/trash.js';
import { lua } from '../content/support.js';
import { createStage, type Stage } from './stage.js';

const DAY = 86_400_000;
const link = (name: string, collection: string) => ({ name, type: 'relationship', relationship: { collection } });
const lines = { name: 'lines', type: 'array', fields: [{ name: 'label', type: 'text' }] };
const COLLECTIONS: Record<string, object> = {
  bin: {
    soft_delete: true,
    soft_delete_retention: '30d',
    versions: true,
    fields: [{ name: 'title', type: 'text' }, lines, link('next', 'bin')],
  },
  quick: { soft_delete: true, soft_delete_retention: 60, fields: [{ name: 'title', type: 'text' }] },
  kept: { soft_delete: true, fields: [{ name: 'title', type: 'text' }] },
  notes: { soft_delete_retention: '1s', fields: [link('about', 'bin')] },
};

let stage: Stage;
afterEach(() => stage.dispose());

async function open() {
  stage = await createStage();
  const config = defaultCrapConfig(8);
  const settings = contentSettings(config, 8);
  const registry = emptyRegistry();
  for (const [slug, definition] of Object.entries(COLLECTIONS)) {
    const parsing = { generation: 8 as const, file: 'collections/test.lua', line: 1 };
    registry.collections.set(slug, parseCollection(slug, lua(definition) as LuaTable, parsing).definition);
  }
  await stage.acts.write('test', (db) => syncSchema(db, registry, settings));
  const rules = trashRules({ registry, config, generation: 8 }, stage.clock);
  const purged: object[] = [];
  stage.events.on('trash:purged', (event) => purged.push(event));
  const act = <T>(body: (ctx: ReturnType<typeof hostContext>) => Op<T>) =>
    stage.acts.write('test', (db) => body(hostContext(db, registry, settings, stage.clock)));
  const options = parseQuery(undefined);
  return {
    rules,
    purged,
    create: async (slug: string, data: JsonObject) => (await act((ctx) => create(ctx, slug, data, options))).id,
    change: (slug: string, id: string, data: JsonObject) => act((ctx) => update(ctx, slug, id, data, options)),
    remove: (slug: string, id: string) => act((ctx) => remove(ctx, slug, id, options)),
    /** A pass over the trash, as the host makes one now and then. */
    async prune() {
      await new Pruner(stage.acts, stage.events, stage.clock, [], DAY, new TrashPruner(stage.acts, stage.events, rules)).prune();
      return purged.splice(0);
    },
    rows: (sql: string) => stage.acts.read((db) => db.all(sql)).map((row) => Object.values(row)[0]),
  };
}

describe('the trash', () => {
  it('is emptied of what is older than the retention, each collection by its own', async () => {
    const { create, remove, prune, rows } = await open();
    for (const slug of ['bin', 'quick', 'kept']) {
      for (const title of ['old', 'live']) await create(slug, { title });
      const [old] = rows(`SELECT id FROM ${slug} WHERE title = 'old'`);
      await remove(slug, String(old));
    }
    stage.clock.time += 61_000;
    expect(await prune()).toEqual([{ collection: 'quick', count: 1 }]);
    stage.clock.time += 30 * DAY - 62_000;
    expect(await prune()).toEqual([]);
    stage.clock.time += 2_000;
    expect(await prune()).toEqual([{ collection: 'bin', count: 1 }]);
    expect(rows('SELECT title FROM bin')).toEqual(['live']);
    expect(rows('SELECT title FROM quick')).toEqual(['live']);
    expect(rows('SELECT title FROM kept ORDER BY title')).toEqual(['live', 'old']);
  });

  it('loses the rows, versions and references of a document with it', async () => {
    const { create, remove, prune, rows } = await open();
    const target = await create('bin', { title: 'target' });
    const id = await create('bin', { title: 'goes', lines: [{ label: 'a' }], next: target });
    await remove('bin', id);
    expect(rows(`SELECT _ref_count FROM bin WHERE id = '${target}'`)).toEqual([1]);
    stage.clock.time += 31 * DAY;
    expect(await prune()).toEqual([{ collection: 'bin', count: 1 }]);
    expect(rows('SELECT label FROM bin_lines')).toEqual([]);
    expect(rows(`SELECT id FROM _versions_bin WHERE _parent = '${id}'`)).toEqual([]);
    expect(rows(`SELECT _ref_count FROM bin WHERE id = '${target}'`)).toEqual([0]);
  });

  it('keeps what others refer to until nothing does', async () => {
    const { create, remove, change, prune, rows } = await open();
    const wanted = await create('bin', { title: 'wanted' });
    const note = await create('notes', { about: wanted });
    await remove('bin', wanted);
    stage.clock.time += 31 * DAY;
    expect(await prune()).toEqual([]);
    expect(rows('SELECT title FROM bin')).toEqual(['wanted']);
    await change('notes', note, { about: '' });
    expect(await prune()).toEqual([{ collection: 'bin', count: 1 }]);
  });

  it('goes on behind what has to stay, in batches, and frees what only trash referred to by the next pass', async () => {
    const { create, remove, prune, rows } = await open();
    let next: string | undefined;
    const ids: string[] = [];
    for (let i = 0; i < 120; i++) {
      next = await create('bin', { title: `t${i}`, ...(i % 2 === 1 && { next: next! }) });
      ids.push(next);
    }
    for (const id of ids) {
      await remove('bin', id);
      stage.clock.time += 1000;
    }
    stage.clock.time += 31 * DAY;
    // Every other one is referred to by the one behind it.
    expect(await prune()).toEqual([{ collection: 'bin', count: 60 }]);
    expect(await prune()).toEqual([{ collection: 'bin', count: 60 }]);
    expect(rows('SELECT id FROM bin')).toEqual([]);
  });

  it('Regression: to look for what is old enough, every document of the collection was read and sorted, on the main thread and as the writer', async () => {
    const { create, remove, prune } = await open();
    await remove('bin', await create('bin', { title: 'a' }));
    const statements: string[] = [];
    watchStatements((sql) => statements.push(sql));
    await prune();
    watchStatements(undefined);
    const [look] = statements.filter((sql) => sql.includes('FROM "bin" WHERE _deleted_at'));
    const marks = (sql: string) => Array(sql.split('?').length - 1).fill('');
    for (const sql of [look!, look!.replace('_deleted_at < ?', '_deleted_at < ? AND (_deleted_at, id) > (?, ?)')]) {
      const plan = stage.acts.read((db) => db.all(`EXPLAIN QUERY PLAN ${sql}`, marks(sql))).map((row) => String(row['detail']));
      expect(plan).toEqual([expect.stringMatching(/^SEARCH bin USING (COVERING )?INDEX _ml_idx_bin_trash/)]);
    }
  });

  it('has rules where there is a trash and a time only', async () => {
    const { rules } = await open();
    expect(rules.map(({ slug, afterMs }) => [slug, afterMs])).toEqual([
      ['bin', 30 * DAY],
      ['quick', 60_000],
    ]);
  });
});
