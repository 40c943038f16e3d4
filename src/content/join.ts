/** Join fields (Lua API 4.5): the live documents of another collection whose field points here, as the user may read them. */
import type { Op } from '../domain/op.js';
import type { Row } from '../store/db.js';
import type { ContentContext, Document } from './context.js';
import type { Sql } from './filter.js';
import { populatedShowsHidden } from './generation.js';
import { orderOf, orderSql } from './order.js';
import { collectionPlan, columnOf, type Plan, type PlannedLeaf, sqlName } from './plan.js';
import { documentOf, type ReadShape, selectSql } from './read.js';
import { whereClause } from './read-access.js';
import type { ReadRules } from './read-rules.js';
import { hydrate } from './side-read.js';

export interface Joined {
  /** undefined when the join names nothing that exists. */
  plan: Plan | undefined;
  /** By the id that they point at, newest first. */
  documents: Map<string, Document[]>;
}

const PER_STATEMENT = 500;
/** More than a call may populate, so that it is refused. */
const MAX_JOINED = 50_001;

/** The list of a key, made where it is missing. */
export function listed<K, V>(lists: Map<K, V[]>, key: K): V[] {
  const list = lists.get(key) ?? [];
  if (list.length === 0) lists.set(key, list);
  return list;
}

/** The joins of one read. */
export class Joins {
  readonly #ctx: ContentContext;
  readonly #shape: ReadShape;
  readonly #rules: ReadRules;

  constructor(ctx: ContentContext, locale: string | undefined, rules: ReadRules) {
    this.#ctx = ctx;
    this.#shape = { locale, showHidden: populatedShowsHidden(ctx.settings.generation) };
    this.#rules = rules;
  }

  /** `target`: the plan of the documents `ids` that are pointed at. */
  *find(target: Plan, join: { collection: string; on: string }, ids: readonly string[]): Op<Joined> {
    const plan = this.#ctx.registry.collections.has(join.collection) ? collectionPlan(this.#ctx, join.collection) : undefined;
    const leaf = plan?.byKey.get(join.on.replaceAll('.', '__'));
    const documents = new Map<string, Document[]>();
    if (!plan || !leaf?.field.relationship) return { plan, documents };
    const allowed = yield* this.#rules.of(plan);
    for (let from = 0; from < ids.length; from += PER_STATEMENT) {
      const some = ids.slice(from, from + PER_STATEMENT);
      const found =
        leaf.storage === 'side'
          ? yield* this.#bySide(target, plan, leaf, some, allowed)
          : yield* this.#byColumn(target, plan, leaf, some, allowed);
      const distinct = [...new Map(found.map(({ document }) => [document.id, document])).values()];
      yield* hydrate(this.#ctx, plan, distinct, this.#shape);
      yield* this.#rules.strip(plan, distinct);
      for (const { at, document } of found) listed(documents, at).push(document);
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
    const { ident } = this.#ctx.db.dialect;
    const conditions = [`related_id IN (${ids.map(() => '?').join(', ')})`];
    const params = [...ids];
    if (leaf.field.relationship?.polymorphic) {
      conditions.push('related_collection = ?');
      params.push(target.slug);
    }
    if (leaf.localized && plan.locales) {
      conditions.push('_locale = ?');
      params.push(this.#locale() ?? plan.defaultLocale);
    }
    const links = `SELECT parent_id AS ${ident('@from')}, related_id AS ${ident('@on')} FROM ${ident(`${plan.table}_${leaf.key}`)}`;
    const from = { text: ` JOIN (${links} WHERE ${conditions.join(' AND ')}) ON ${ident('@from')} = id`, params };
    const known = new Map<string, Document>();
    const found: { at: string; document: Document }[] = [];
    for (const row of yield* this.#rows(plan, allowed, ident('@on'), from)) {
      const id = String(row['id']);
      const document = known.get(id) ?? this.#document(plan, row);
      known.set(id, document);
      found.push({ at: String(row['@on']), document });
    }
    return found;
  }

  #locale(): string | undefined {
    return this.#shape.locale === 'all' ? undefined : this.#shape.locale;
  }

  #document(plan: Plan, row: Row): Document {
    return documentOf(plan, this.#ctx.settings, row, this.#shape);
  }

  #rows(plan: Plan, parts: Sql[], extra: string, from: Sql = { text: '', params: [] }): Op<Row[]> {
    const { db, settings } = this.#ctx;
    const live = plan.softDelete ? [{ text: '_deleted_at IS NULL', params: [] }] : [];
    const where = whereClause(this.#ctx, [...parts, ...live]);
    const order = orderSql(orderOf(plan, undefined, this.#locale(), false), false);
    return db.all(
      `${selectSql(plan, db.dialect, settings, this.#shape.locale, extra)}${from.text} ${where.text} ORDER BY ${order} LIMIT ?`,
      [...from.params, ...where.params, MAX_JOINED],
    );
  }
}
