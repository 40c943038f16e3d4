/** The read rules of the collections that a population reaches, each asked once a call. */
import type { Op } from '../domain/op.js';
import { BindingError, LuaError } from '../lua/errors.js';
import { allowRows } from './access.js';
import type { ContentContext } from './context.js';
import { type Sql, whereSql } from './filter.js';
import type { Plan } from './plan.js';

const NOBODY: Sql[] = [{ text: '0', params: [] }];

export class ReadRules {
  readonly #ctx: ContentContext;
  readonly #override: boolean;
  readonly #known = new Map<Plan, Sql[]>();

  constructor(ctx: ContentContext, override: boolean) {
    this.#ctx = ctx;
    this.#override = override;
  }

  /** What a row must meet to be shown. A rule that refuses, or raises, shows nothing. */
  *of(plan: Plan): Op<Sql[]> {
    if (this.#override) return [];
    const known = this.#known.get(plan);
    if (known) return known;
    let parts: Sql[] = NOBODY;
    try {
      const constraint = yield* allowRows(this.#ctx, plan.access.read, 'Read', undefined);
      parts = constraint ? whereSql({ plan, dialect: this.#ctx.db.dialect, locale: undefined, raw: true }, constraint) : [];
    } catch (error) {
      if (!(error instanceof BindingError || error instanceof LuaError)) throw error;
      if (error.code !== 'ACCESS_DENIED') this.#ctx.lua.warn(`documents of '${plan.slug}' are left out of a read: ${error.message}`);
    }
    this.#known.set(plan, parts);
    return parts;
  }
}
