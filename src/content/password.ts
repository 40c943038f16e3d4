/** The `password` key of auth collections: never data, never seen by hooks; stored as a hash in `_password_hash` (Lua API 4.8). */
import type { JsonObject } from '../domain/json.js';
import type { Op } from '../domain/op.js';
import type { ContentContext } from './context.js';
import type { Plan } from './plan.js';
import { isNumber, textOf } from './value-text.js';

/** The data of a write without the password. */
export function withoutPassword(plan: Plan, data: JsonObject): JsonObject {
  if (!plan.isAuth || !Object.hasOwn(data, 'password')) return data;
  const { password: _password, ...rest } = data;
  return rest;
}

/**
 * The hash of the password given: a text that is not empty, or a number. Undefined when none is to be set. It takes some 20 ms off the
 * thread, so it comes before the write begins and holds no lock.
 */
export function* hashGiven(ctx: ContentContext, plan: Plan, data: JsonObject): Op<string | undefined> {
  if (!plan.isAuth || !Object.hasOwn(data, 'password')) return undefined;
  const given = data['password'] ?? null;
  const text = typeof given === 'string' ? given : isNumber(given) ? textOf(given) : undefined;
  if (text === undefined || text === '') return undefined;
  return yield* ctx.hashPassword(text);
}

/** Sessions that began under another password end: their version is no longer the stored one. */
export function* storePassword(ctx: ContentContext, plan: Plan, id: string, hash: string | undefined): Op<void> {
  if (hash === undefined) return;
  const table = ctx.db.dialect.ident(plan.table);
  const sql = `UPDATE ${table} SET _password_hash = ?, _session_version = COALESCE(_session_version, 0) + 1 WHERE id = ?`;
  yield* ctx.db.run(sql, [hash, id]);
}
