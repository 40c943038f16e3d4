/** Join fields (Lua API 4.5): the live documents of another collection whose field points here, as the user may read them. */
import type { Op } from '../domain/op.js';
import { BindingError, LuaError } from '../lua/errors.js';
import type { Row } from '../store/db.js';
import { allowRows } from './access.js';
import type { ContentContext, Document } from './context.js';
import { type Sql, whereSql } from './filter.js';
import { populatedShowsHidden } from './generation.js';
import { orderOf, orderSql } from './order.js';
import { collectionPlan, columnOf, type Plan, type PlannedLeaf, sqlName } from './plan.js';
import { documentOf, type ReadShape, selectSql } from './read.js';
import { whereClause } from './read-access.js';
import { hydrate } from './side-read.js';

export interface Joined {
  /** undefined when the join names nothing that exists. */
  plan: Plan | undefined;
  /** By the id that they point at, newest first. */
  documents: Map<string, Document[]>;
}

const PER_STATEMENT = 500;
/** More than a call may populate, so that it is refused, and fewer than the parameters of a statement. */
const MAX_JOINED = 20_001;
const NOBODY: Sql[] = [{ text: '0', params: [] }];

/** The joins of one read: each collection's rule is asked once. */
export class Joins {
  readonly #ctx: ContentContext;
  readonly #shape: ReadShape;
  readonly #override: boolean;
  readonly #rules = new Map<Plan, Sql[]>();

  constructor(ctx: ContentContext, locale: string | undefined, override: boolean) {
    this.#ctx = ctx;
    this.#shape = { locale, showHidden: populatedShowsHidden(ctx.settings.generation) };
    this.#override = override;
  }

  /** `target`: the plan of the documents `ids` that are pointed at. */
  *find(target: Plan, join: { collection: string; on: string }, ids: readonly string[]): Op<Joined> {
    const plan = this.#ctx.registry.collections.has(join.collection) ? collectionPlan(this.#ctx, join.collection) : undefined;
    const leaf = plan?.byKey.get(join.on.replaceAll('.', '__'));
    const documents = new Map<string, Document[]>();
    if (!plan || !leaf?.field.relationship) return { plan, documents };
    const allowed = yield* this.#allowed(plan);
    for (let from = 0; from < ids.length; from += PER_STATEMENT) {
      const some = ids.slice(from, from + PER_STATEMENT);
      const found =
        leaf.storage === 'side'
          ? yield* this.#bySide(target, plan, leaf, some, allowed)
          : yield* this.#byColumn(target, plan, leaf, some, allowed);
      yield* hydrate(this.#ctx, plan, [...new Map(found.map(({ document }) => [document.id, document])).values()], this.#shape);
      for (const { at, document } of found) documents.set(at, [...(documents.get(at) ?? []), document]);
    }
    return { plan, documents };
  }

  *#byColumn(
    target: Plan,
    plan: Plan,
    leaf: PlannedLeaf,
    ids: readonly string[],
    allowed: Sql[],
  ): Op<{ at: string; document: Document }[]> {
    const prefix = leaf.field.relationship?.polymorphic ? `${target.slug}/` : '';
    const column = sqlName(columnOf(plan, leaf, this.#locale()));
    const on = { text: `${column} IN (${ids.map(() => '?').join(', ')})`, params: ids.map((id) => prefix + id) };
    const rows = yield* this.#rows(plan, [on, ...allowed], `${column} AS ${this.#ctx.db.dialect.ident('@on')}`);
    return rows.map((row) => ({ at: String(row['@on']).slice(prefix.length), document: this.#document(plan, row) }));
  }

  *#bySide(target: Plan, plan: Plan, leaf: PlannedLeaf, ids: readonly string[], allowed: Sql[]): Op<{ at: string; document: Document }[]> {
    const found: { at: string; document: Document }[] = [];
    const known = new Map<string, Document>();
    const conditions = ['related_id = ?'];
    if (leaf.field.relationship?.polymorphic) conditions.push('related_collection = ?');
    if (leaf.localized && plan.locales) conditions.push('_locale = ?');
    const table = this.#ctx.db.dialect.ident(`${plan.table}_${leaf.key}`);
    for (const id of ids) {
      const params = [id];
      if (leaf.field.relationship?.polymorphic) params.push(target.slug);
      if (leaf.localized && plan.locales) params.push(this.#locale() ?? plan.defaultLocale);
      const on = { text: `id IN (SELECT parent_id FROM ${table} WHERE ${conditions.join(' AND ')})`, params };
      for (const row of yield* this.#rows(plan, [on, ...allowed], '')) {
        const document = known.get(String(row['id'])) ?? this.#document(plan, row);
        known.set(document.id, document);
        found.push({ at: id, document });
      }
    }
    return found;
  }

  #locale(): string | undefined {
    return this.#shape.locale === 'all' ? undefined : this.#shape.locale;
  }

  #document(plan: Plan, row: Row): Document {
    return documentOf(plan, this.#ctx.settings, row, this.#shape);
  }

  #rows(plan: Plan, parts: Sql[], extra: string): Op<Row[]> {
    const { db, settings } = this.#ctx;
    const live = plan.softDelete ? [{ text: '_deleted_at IS NULL', params: [] }] : [];
    const where = whereClause(this.#ctx, [...parts, ...live]);
    const order = orderSql(orderOf(plan, undefined, this.#locale(), false), false);
    return db.all(`${selectSql(plan, db.dialect, settings, this.#shape.locale, extra)} ${where.text} ORDER BY ${order} LIMIT ?`, [
      ...where.params,
      MAX_JOINED,
    ]);
  }

  /** A rule that refuses, or raises, shows nothing. */
  *#allowed(plan: Plan): Op<Sql[]> {
    if (this.#override) return [];
    const known = this.#rules.get(plan);
    if (known) return known;
    let parts: Sql[] = NOBODY;
    try {
      const constraint = yield* allowRows(this.#ctx, plan.access.read, 'Read', undefined);
      parts = constraint ? whereSql({ plan, dialect: this.#ctx.db.dialect, locale: undefined, raw: true }, constraint) : [];
    } catch (error) {
      if (!(error instanceof BindingError || error instanceof LuaError)) throw error;
      if (error.code !== 'ACCESS_DENIED') this.#ctx.lua.warn(`joined documents of '${plan.slug}' are left out: ${error.message}`);
    }
    this.#rules.set(plan, parts);
    return parts;
  }
}
