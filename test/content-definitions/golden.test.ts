/** The golden project: its definitions give the recorded tables, and its probes of definitions the recorded answers. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { runAsync } from '../../src/domain/op.js';
import type { LuaTable } from '../../src/lua/value.js';
import { checkProject } from '../../src/project/check-project.js';
import { migrate } from '../../src/store/sqlite/migrate.js';
import { engines } from '../support/engines.js';
import { type Loaded, loadProject, settings, TestDatabase } from './support.js';

const GOLDEN = fileURLToPath(new URL('../../fixtures/golden/', import.meta.url));
const PROJECT = `${GOLDEN}project`;

/** What a careful host answers instead (golden/not-to-copy.md): a function as a rule is an error. */
const REFUSED = ['redefine.collection.access_function'];
/** Asked of the running host, not of definitions alone. */
const ELSEWHERE = /^redefine\.(?:new|arguments|job\.|collection\.(?:takes_effect|new_column))/;

function recorded(): Map<string, string> {
  const lines = readFileSync(`${GOLDEN}recorded/answers.txt`, 'utf8').split('\n');
  const answers = lines.filter((line) => line.startsWith('PROBE\t')).map((line) => line.split('\t'));
  return new Map(answers.map(([, name, , answer]) => [name!, answer!]));
}

describe.each(engines)('$name', (engine) => {
  const open: { dispose(): void }[] = [];
  afterEach(() => {
    for (const thing of open.splice(0)) thing.dispose();
  });

  async function load(): Promise<Loaded> {
    const loaded = await loadProject(engine, PROJECT);
    open.push(loaded);
    return loaded;
  }

  it('makes every recorded table, column, key and index', async () => {
    const { registry } = await load();
    const db = new TestDatabase();
    open.push(db);
    db.sync(registry, settings(['en', 'de']));
    const made = new Set(layoutLines(db));
    const wanted = recordedLayout();
    expect(wanted.length).toBeGreaterThan(400);
    expect(wanted.filter((line) => !made.has(line))).toEqual([]);
  });

  it('makes the columns in the recorded order', async () => {
    const { registry } = await load();
    const db = new TestDatabase();
    open.push(db);
    db.sync(registry, settings(['en', 'de']));
    const order = (lines: string[]) =>
      lines.filter((line) => /^column\t(?!_crap_)/.test(line)).map((line) => line.split('\t').slice(1, 3).join('.'));
    const wanted = order(readFileSync(`${GOLDEN}recorded/layout.tsv`, 'utf8').split('\n'));
    const names = new Set(wanted);
    const byTable = (list: string[]) =>
      list.toSorted((a, b) => (a.split('.')[0]! < b.split('.')[0]! ? -1 : a.split('.')[0] === b.split('.')[0] ? 0 : 1));
    expect(byTable(order(layoutLines(db)).filter((name) => names.has(name)))).toEqual(byTable(wanted));
  });

  it('answers the probes of definitions as recorded', async () => {
    const { vm } = await load();
    const answers = recorded();
    await runAsync(
      vm.execute('package.loaded["probes.ctl"] = setmetatable({}, { __index = function() return function() end end })', '=stub'),
    );
    const asked = await runAsync(
      vm.execute(
        `local out = {}
         for _, area in ipairs({ "services", "redefine" }) do
           for _, probe in ipairs(require("probes." .. area)) do
             if probe.name:find("^services%.schema") or probe.name:find("^services%.definition") or probe.name:find("^redefine%.collection") then
               out[#out + 1] = { probe.name, probe.fn() }
             end
           end
         end
         return out`,
        '=ask',
      ),
    );
    const differing: string[][] = [];
    let compared = 0;
    for (const entry of (asked[0] as LuaTable).entries.values()) {
      const name = (entry as LuaTable).get(1) as string;
      if (ELSEWHERE.test(name) || REFUSED.includes(name)) continue;
      const answer = masked((entry as LuaTable).get(2) as string);
      compared++;
      if (answer !== answers.get(name)) differing.push([name, answer, answers.get(name)!]);
    }
    expect(differing).toEqual([]);
    expect(compared).toBeGreaterThan(90);
  });
});

it('makes the recorded tables of the host, with nothing of them changed but what is added', () => {
  const db = new TestDatabase();
  try {
    db.write(migrate);
    const made = new Set(layoutLines(db));
    const lines = readFileSync(`${GOLDEN}recorded/layout.tsv`, 'utf8').split('\n');
    const wanted = lines.filter((line) => /^\w+\t_crap_/.test(line));
    expect(wanted.length).toBeGreaterThan(40);
    expect(wanted.filter((line) => !made.has(line))).toEqual([]);
  } finally {
    db.dispose();
  }
});

it('makes the recorded tables of the folder as checkProject loads it', async () => {
  const project = await checkProject(PROJECT, {});
  expect(project.problems.filter(({ severity, code }) => severity === 'error' && code.startsWith('DEFINITION'))).toEqual([]);
  const { locales, default_locale } = project.config.locale;
  expect([default_locale, locales]).toEqual(['en', ['en', 'de']]);
  const db = new TestDatabase();
  try {
    expect(db.sync(project.registry, settings(locales)).warnings).toEqual([]);
    const made = new Set(layoutLines(db));
    expect(recordedLayout().filter((line) => !made.has(line))).toEqual([]);
  } finally {
    db.dispose();
  }
});

/** The recorded lines of the tables that definitions make. */
function recordedLayout(): string[] {
  const lines = readFileSync(`${GOLDEN}recorded/layout.tsv`, 'utf8').split('\n');
  return lines.filter((line) => line !== '' && !line.startsWith('#') && !/^\w+\t_crap_/.test(line));
}

/** The recorder's form: what is not ASCII as \u{…}. */
function masked(text: string): string {
  return text.replace(/[^\x20-\x7e]/gu, (char) => `\\u{${char.codePointAt(0)!.toString(16).toUpperCase()}}`);
}

/** The database in the form of recorded/layout.tsv. */
function layoutLines(db: TestDatabase): string[] {
  const lines: string[] = [];
  for (const { name: table } of db.all("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name") as { name: string }[]) {
    for (const column of db.all('SELECT * FROM pragma_table_info(?) ORDER BY cid', table)) {
      lines.push(['column', table, column['name'], column['type'], column['notnull'], column['dflt_value'] ?? '', column['pk']].join('\t'));
    }
    for (const key of db.all('SELECT * FROM pragma_foreign_key_list(?)', table)) {
      lines.push(['foreign', table, key['from'], key['table'], key['to'], key['on_delete']].join('\t'));
    }
    for (const index of db.all('SELECT * FROM pragma_index_list(?)', table)) {
      const name = String(index['name']);
      const columns = db.all('SELECT name FROM pragma_index_info(?) ORDER BY seqno', name).map((row) => row['name']);
      const sql = String(db.all('SELECT sql FROM sqlite_master WHERE name = ?', name)[0]?.['sql'] ?? '');
      const where = / WHERE (.*)$/.exec(sql)?.[1] ?? '';
      lines.push(['index', table, index['unique'] === 1 ? 'unique' : '', columns.join(', '), where, name].join('\t'));
    }
  }
  return lines;
}
