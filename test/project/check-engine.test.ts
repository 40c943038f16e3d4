import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { engineFor } from '../../src/lua/engines.js';
import { findLacks } from '../../src/lua/lacks.js';
import { checkProject } from '../../src/project/check-project.js';
import { openDatabase } from '../../src/store/sqlite/database.js';
import { createLocalExecutor } from '../../src/worker/local.js';

const narrow = engineFor('fengari').capabilities;
const dirs: string[] = [];
afterEach(() => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
});

function project(files: Record<string, string>): string {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'ml-e-')));
  dirs.push(dir);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
  }
  return dir;
}

describe('what an engine lacks is found in', () => {
  it.each([
    ['os.time() * 1000', ['integers64 1 os.time() * 1000']],
    ['local ms = 1000 * os.time()', ['integers64 1 1000 * os.time(']],
    ['local now = os.time()\nlocal ms = now * 1000', ['integers64 2 now * 1000']],
    ['local now = os.time({ year = 2024 })\nreturn 1000 * now', ['integers64 2 1000 * now']],
    ['local x = 0x1FFFFFFFF', ['integers64 1 0x1FFFFFFFF']],
    ['local x = 1 << 40', ['integers64 1 << 40']],
    ['local x <const> = 1', ['lua54 1 local x <const>']],
    ['local f <close> = open()', ['lua54 1 local f <close>']],
    ['\ncoroutine.close(co)', ['lua54 2 coroutine.close']],
    ['{ handler = "a.b", max_memory = "64MB" }', ['memoryCap 1 max_memory =']],
    ['os.time() * 1000.0', []],
    ['local now = os.time()\nreturn now - 60, now / 1000, now * 1000.0, x.now * 5', []],
    ['-- os.time() * 1000\nlocal s = "local x <const>" --[[ warn("x")\n coroutine.close ]]', []],
    ['crap.log.warn("x"); warn("x"); a < const, b > 1', []],
  ])('%s', (source, expected) => {
    expect(findLacks(source, narrow).map(({ capability, line, text }) => `${capability} ${line} ${text}`)).toEqual(expected);
    expect(findLacks(source, engineFor('lua54').capabilities)).toEqual([]);
  });
});

const files = {
  'crap.toml': '[auth]\nsecret = "0123456789abcdef0123456789abcdef"\n',
  'jobs/beat.lua': 'crap.jobs.define("beat", { handler = "hooks.beat" })\n',
  'hooks/beat.lua': 'return function()\n  local ms = os.time() * 1000\n  return { version = _VERSION, ms = ms ~= nil }\nend\n',
};

it.each(['lua54', 'fengari'] as const)('[lua] engine = "%s" is what a project is checked and executed with', async (engine) => {
  const dir = project({ ...files, 'moonlighter.toml': `[lua]\nengine = "${engine}"\n` });
  const checked = await checkProject(dir, {});
  const warnings = checked.problems.filter(({ code }) => code.startsWith('ENGINE_'));
  expect(warnings).toEqual(
    engine === 'lua54'
      ? []
      : [
          {
            severity: 'warning',
            code: 'ENGINE_INTEGERS',
            message: 'integers of the engine "fengari" have 32 bits: os.time() * 1000 wraps',
            file: 'hooks/beat.lua',
            line: 2,
            remedy: 'calculate with floats: os.time() * 1000.0, or use engine = "lua54"',
          },
        ],
  );
  expect(checked.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  const database = openDatabase({ path: join(dir, 'data.db'), create: true });
  const executor = await createLocalExecutor(checked, database.path);
  const report = await executor.runHandler('beat', '{}');
  executor.close();
  database.close();
  expect(JSON.stringify(report)).toContain(engine === 'lua54' ? 'Lua 5.4' : 'Lua 5.3');
});
