/** crap.json, and its twins in crap.util (Lua API 2.8, 7). */
import { messageOf } from '../domain/errors.js';
import { BindingError } from '../lua/errors.js';
import { jsonTextToLua, luaToJsonText } from '../lua/json.js';
import type { Binding } from '../lua/vm.js';
import { binding } from './binding.js';

export const encodeJson = binding(['any'], (value) => luaToJsonText(value));

export const decodeJson = binding(['string'], (text) => {
  try {
    return jsonTextToLua(text);
  } catch (error) {
    if (error instanceof BindingError) throw error;
    throw new BindingError('JSON_DECODE', `JSON decode error: ${messageOf(error)}`, { cause: error });
  }
});

export function jsonBindings(): Record<string, Binding> {
  return { encode: encodeJson, decode: decodeJson };
}
