/** Typed construction of bindings: the TypeScript types of a binding's arguments follow from its Lua parameter types. */
import { type Float, numberOf } from '../domain/json.js';
import type { Op } from '../domain/op.js';
import type { LuaFunction, LuaTable, LuaValue } from '../lua/value.js';
import { type Binding, Multi, type ParamType } from '../lua/vm.js';

/** A Lua number as it arrives: integers as number or bigint, floats as number or Float. */
export type LuaNumber = number | bigint | Float;

interface ArgumentTypes {
  string: string;
  'string?': string | undefined;
  bytes: Uint8Array;
  integer: number | bigint;
  'integer?': number | bigint | undefined;
  number: LuaNumber;
  'number?': LuaNumber | undefined;
  boolean: boolean;
  'boolean?': boolean | undefined;
  table: LuaTable;
  'table?': LuaTable | undefined;
  function: LuaFunction;
  'function?': LuaFunction | undefined;
  any: LuaValue;
}

type Arguments<P extends readonly ParamType[]> = { -readonly [K in keyof P]: ArgumentTypes[P[K]] };

/** A binding whose `run` gets the arguments that `params` promises. */
export function binding<const P extends readonly ParamType[]>(
  params: P,
  run: (...args: Arguments<P>) => LuaValue | Multi | Op<LuaValue | Multi>,
  options: { holdsFunctions?: boolean } = {},
): Binding {
  return { params, run: run as unknown as Binding['run'], ...options };
}

/** No result at all; `undefined` is one nil. */
export const NOTHING = new Multi();

/** A Lua number as a JavaScript number. */
export function plainNumber(value: LuaNumber): number {
  return numberOf(value) as number;
}
