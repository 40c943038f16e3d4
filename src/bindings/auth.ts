/** crap.auth (Lua API 2.14): the current user. Password hashing comes with auth collections. */
import type { LuaValue } from '../lua/value.js';
import type { Binding } from '../lua/vm.js';
import { binding } from './binding.js';
import { notAvailable } from './not-available.js';
import type { Session } from './session.js';

export function authBindings(session: Session): Record<string, Binding> {
  return {
    user: binding([], () => session.database?.user as LuaValue),
    hash_password: notAvailable('crap.auth.hash_password', ['string']),
    verify_password: notAvailable('crap.auth.verify_password', ['string', 'string']),
  };
}
