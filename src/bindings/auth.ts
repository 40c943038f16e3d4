/** crap.auth (Lua API 2.14): the current user, and passwords as Argon2id PHC strings that crap-cms reads and writes too. */
import type { LuaValue } from '../lua/value.js';
import type { Binding } from '../lua/vm.js';
import { binding } from './binding.js';
import { hashPassword, verifyPassword } from './password.js';
import type { Session } from './session.js';

export function authBindings(session: Session): Record<string, Binding> {
  return {
    user: binding([], () => session.database?.user as LuaValue),
    hash_password: binding(['string'], hashPassword),
    verify_password: binding(['string', 'string'], verifyPassword),
  };
}
