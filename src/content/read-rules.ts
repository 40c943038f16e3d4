/** The read rules of the collections that a population reaches, and of their fields, each asked once a call. */
import type { Op } from '../domain/op.js';
import { BindingError, LuaError } from '../lua/errors.js';
import { allowRows } from './access.js';
import type { ContentContext, Document } from './context.js';
import { deniedFields, strip } from './field-access.js';
import { type Sql, whereSql } from './filter.js';
import { asksEveryRule } from './generation.js';
import type { Plan } from './plan.js';

const NOTHING: ReadonlySet<string> = new Set();
const NOBODY: Sql[] = [{ text: '0', params: [] }];

export class ReadRules {
  readonly #ctx: ContentContext;
  readonly #override: boolean;
  readonly #known = new Map<Plan, Sql[]>();
  readonly #denied = new Map<Plan, ReadonlySet<string>>();

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
  /** Keys of the fields of populated documents that are not shown: none under generation 8, which asks no rules of them. */
  *denied(plan: Plan): Op<ReadonlySet<string>> {
    if (this.#override || !asksEveryRule(this.#ctx.settings.generation)) return NOTHING;
    const known = this.#denied.get(plan);
    if (known) return known;
    const denied = yield* deniedFields(this.#ctx, plan, 'read');
    this.#denied.set(plan, denied);
    return denied;
  }

  /** Takes out of populated documents what may not be read of them. */
  *strip(plan: Plan, documents: Iterable<Document>): Op<void> {
    const denied = yield* this.denied(plan);
    for (const document of documents) strip(plan, denied, document);
  }
}
