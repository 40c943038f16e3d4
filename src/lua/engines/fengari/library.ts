/** Corrections of the package's library, before lua-stdlib is laid over it. */
import type { L } from 'fengari';
import { formatFunction } from './format.js';
import { fengariPackage } from './package.js';

const name = (text: string) => Uint8Array.from(Buffer.from(text));

export function correctLibrary(main: L): void {
  const { lua } = fengariPackage();
  lua.lua_getglobal(main, name('string'));
  lua.lua_pushcclosure(main, formatFunction(), 0);
  lua.lua_setfield(main, -2, name('format'));
  lua.lua_settop(main, 0);
}
