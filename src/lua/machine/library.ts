/** Prepares a fresh state: the host's primitives, the files of lua-stdlib over them, and the sandbox they leave behind. */
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { conversionError } from '../errors.js';
import { luaClock, luaDate, luaTime } from '../os-time.js';
import { ProjectFiles } from '../project-files.js';
import { LuaTable, type LuaValue } from '../value.js';
import type { VmOptions } from '../vm.js';
import { loadChunk } from './chunk.js';
import type { State } from './core.js';
import * as c from './core.js';
import type { Execution } from './execution.js';
import { readMessage } from './stack.js';

/** In the order of execution; sandbox.lua removes what the others still needed, frozen.lua puts the libraries away. */
const FILES = [
  'errors.lua',
  'null.lua',
  'relay.lua',
  'coroutine.lua',
  'table.lua',
  'string.lua',
  'os.lua',
  'io-files.lua',
  'io.lua',
  'require.lua',
  'shadowed.lua',
  'sandbox.lua',
  'frozen.lua',
];
const NAMES = 'assert, error, getmetatable, ipairs, next, pairs, pcall, rawequal, select, setmetatable, tonumber, tostring, type, xpcall';
const CAPTURED = Buffer.from(`local ${NAMES}, string, table, math = ${NAMES}, string, table, math `);
const folder = new URL('../../../lua-stdlib/', import.meta.url);
const sources = new Map<string, Buffer>();

function sourceOf(file: string): Buffer {
  let source = sources.get(file);
  if (!source) {
    source = readFileSync(new URL(file, folder));
    sources.set(file, source);
  }
  return source;
}

export function installLibrary(execution: Execution, options: VmOptions): void {
  const { core, stack, errors } = execution;
  const { main } = core;
  const files = new ProjectFiles(options.projectDir, options.files);
  const primitives: Record<string, (L: State) => number> = {
    // A host yield is on its way outward; a script must not see it.
    yielding: (L) => {
      core.lua_pushboolean(L, execution.yielding ? 1 : 0);
      return 1;
    },
    pass: (L) => execution.pass(L),
    is_root: (L) => {
      core.lua_pushboolean(L, execution.isRoot(core.identity(L, 1)) ? 1 : 0);
      return 1;
    },
    error_metatable: (L) => {
      errors.pushMetatable(L);
      return 1;
    },
    null_metatable: (L) => {
      core.pushNull(L);
      core.lua_createtable(L, 0, 4);
      core.lua_pushvalue(L, -1);
      core.lua_rotate(L, -3, 1);
      core.lua_setmetatable(L, -2);
      core.lua_settop(L, -2);
      return 1;
    },
    error_text: (L) => {
      const error = errors.find(L, 1);
      stack.push(L, error?.text);
      return 1;
    },
    error_field: (L) => {
      const error = errors.find(L, 1);
      stack.push(L, error && errors.field(error, String(core.readText(L, 2))));
      return 1;
    },
    keep: (L) => {
      execution.held.named.set(readMessage(core, L, 1), execution.held.hold(L, 2));
      return 0;
    },
    load: (L) => {
      const status = loadChunk(core, L, core.readText(L, 1), readMessage(core, L, 2));
      if (status === c.OK) return 1;
      core.lua_pushnil(L);
      core.lua_rotate(L, -2, 1);
      return 2;
    },
  };
  const plain: Record<string, (...args: LuaValue[]) => LuaValue[]> = {
    project: () => [files.root],
    find_module: (name) => files.findModule(text(name)),
    search_path: (name, path, separator, replacement) =>
      files.searchPath(text(name), text(path), text(separator ?? '.'), text(replacement ?? '/')),
    read_file: (path) => files.read(text(path)),
    write_file: (path, content, how, mustExist) =>
      files.write(text(path), bytesOf(content), how === 'append' ? 'append' : 'replace', mustExist === true),
    print: (line) => {
      options.print(typeof line === 'string' ? line : Buffer.from(line as Uint8Array).toString());
      return [];
    },
    time: (fields) => luaTime(fields instanceof LuaTable ? fields : undefined),
    date: (format, time) => [luaDate(format === undefined ? undefined : text(format), time)],
    clock: () => [luaClock()],
    seed: () => [randomInt(2 ** 31 - 1)],
  };
  for (const [name, fn] of Object.entries(plain)) {
    primitives[name] = (L) => {
      const args: LuaValue[] = [];
      const given = core.lua_gettop(L);
      for (let i = 1; i <= given; i++) args.push(stack.read(L, i));
      const results = fn(...args);
      core.lua_settop(L, 0);
      for (const result of results) stack.push(L, result);
      return results.length;
    };
  }

  core.lua_createtable(main, 0, 16);
  const host = core.lua_gettop(main);
  for (const [name, fn] of Object.entries(primitives)) {
    core.pushText(main, name);
    execution.pushFunction(main, fn);
    core.lua_rawset(main, host);
  }
  for (const file of FILES) {
    // On the first line, so that positions stay: functions that the files call later are not those that a script has put in their place.
    if (loadChunk(core, main, Buffer.concat([CAPTURED, sourceOf(file)]), `@lua-stdlib/${file}`) !== c.OK)
      throw new Error(readMessage(core, main, -1));
    core.lua_pushvalue(main, host);
    if (core.protectedCall(main, 1, 0) !== c.OK) throw new Error(readMessage(core, main, -1));
  }
  core.lua_settop(main, 0);
}

function bytesOf(value: LuaValue): Uint8Array {
  return value instanceof Uint8Array ? value : Buffer.from(text(value));
}

function text(value: LuaValue): string {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
  throw conversionError('string expected');
}
