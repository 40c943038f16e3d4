/** The `password` key of auth collections: never data, never seen by hooks. */
import type { JsonObject } from '../domain/json.js';
import type { ContentContext } from './context.js';
import type { Plan } from './plan.js';

/** Takes the password out of the data of an auth collection. Hashing comes with crap.auth; until then it is not stored, with a warning. */
export function withoutPassword(ctx: ContentContext, plan: Plan, data: JsonObject): JsonObject {
  if (!plan.isAuth || !('password' in data)) return data;
  const { password, ...rest } = data;
  if (password !== null && password !== '')
    ctx.lua.warn(`the password given for a document of '${plan.slug}' was not stored: passwords are not available yet`);
  return rest;
}
