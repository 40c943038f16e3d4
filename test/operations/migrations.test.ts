/** Migrations as projects write them: one transaction each, what they may use, what failing leaves. */
import { existsSync } from 'node:fs';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { evalChunk } from '../../src/operations/eval-chunk.js';
import { migrateDown } from '../../src/operations/migrate-down.js';
import { bringUpToDate } from '../../src/operations/migrate-schema.js';
import { migrationStatus } from '../../src/operations/migrate-status.js';
import { migrateUp } from '../../src/operations/migrate-up.js';
import { type OpenedProject, openProject } from '../../src/operations/open-project.js';
import { prepareHost } from '../../src/operations/prepare-host.js';
import { engines } from '../support/engines.js';
import { createProject, type ProjectFolder } from '../support/project.js';

const PROJECT = {
  'crap.toml': '[access]\ndefault_deny = true\n',
  'collections/notes.lua': `crap.collections.define("notes", {
    fields = { crap.fields.text({ name = "title", required = true }), crap.fields.text({ name = "seen" }) },
    hooks = { before_change = { "hooks.notes.before_change" } },
  })`,
  'hooks/notes.lua': `return { before_change = function(ctx)
    if ctx.data.title == "refused" then error("the hook refuses") end
    ctx.data.seen = tostring(ctx.user) .. " at " .. ctx.hook_depth
    return ctx
  end }`,
  'globals/settings.lua': 'crap.globals.define("settings", { fields = { crap.fields.text({ name = "motto" }) } })',
  'jobs/echo.lua': 'crap.jobs.define("echo", { handler = "jobs.echo.run" })\nreturn { run = function(ctx) return ctx.data end }',
  'plugins/seeds.lua': 'return { titles = { "one", "two" } }',
};

const FIRST = '20260101000000_first.lua';
const SECOND = '20260102000000_second.lua';
const THIRD = '20260103000000_third.lua';

const creating = (title: string) => `return {
  up = function() crap.collections.create("notes", { title = "${title}" }) end,
  down = function() crap.collections.delete_many("notes", { where = { title = "${title}" } }) end,
}`;

