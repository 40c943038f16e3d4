/** A line of fixtures/golden/not-to-copy.md as a test: a chunk of Lua over a small project on both engines, and what a careful user expects of it. */
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import type { DatabaseContext } from '../../../src/bindings/session.js';
import type { Engine } from '../../../src/lua/vm.js';
import { type Bench, Benches, type BenchOptions } from '../../bindings/support.js';
import { engines } from '../../support/engines.js';

export interface Line {
  /** Text of the first cell without backticks; "run: " and the second cell where nothing but a run shows it. */
  name: string;
  expected: string;
}

/** The lines of the tables, in order. */
export function linesToCopyNot(): Line[] {
  const text = readFileSync(new URL('../../../fixtures/golden/not-to-copy.md', import.meta.url), 'utf8');
  return text
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^\|(?:---| Probe )/.test(line))
    .map((line) => {
      const cells = line
        .slice(1, -1)
        .split(' | ')
        .map((cell) => cell.trim().replaceAll('`', ''));
      return { name: cells[0] === 'run' ? `run: ${cells[1]}` : cells[0]!, expected: cells.at(-1)! };
    });
}

const known = new Map(linesToCopyNot().map((line) => [line.name, line]));

export interface Given extends BenchOptions {
  /** Lua that defines what the chunk needs, beside the model. */
  define?: string;
  context?: Partial<DatabaseContext>;
}

/** What every chunk finds: collections by what they are good for, locales en and de, no rule where none is given. */
const MODEL = `
  local F, C = crap.fields, crap.collections
  local colours = { { label = "Red", value = "red" }, { label = "Green", value = "green" } }
  C.define("targets", { fields = { F.text({ name = "name" }) } })
  C.define("things", { fields = {
    F.text({ name = "txt" }), F.text({ name = "words", has_many = true, min_length = 2 }), F.number({ name = "num" }),
    F.number({ name = "nums", has_many = true, min = 1, max = 9 }), F.checkbox({ name = "chk" }),
    F.checkbox({ name = "chk_def", default_value = true }), F.select({ name = "sel", options = colours }),
    F.select({ name = "sels", has_many = true, options = colours }), F.date({ name = "day" }),
    F.date({ name = "hour", picker_appearance = "timeOnly" }), F.date({ name = "month", picker_appearance = "monthOnly" }),
    F.date({ name = "zoned", timezone = true, picker_appearance = "dayAndTime" }), F.email({ name = "mail" }), F.text({ name = "code", max_length = 5 }),
    F.relationship({ name = "one", relationship = { collection = "targets" } }),
    F.relationship({ name = "many", relationship = { collection = "targets", has_many = true } }),
    F.group({ name = "grp", fields = { F.text({ name = "leaf" }), F.number({ name = "size" }), F.checkbox({ name = "flag" }) } }),
    F.tabs({ name = "t", tabs = { { label = "T", fields = { F.group({ name = "tab_grp", fields = { F.text({ name = "leaf" }) } }) } } } }),
    F.array({ name = "rows", fields = { F.text({ name = "label" }), F.relationship({ name = "target", relationship = { collection = "targets" } }) } }),
  } })
  C.define("posts", { versions = true, fields = {
    F.text({ name = "title", required = true }), F.text({ name = "body" }), F.array({ name = "lines", fields = { F.text({ name = "label" }) } }),
    F.relationship({ name = "links", relationship = { collection = "targets", has_many = true } }),
  } })
  C.define("ledger", { versions = { drafts = false }, fields = { F.text({ name = "title" }) } })
  C.define("bin", { soft_delete = true, fields = { F.text({ name = "title" }), F.number({ name = "n" }) } })
  C.define("texts", { fields = {
    F.text({ name = "title", required = true, localized = true }), F.text({ name = "body", localized = true }),
    F.checkbox({ name = "flag", localized = true }), F.text({ name = "path", unique = true, localized = true }),
  } })`;

/** Before every chunk: results of calls that may fail as texts, without traceback and without "runtime error: ". */
const PRELUDE = `local C, G, show = crap.collections, crap.globals, crap.json.encode
  local function try(fn, ...)
    local ok, e = pcall(fn, ...)
    if ok then return e end
    return "err: " .. tostring(e):gsub("\\nstack traceback:.*$", ""):gsub("runtime error: ", "")
  end
  local function names(list, key)
    local out = {}
    for i, doc in ipairs(list) do out[i] = tostring(doc[key]) end
    return table.concat(out, " ")
  end `;

/** The chunk returns what is expected, value by value. */
export function line(name: string, chunk: string, expected: unknown[], given: Given = {}): void {
  lineBy(name, given, async (bench) => expect(await bench.run(PRELUDE + chunk)).toEqual(expected));
}

/** The same with a body of its own; `run` executes a chunk after the prelude. */
export function lineBy(
  name: string,
  given: Given,
  body: (bench: Bench, run: (chunk: string) => Promise<unknown[]>) => Promise<void>,
): void {
  lineOn(name, async (engine, benches) => {
    const { define = '', context, ...options } = given;
    const config = { locale: { default_locale: 'en', locales: ['en', 'de'], fallback: true }, ...options.config };
    const bench = await benches.open(engine, { ...options, config });
    await bench.run(`${MODEL} ${define}`);
    await bench.enter(context);
    await body(bench, (chunk) => bench.run(PRELUDE + chunk));
  });
}

/** For what needs more than a session. */
export function lineOn(name: string, body: (engine: Engine, benches: Benches) => Promise<void>): void {
  const found = known.get(name);
  if (!found) throw new Error(`not-to-copy.md has no line '${name}'`);
  describe(`${name}: ${found.expected}`, () => {
    const benches = new Benches();
    afterEach(() => benches.dispose());
    it.each(engines)('$name', (engine) => body(engine, benches));
  });
}
