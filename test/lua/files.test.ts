/** io over files: reading in the project folder, reading and writing in the folders of [hooks] io_roots, nothing else (Lua API 10.6). */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { defaultCrapConfig } from '../../src/config/crap-config.js';
import { runAsync } from '../../src/domain/op.js';
import type { Vm } from '../../src/lua/vm.js';
import { fileAccess } from '../../src/project/file-access.js';
import { engines } from '../support/engines.js';

describe.each(engines)('$name', (engine) => {
  let top: string;
  let dir: string;
  let vm: Vm | undefined;
  let written: string[];

  beforeEach(() => {
    top = realpathSync(mkdtempSync(join(tmpdir(), 'ml-io-')));
    dir = join(top, 'project');
    for (const folder of ['project/data', 'project/out', 'project/lib', 'elsewhere', 'shared/deep'])
      mkdirSync(join(top, folder), { recursive: true });
    for (const [name, text] of [
      ['project/crap.toml', 'secret'],
      ['project/data/crap.db', 'db'],
      ['project/lib/words.txt', 'one\ntwo\n3.5'],
      ['elsewhere/file.txt', 'outside'],
      ['shared/file.txt', 'shared'],
    ] as const) {
      writeFileSync(join(top, name), text);
    }
  });
  afterEach(() => {
    vm?.close();
    vm = undefined;
    rmSync(top, { recursive: true, force: true });
  });

  async function open(generation: 8 | 10 = 10, roots = ['out', '../shared', 'data']): Promise<(chunk: string) => Promise<unknown[]>> {
    await engine.load();
    const config = defaultCrapConfig(generation);
    config.hooks.io_roots = roots;
    written = [];
    const opened = engine.create({
      projectDir: dir,
      label: 'test',
      files: fileAccess(config, generation, dir, (path) => written.push(path)),
      print: () => {},
    });
    vm = opened;
    return (chunk) => runAsync(opened.execute(chunk, '=test'));
  }
  const content = (name: string) => readFileSync(join(top, name), 'utf8');

  it('reads in the project and in the roots, by relative and absolute path', async () => {
    const run = await open();
    expect(await run('return io.open("lib/words.txt"):read("a"), io.open("../shared/file.txt"):read("a")')).toEqual([
      'one\ntwo\n3.5',
      'shared',
    ]);
    expect(await run(`return io.open("${top}/shared/file.txt"):read("l")`)).toEqual(['shared']);
    expect(await run('local f = io.open("lib/words.txt") return f:read("l", "L", "n"), f:read("a"), f:read("l")')).toEqual([
      'one',
      '',
      undefined,
    ]);
    expect(await run('return io.open("../elsewhere/file.txt")')).toEqual([
      undefined,
      '../elsewhere/file.txt: Permission denied (outside of the project folder)',
      13,
    ]);
  });

  it('writes at once: what is not closed is there all the same', async () => {
    const run = await open();
    expect(
      await run(`
        f = io.open("out/a.txt", "w")
        local same = f:write("one ", 2, " ", 2.5, "\\n") == f
        return same, io.type(f), f:seek("cur"), select("#", f:flush())`),
    ).toEqual([true, 'file', 10, 1]);
    expect(content('project/out/a.txt')).toBe('one 2 2.5\n');
    await run('f:write("more") f:close() local g = io.open("out/a.txt", "a") g:write("!", "\\0\\xff") g:close()');
    expect(readFileSync(join(dir, 'out/a.txt')).toString('latin1')).toBe('one 2 2.5\nmore!\0\xff');
    await run('io.open("out/a.txt", "w"):close()');
    expect(content('project/out/a.txt')).toBe('');
    expect(written.length).toBeGreaterThan(3);
  });

  it('reads and writes with +', async () => {
    const run = await open();
    writeFileSync(join(dir, 'out/b.txt'), 'abcdef');
    expect(await run('local f = io.open("out/b.txt", "r+") f:seek("set", 2) f:write("XY") return f:read("a"), f:seek("end")')).toEqual([
      'ef',
      6,
    ]);
    expect(content('project/out/b.txt')).toBe('abXYef');
    expect(
      await run('local f = io.open("out/b.txt", "a+") local all = f:read("a") f:write("!") f:seek("set") return all, f:read("a")'),
    ).toEqual(['abXYef', 'abXYef!']);
    expect(await run('local f = io.open("out/c.txt", "w+") f:write("new") f:seek("set", 1) return f:read("a")')).toEqual(['ew']);
    expect(await run('return io.open("out/none.txt", "r+")')).toEqual([undefined, 'out/none.txt: No such file or directory', 2]);
    expect(existsSync(join(dir, 'out/none.txt'))).toBe(false);
  });

  it('says what a file that is only written or only read does not do', async () => {
    const run = await open();
    expect(await run('return io.open("out/d.txt", "w"):read("a")')).toEqual([undefined, 'Bad file descriptor', 9]);
    expect(await run('return io.open("lib/words.txt"):write("x")')).toEqual([
      undefined,
      'files of a project are read-only; keep data in a collection',
      13,
    ]);
    expect(await run('return pcall(function() io.open("out/d.txt", "w"):write({}) end)')).toEqual([
      false,
      expect.stringContaining("bad argument #1 to 'write' (string expected, got table)"),
    ]);
    expect(await run('return pcall(io.open, "out/d.txt", "x")')).toEqual([false, expect.stringContaining('invalid mode')]);
    expect(await run('return io.open("out/d.txt", "w"):seek("set", 5)')).toEqual([undefined, 'Invalid argument', 22]);
  });

  it('writes nowhere else, and never the configuration, the database or what is beside it', async () => {
    const run = await open();
    const readOnly = 'files are read-only to a project; keep data in a collection, or name the folder in [hooks] io_roots';
    const numbers: Record<string, number> = { 'Is a directory': 21, 'No such file or directory': 2 };
    for (const [path, why] of [
      ['lib/new.txt', readOnly],
      ['new.txt', readOnly],
      ['../elsewhere/file.txt', readOnly],
      ['out/../lib/new.txt', readOnly],
      ['crap.toml', readOnly],
      ['data/crap.db', 'Permission denied'],
      ['data/new.txt', 'Permission denied'],
      ['out/none/new.txt', 'No such file or directory'],
      ['out', readOnly],
      ['../shared/deep', 'Is a directory'],
    ] as const) {
      expect(await run(`return io.open("${path}", "w")`)).toEqual([undefined, `${path}: ${why}`, numbers[why] ?? 13]);
    }
    expect(content('project/data/crap.db')).toBe('db');
    expect(written).toEqual(['../shared/deep']);
  });

  it('follows links and judges by where they lead', async () => {
    const run = await open();
    symlinkSync(join(top, 'elsewhere/file.txt'), join(dir, 'out/link.txt'));
    symlinkSync(join(top, 'elsewhere'), join(dir, 'out/folder'));
    symlinkSync(join(top, 'elsewhere/missing.txt'), join(dir, 'out/dangling.txt'));
    for (const path of ['out/link.txt', 'out/folder/x.txt', 'out/dangling.txt']) {
      expect((await run(`return io.open("${path}", "w")`))[0]).toBe(undefined);
    }
    expect(content('elsewhere/file.txt')).toBe('outside');
    expect(existsSync(join(top, 'elsewhere/missing.txt'))).toBe(false);
    expect(existsSync(join(top, 'elsewhere/x.txt'))).toBe(false);
  });

  it('hides the configuration and the data from reading under generation 10, and what the system shows', async () => {
    const later = await open(10, ['/proc', 'out']);
    for (const path of ['crap.toml', 'data/crap.db', '/proc/version']) {
      expect(await later(`return io.open("${path}")`)).toEqual([undefined, `${path}: Permission denied`, 13]);
    }
    vm?.close();
    const earlier = await open(8);
    expect(await earlier('return io.open("crap.toml"):read("a"), io.open("data/crap.db", "w")')).toEqual([
      'secret',
      undefined,
      'data/crap.db: Permission denied',
      13,
    ]);
  });

  it('needs no path that Lua could express: modules are found under any name of the folder', async () => {
    await engine.load();
    const odd = join(top, 'a;b ?c');
    mkdirSync(join(odd, 'lib'), { recursive: true });
    writeFileSync(join(odd, 'lib', 'm.lua'), 'return { n = 7 }');
    vm = engine.create({ projectDir: odd, label: 'test', print: () => {} });
    expect(await runAsync(vm.execute('return require("lib.m").n, io.open("lib/m.lua"):read("l")', '=test'))).toEqual([
      7,
      'return { n = 7 }',
    ]);
  });

  it('has nothing to write without io_roots', async () => {
    const run = await open(10, []);
    expect((await run('return io.open("out/x.txt", "a")'))[0]).toBe(undefined);
    expect((await run('return io.open("../shared/file.txt")'))[0]).toBe(undefined);
  });
});