describe.each(engines)('migrations on $name', ({ name }) => {
  let project: ProjectFolder;
  let opened: OpenedProject;
  beforeEach(async () => {
    project = await createProject({ ...PROJECT, 'moonlighter.toml': `[lua]\nengine = "${name}"\n` });
    opened = await openProject({ config: project.dir, cwd: '/', env: {} });
  });
  afterEach(async () => {
    await opened.close();
    await project.dispose();
  });

  const migration = (filename: string, text: string) => project.write({ [`migrations/${filename}`]: text });
  const titles = async () => {
    const chunk = `local found = crap.collections.find("notes", { order_by = "title" }).documents
      for i = 1, #found do found[i] = found[i].title end
      return table.concat(found, " ")`;
    const [text] = await evalChunk(opened, { source: chunk, chunkName: '=eval' });
    return String(text).split(' ').filter(Boolean);
  };
  const states = async () => (await migrationStatus(opened)).map((row) => `${row.name} ${row.status}`);

  it('applies what is not applied, in the order of the names, and notes it in the table of the reference', async () => {
    await migration(
      SECOND,
      'return { up = function() crap.collections.create("notes", { title = "n" .. crap.collections.count("notes") }) end }',
    );
    await migration(FIRST, creating('first'));
    expect((await migrateUp(opened)).applied).toEqual([FIRST, SECOND]);
    expect(await titles()).toEqual(['first', 'n1']);
    const rows = await opened.read((db) => db.all('SELECT filename, applied_at FROM _crap_migrations ORDER BY filename'));
    expect(rows.map((row) => row['filename'])).toEqual([FIRST, SECOND]);
    expect(rows[0]!['applied_at']).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
    expect((await migrateUp(opened)).applied).toEqual([]);
    expect(await titles()).toEqual(['first', 'n1']);
  });

  it('one that is added before others that are applied is applied too', async () => {
    await migration(SECOND, creating('second'));
    await migrateUp(opened);
    await migration(FIRST, creating('first'));
    expect((await migrateUp(opened)).applied).toEqual([FIRST]);
  });

  it('has the whole API with full access, no user, hooks as of a handler, modules, globals and the log', async () => {
    await migration(
      FIRST,
      `local seeds = require("plugins.seeds")
      local M = {}
      M.__index = M -- a module that holds itself
      function M.up(...)
        assert(select("#", ...) == 0)
        for _, title in ipairs(seeds.titles) do crap.collections.create("notes", { title = title }) end
        crap.globals.update("settings", { motto = tostring(crap.auth.user()) })
        crap.transaction(function() crap.collections.create("notes", { title = "zero" }) end)
        print("seeded", #seeds.titles)
        return M
      end
      return M`,
    );
    const lines: string[] = [];
    await migrateUp(opened, { log: ({ text }) => lines.push(text) });
    expect(lines).toEqual(['seeded\t2']);
    const source =
      'return crap.collections.find("notes", { where = { title = "one" } }).documents[1].seen, crap.globals.get("settings").motto';
    expect(await evalChunk(opened, { source, chunkName: '=eval' })).toEqual(['nil at 1', 'nil']);
    expect(await titles()).toEqual(['one', 'two', 'zero']);
  });

  it('a failed one leaves nothing behind and says where it stopped; those before it stay, those after it wait', async () => {
    await migration(FIRST, creating('first'));
    await migration(
      SECOND,
      'return { up = function()\n  crap.collections.create("notes", { title = "lost" })\n  crap.jobs.queue("echo", {})\n  error("on purpose")\nend }',
    );
    await migration(THIRD, creating('third'));
    const seen: string[] = [];
    await expect(migrateUp(opened, { done: (done) => seen.push(done) })).rejects.toMatchObject({
      code: 'MIGRATION_FAILED',
      message: `migration ${SECOND} failed (up): migrations/${SECOND}:4: on purpose`,
      details: { migration: SECOND, direction: 'up', file: `migrations/${SECOND}`, line: 4, done: [FIRST], left: [SECOND, THIRD] },
    });
    expect(seen).toEqual([FIRST]);
    expect(await titles()).toEqual(['first']);
    expect(await opened.read((db) => opened.store.listRuns(db, { limit: 10 }))).toEqual([]);
    expect(await states()).toEqual([`${FIRST} applied`, `${SECOND} pending`, `${THIRD} pending`]);
    await migration(SECOND, creating('second'));
    expect((await migrateUp(opened)).applied).toEqual([SECOND, THIRD]);
    expect(await titles()).toEqual(['first', 'second', 'third']);
  });

  it.each([
    [
      'a hook that raises',
      'return { up = function()\n  crap.collections.create("notes", { title = "refused" })\nend }',
      2,
      /the hook refuses/,
    ],
    ['an operation that refuses', 'return { up = function()\n\n  crap.collections.create("notes", {})\nend }', 3, /title is required/],
    ['a file that does not parse', 'return {\n  up = function(\n}', 3, /syntax error/],
    ['a file that raises while it loads', 'local x = nil\nprint(x.y)', 2, /attempt to index a nil value/],
    ['a thrown table', 'return { up = function() error({ code = 7 }) end }', 1, /failed \(up\): /],
  ])('%s: file and line', async (_, text, line, message) => {
    await migration(FIRST, text);
    const failure = expect(migrateUp(opened)).rejects;
    await failure.toMatchObject({ code: 'MIGRATION_FAILED', details: { file: `migrations/${FIRST}`, line } });
    await expect(migrateUp(opened)).rejects.toThrow(message);
    expect(await states()).toEqual([`${FIRST} pending`]);
  });

  it.each([
    ['nothing', '', 'migrations/20260101000000_first.lua returns nil, expected a table with up and down'],
    ['a function', 'return function() end', 'returns function, expected a table'],
    ['a table without up', 'return { down = function() end }', "has no function 'up'"],
    ['up as a text', 'return { up = "now" }', "'up' is a string, expected a function"],
  ])('a file that returns %s is refused', async (_, text, message) => {
    await migration(FIRST, text);
    await expect(migrateUp(opened)).rejects.toMatchObject({
      code: 'MIGRATION_FAILED',
      message: expect.stringContaining(message),
      remedy: expect.stringContaining('return { up ='),
      details: { file: `migrations/${FIRST}` },
    });
  });

  it('down undoes the newest, as many as are asked for, and goes through up again', async () => {
    for (const [file, title] of [
      [FIRST, 'first'],
      [SECOND, 'second'],
      [THIRD, 'third'],
    ] as const)
      await migration(file, creating(title));
    await migrateUp(opened);
    expect(await migrateDown(opened)).toEqual({ rolled_back: [THIRD] });
    expect(await titles()).toEqual(['first', 'second']);
    expect(await migrateDown(opened, { steps: 9 })).toEqual({ rolled_back: [SECOND, FIRST] });
    expect(await migrateDown(opened)).toEqual({ rolled_back: [] });
    expect((await migrateUp(opened)).applied).toEqual([FIRST, SECOND, THIRD]);
  });

  it('down goes by when they were applied, the names decide within a second', async () => {
    await migration(SECOND, creating('second'));
    await migrateUp(opened);
    await migration(FIRST, creating('first'));
    await opened.write('test', (db) => db.run("UPDATE _crap_migrations SET applied_at = '2020-01-01 00:00:00'"));
    await migrateUp(opened);
    expect(await migrateDown(opened)).toEqual({ rolled_back: [FIRST] });
  });

  it('a down that fails or is not there leaves the migration applied, and what it did in place', async () => {
    await migration(
      FIRST,
      `return { up = function() end, down = function()\n  crap.collections.create("notes", { title = "lost" })\n  error("no way back")\nend }`,
    );
    await migration(SECOND, 'return { up = function() end }');
    await migrateUp(opened);
    await expect(migrateDown(opened)).rejects.toThrow(`migration ${SECOND} failed (down): migrations/${SECOND} has no function 'down'`);
    await migration(SECOND, creating('second'));
    await expect(migrateDown(opened, { steps: 2 })).rejects.toMatchObject({
      code: 'MIGRATION_FAILED',
      details: { migration: FIRST, direction: 'down', line: 3, done: [SECOND], left: [FIRST] },
    });
    expect(await states()).toEqual([`${FIRST} applied`, `${SECOND} pending`]);
    expect(await titles()).toEqual([]);
  });

  it('an applied migration without its file is shown, holds nothing up, and is not undone', async () => {
    await opened.write('test', (db) =>
      db.run("INSERT INTO _crap_migrations (filename, applied_at) VALUES ('20260102120000_gone.lua', '2026-01-02 12:30:00')"),
    );
    await migration(FIRST, creating('first'));
    expect((await migrateUp(opened)).applied).toEqual([FIRST]);
    expect(await migrationStatus(opened)).toMatchObject([
      { name: FIRST, status: 'applied' },
      { name: '20260102120000_gone.lua', status: 'missing', applied_at: '2026-01-02T12:30:00.000Z' },
    ]);
    await expect(migrateDown(opened, { steps: 2 })).rejects.toMatchObject({ code: 'MIGRATION_MISSING' });
    expect(await titles()).toEqual(['first']);
  });

  it('runs queued in a migration stand, those of one that failed do not', async () => {
    await migration(FIRST, 'return { up = function() crap.jobs.queue("echo", { n = 1 }) end }');
    await migrateUp(opened);
    expect(await opened.read((db) => opened.store.listRuns(db, { limit: 10 }))).toMatchObject([{ slug: 'echo', status: 'pending' }]);
  });

  it('creates the tables that a migration needs before it runs', async () => {
    await project.write({
      'collections/tags.lua': 'crap.collections.define("tags", { fields = { crap.fields.text({ name = "name" }) } })',
      [`migrations/${FIRST}`]: 'return { up = function() crap.collections.create("tags", { name = "lua" }) end }',
    });
    await opened.close();
    const { loadAndCheck, OpenedProject, openProjectDatabase } = await import('../../src/operations/open-project.js');
    const loaded = await loadAndCheck({ config: project.dir, cwd: '/', env: {} });
    opened = new OpenedProject(loaded, openProjectDatabase(loaded));
    const order: string[] = [];
    const report = await migrateUp(opened, { tables: () => order.push('tables'), done: (file) => order.push(file) });
    expect(report).toMatchObject({ created: expect.arrayContaining(['tags']), applied: [FIRST] });
    expect(order).toEqual(['tables', FIRST]);
    expect(await bringUpToDate(opened)).toMatchObject({ created: [] });
  });

  it('is one transaction in generation 10 too, where each call of a handler is one', async () => {
    await project.write({
      'moonlighter.toml': `[lua]\nengine = "${name}"\n[compat]\ngeneration = 10\n`,
      [`migrations/${FIRST}`]: `return { up = function()
        crap.collections.notes.create({ title = "lost" })
        crap.transaction(function() crap.collections.notes.create({ title = "lost too" }) end)
        error("on purpose")
      end }`,
    });
    await opened.close();
    opened = await openProject({ config: project.dir, cwd: '/', env: {} });
    await expect(migrateUp(opened)).rejects.toMatchObject({ code: 'MIGRATION_FAILED', details: { line: 4 } });
    expect(await titles()).toEqual([]);
    await migration(FIRST, 'return { up = function() crap.collections.notes.create({ title = "kept" }) end }');
    expect((await migrateUp(opened)).applied).toEqual([FIRST]);
    expect(await titles()).toEqual(['kept']);
  });

  it('is stopped between and within migrations by its signal', async () => {
    const stop = new AbortController();
    await migration(FIRST, creating('first'));
    await migration(
      SECOND,
      'return { up = function() crap.collections.create("notes", { title = "lost" }) print("looping") while true do end end }',
    );
    const log = ({ text }: { text: string }) => text === 'looping' && stop.abort();
    await expect(migrateUp(opened, { log, signal: stop.signal })).rejects.toMatchObject({ details: { migration: SECOND, done: [FIRST] } });
    expect(await titles()).toEqual(['first']);
    expect(await states()).toEqual([`${FIRST} applied`, `${SECOND} pending`]);
  });

  it('a lock that another program takes in between is named with the migration, and nothing is done', async () => {
    await migration(FIRST, creating('first'));
    await project.write({ 'crap.toml': '[access]\ndefault_deny = true\n[database]\nbusy_timeout = "1s"\n' });
    await opened.close();
    opened = await openProject({ config: project.dir, cwd: '/', env: {} });
    const other = new Sqlite(opened.databasePath);
    try {
      const tables = () => void other.exec('BEGIN IMMEDIATE');
      await expect(migrateUp(opened, { tables })).rejects.toMatchObject({
        name: 'StoreUnavailableError',
        message: expect.stringContaining(`migration ${FIRST} failed (up): `),
        details: { migration: FIRST, done: [], left: [FIRST] },
      });
      other.exec('ROLLBACK');
    } finally {
      other.close();
    }
    expect((await migrateUp(opened)).applied).toEqual([FIRST]);
  });

  it('a host that starts names what is not applied, and applies nothing', async () => {
    await migration(FIRST, creating('first'));
    const options = { config: project.dir, cwd: '/', env: {} };
    expect((await prepareHost(options)).pendingMigrations).toEqual([FIRST]);
    expect(await states()).toEqual([`${FIRST} pending`]);
    await migrateUp(opened);
    expect((await prepareHost(options)).pendingMigrations).toEqual([]);
    expect(existsSync(opened.databasePath)).toBe(true);
  });
});
