/** The bindings' own Lua files (lua-stdlib/crap): read once a process, executed in every VM before project code. */
import { readFileSync } from 'node:fs';
import { runSync } from '../domain/op.js';
import type { Vm } from '../lua/vm.js';
import type { StdlibHost } from './lua-caller.js';

/** Global under which the files find their host bindings while they execute. */
const HOST = '__crap_host';
/** On the first line, so that positions stay: functions that the files call later are not those that a script has put in their place. */
const NAMES = 'error, ipairs, next, pairs, pcall, rawequal, rawget, select, setmetatable, tostring, type, string, table, math';
const CAPTURED = `local ${NAMES} = ${NAMES} `;
const folder = new URL('../../lua-stdlib/crap/', import.meta.url);
const sources = new Map<string, string>();

function sourceOf(file: string): string {
  let source = sources.get(file);
  if (source === undefined) {
    source = readFileSync(new URL(file, folder), 'utf8');
    sources.set(file, source);
  }
  return source;
}

/** Chunk names other than `crap/<file>`: projects may know where the reference's helpers say that they fail (Lua API 2.8). */
const CHUNKS: Readonly<Record<string, string>> = { 'util.lua': 'src/hooks/api/utils.rs:66' };

/** Executes the files in this order; errors in them read `crap/calls.lua:8:`. */
export function loadStdlib(vm: Vm, host: StdlibHost, files: readonly string[]): void {
  vm.register(HOST, host.bindings);
  for (const file of files) runSync(vm.execute(CAPTURED + sourceOf(file), `@${CHUNKS[file] ?? `crap/${file}`}`));
  runSync(vm.execute(`${HOST} = nil`, '=crap'));
}
