/** What find, find_by_id and count share: access, implicit filters, the caller's filters, as one WHERE (Lua API 4.2). */
import type { Op } from '../domain/op.js';
import { allowRows, namesOf, overrides, trashRule } from './access.js';
import { refuseConstraints } from './constraint-names.js';
import type { ContentContext } from './context.js';
import { deniedFields, hasReadRule } from './field-access.js';
import { type Sql, whereSql } from './filter.js';
import { refuseSystemColumns, refuseUnreadable, ruledName } from './filter-names.js';
import { parseWhere, type Where } from './filter-parse.js';
import { hidesDraftsById } from './generation.js';
import type { Plan } from './plan.js';
import type { QueryOptions } from './query.js';
import { searchSql } from './search.js';

export interface ReadScope {
  plan: Plan;
  override: boolean;
  locale: string | undefined;
  trash: boolean;
  /** Other statuses are left out. */
  published: boolean;
  parts: Sql[];
  /** Asked once a read, when first wanted. */
  denied(): Op<ReadonlySet<string>>;
}

const NONE: ReadonlySet<string> = new Set();
const NO_WHERE: Where = { all: [] };

/** `id`: of a find_by_id, which sees drafts and no trash; the filters of its query are not read. */
export function* readScope(ctx: ContentContext, plan: Plan, query: QueryOptions, locale: string | undefined, id?: string): Op<ReadScope> {
  const where: Where = query.where && id === undefined ? parseWhere(query.where, ctx.settings.generation) : NO_WHERE;
  if (where !== NO_WHERE) refuseSystemColumns(namesOf(where));
  const override = overrides(ctx, query);
  const trash = query.trash && plan.softDelete && id === undefined;
  const rule = trash ? trashRule(plan) : plan.access.read;
  const constraint = override ? undefined : yield* allowRows(ctx, rule, trash ? 'Trash' : 'Read', id);
  let known: ReadonlySet<string> | undefined = override ? NONE : undefined;
  const published = plan.drafts && !query.draft && (id === undefined || hidesDraftsById(ctx.settings.generation));
  const scope: ReadScope = {
    plan,
    override,
    locale,
    trash,
    published,
    parts: [],
    *denied() {
      known ??= yield* deniedFields(ctx, plan, 'read');
      return known;
    },
  };
  if (published) scope.parts.push({ text: "_status = 'published'", params: [] });
  if (plan.softDelete) scope.parts.push({ text: `_deleted_at IS ${trash ? 'NOT NULL' : 'NULL'}`, params: [] });
  if (where.all.length > 0 || where.any) {
    if (!override) yield* refuseNames(ctx, scope, namesOf(where));
    scope.parts.push(...whereSql({ plan, dialect: ctx.db.dialect, locale }, where));
  }
  const found = query.search === undefined || id !== undefined ? undefined : yield* searchSql(ctx, plan, query.search, scope.denied);
  if (found) scope.parts.push(found);
  if (constraint) {
    const allowed = [...(published ? ['_status'] : []), ...(trash ? ['_deleted_at'] : [])];
    refuseConstraints(ctx.settings.generation, plan, constraint, allowed);
    scope.parts.push(...whereSql({ plan, dialect: ctx.db.dialect, locale: undefined, raw: true }, constraint));
  }
  return scope;
}

/** Throws for a name whose field the caller may not read. */
export function* refuseNames(ctx: ContentContext, scope: ReadScope, names: readonly string[]): Op<void> {
  const { plan } = scope;
  const flat = names.map((name) => ruledName(plan, name));
  if (!flat.some((name) => hasReadRule(ctx, plan, name))) return;
  const refusedKeys = yield* scope.denied();
  for (const name of flat) refuseUnreadable(refusedKeys, name);
}

/** `WHERE …` with the deadline check in front, and its parameters. */
export function whereClause(ctx: ContentContext, parts: readonly Sql[]): Sql {
  const text = [ctx.db.tick, ...parts.map((part) => part.text)].join(' AND ');
  return { text: `WHERE ${text}`, params: parts.flatMap((part) => part.params) };
}
