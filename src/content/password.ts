/** The `password` key of auth collections: never data, never seen by hooks; stored as a hash in `_password_hash` (Lua API 4.8). */
import type { JsonObject } from '../domain/json.js';
import type { Op } from '../domain/op.js';
import type { ContentContext } from './context.js';
import type { Plan } from './plan.js';
import { type Issue, validationError } from './validate/report.js';
import { isNumber, textOf } from './value-text.js';

/** The data of a write without the password. */
export function withoutPassword(plan: Plan, data: JsonObject): JsonObject {
  if (!plan.isAuth || !Object.hasOwn(data, 'password')) return data;
  const { password: _password, ...rest } = data;
  return rest;
}

/** The text of the password given: one that is not empty, or a number. Undefined when none is to be set. */
function textGiven(plan: Plan, data: JsonObject): string | undefined {
  if (!plan.isAuth || !Object.hasOwn(data, 'password')) return undefined;
  const given = data['password'] ?? null;
  const text = typeof given === 'string' ? given : isNumber(given) ? textOf(given) : undefined;
  return text === '' ? undefined : text;
}

/** Where the password given breaks [auth.password_policy], which Lua calls obey under generation 10. Lengths count characters. */
export function passwordIssues(ctx: ContentContext, plan: Plan, data: JsonObject): Issue[] {
  const policy = ctx.settings.passwordPolicy;
  const text = policy && textGiven(plan, data);
  if (!policy || text === undefined) return [];
  const length = [...text].length;
  const kinds: [wanted: boolean, pattern: RegExp, what: string][] = [
    [policy.requireUppercase, /\p{Lu}/u, 'an uppercase letter'],
    [policy.requireLowercase, /\p{Ll}/u, 'a lowercase letter'],
    [policy.requireDigit, /\p{Nd}/u, 'a digit'],
    [policy.requireSpecial, /[^\p{L}\p{N}\s]/u, 'a special character'],
  ];
  return [
    ...(length < policy.minLength ? [`password must be at least ${policy.minLength} characters`] : []),
    ...(length > policy.maxLength ? [`password must be at most ${policy.maxLength} characters`] : []),
    ...kinds.filter(([wanted, pattern]) => wanted && !pattern.test(text)).map(([, , what]) => `password must contain ${what}`),
  ].map((message) => ({ key: 'password', message }));
}

/**
 * The hash of the password given; undefined when none is to be set. It takes some 20 ms off the thread, so it comes before the write
 * begins and holds no lock. Throws a validation failure where the policy refuses it.
 */
export function* hashGiven(ctx: ContentContext, plan: Plan, data: JsonObject): Op<string | undefined> {
  const text = textGiven(plan, data);
  if (text === undefined) return undefined;
  const issues = passwordIssues(ctx, plan, data);
  if (issues.length > 0) throw validationError(issues);
  return yield* ctx.hashPassword(text);
}

/** Sessions that began under another password end: their version is no longer the stored one. */
export function* storePassword(ctx: ContentContext, plan: Plan, id: string, hash: string | undefined): Op<void> {
  if (hash === undefined) return;
  const table = ctx.db.dialect.ident(plan.table);
  const sql = `UPDATE ${table} SET _password_hash = ?, _session_version = COALESCE(_session_version, 0) + 1 WHERE id = ?`;
  yield* ctx.db.run(sql, [hash, id]);
}
