/** Asking an access rule from a binding: the current user is all it is told, and its failure reads "access check error: …". */

import { bareConstraint } from '../content/access.js';
import { fromLua } from '../content/failure.js';
import { unsetOfUser } from '../content/user-fields.js';
import type { FunctionRef } from '../domain/job.js';
import type { Op } from '../domain/op.js';
import { BindingError, LuaError } from '../lua/errors.js';
import { luaTypeName } from '../lua/type-names.js';
import { LuaTable, type LuaValue } from '../lua/value.js';
import type { Session } from './session.js';

/** Ends with what the rule returned; throws what it raised. */
export function* askRule(session: Session, rule: FunctionRef, more: { [key: string]: LuaValue } = {}): Op<LuaValue> {
  const content = session.contentContext();
  const argument: { [key: string]: LuaValue } = { ...more };
  if (content.user !== undefined) argument['user'] = content.user as LuaValue;
  if (rule.options !== undefined) argument['options'] = rule.options as LuaValue;
  return yield* content.within({ overrideAccessByDefault: false }, () => watched(session, rule, argument));
}

/** A constraint made over a field of the user that has no value is a refusal (generation 10). */
function* watched(session: Session, rule: FunctionRef, argument: { [key: string]: LuaValue }): Op<LuaValue> {
  const unset = unsetOfUser(session.contentContext());
  const { callRule } = session.lua;
  if (!callRule || !unset) return yield* session.lua.callRef(rule.ref, [argument]);
  const { answer, readUnset } = yield* callRule(rule.ref, argument, unset);
  if (!readUnset || !(answer instanceof LuaTable)) return answer;
  session.log('warn', bareConstraint(rule.ref));
  return false;
}

/** The same, with what the rule raised as "access check error: …". */
export function* checkRule(session: Session, rule: FunctionRef, more?: { [key: string]: LuaValue }): Op<LuaValue> {
  try {
    return yield* askRule(session, rule, more);
  } catch (error) {
    const inner = fromLua(error);
    if (!(inner instanceof BindingError || inner instanceof LuaError)) throw error;
    throw checkFailed(inner);
  }
}

/** An error of a rule, or of what it returned, as a check of it tells it. */
export function checkFailed(error: BindingError | LuaError): BindingError {
  return new BindingError('ACCESS_CHECK_FAILED', `access check error: ${error.message}`, { cause: error, details: error.details });
}

/** Whether a verdict allows; true and, where tables are constraints, tables do. Strange ones are warned about. */
export function verdictAllows(session: Session, rule: FunctionRef, verdict: LuaValue): boolean {
  if (verdict === true || verdict instanceof LuaTable) return true;
  if (verdict !== false && verdict !== undefined && verdict !== null) {
    session.log('warn', `Access function '${rule.ref}' returned unexpected type '${luaTypeName(verdict)}', denying access`);
  }
  return false;
}
