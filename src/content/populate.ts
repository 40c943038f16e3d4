/**
 * Population by depth (Lua API 4.5): references become the documents that they point at, join fields the documents that point here. Level
 * by level, one statement a collection and level. A target is populated wherever it occurs; only one that stands above itself stays an id.
 */
import type { Json, JsonObject } from '../domain/json.js';
import type { Op } from '../domain/op.js';
import type { ContentContext, Document } from './context.js';
import { refused } from './failure.js';
import type { Sql } from './filter.js';
import { asksEveryRule, populatedShowsHidden } from './generation.js';
import { copyJson } from './input.js';
import { Joins, listed } from './join.js';
import { collectionPlan, type Plan } from './plan.js';
import { containerAt, documentOf, type ReadShape, selectSql } from './read.js';
import { ReadRules } from './read-rules.js';
import { walkReferences } from './reference-walk.js';
import type { FieldDefinition } from './schema.js';
import { hydrate } from './side-read.js';

/** Documents placed by one call; each occurrence counts. The longest page (1,000) with seven references and joins in each document places 28,000 at depth 2. */
const MAX_POPULATED = 50_000;
const IDS_A_STATEMENT = 500;

/** A document and what stands above it. */
interface Node {
  plan: Plan;
  document: Document;
  /** Levels still to populate below it. */
  depth: number;
  above: Trail;
}
interface Trail {
  key: string;
  next: Trail | undefined;
}

/**
 * `override`: no read rules are asked; else those of joined collections, under generation 10 also of the ones pointed at and of fields. Changes the documents in place.
 */
export function* populate(
  ctx: ContentContext,
  plan: Plan,
  documents: readonly Document[],
  depth: number,
  shape: ReadShape,
  override: boolean,
): Op<void> {
  if (depth <= 0 || documents.length === 0) return;
  const rules = new ReadRules(ctx, override);
  const targets = new Targets(ctx, shape.locale, rules);
  const joins = new Joins(ctx, shape.locale, rules);
  const limit = { left: MAX_POPULATED, slug: plan.slug, depth };
  let level: Node[] = documents.map((document) => ({ plan, document, depth, above: trail(plan, document, undefined) }));
  let top: ReadonlySet<string> | undefined = shape.select;
  let below: ReadRules | undefined;
  while (level.length > 0) {
    yield* targets.load(level);
    const next: Node[] = [];
    for (const node of level) fill(ctx, node, targets, limit, next);
    // What may not be read of the documents at the top is taken out by who populates them.
    yield* fillJoins(joins, below, level, top, limit, next);
    level = next;
    top = undefined;
    below = rules;
  }
}

function trail(plan: Plan, document: Document, next: Trail | undefined): Trail {
  return { key: `${plan.slug}/${document.id}`, next };
}

function stands(above: Trail, key: string): boolean {
  for (let at: Trail | undefined = above; at; at = at.next) if (at.key === key) return true;
  return false;
}

/** Levels that a field populates. */
function depthOf(field: FieldDefinition, depth: number): number {
  return Math.min(depth, field.relationship?.maxDepth ?? depth);
}

interface Limit {
  left: number;
  slug: string;
  depth: number;
}

function place(limit: Limit, template: Document, slug: string): Document {
  limit.left--;
  if (limit.left < 0) {
    throw refused(
      'DEPTH_TOO_LARGE',
      `depth = ${limit.depth} populates more than ${MAX_POPULATED} documents below '${limit.slug}': ask for less depth or fewer documents, or give its relationships a max_depth`,
    );
  }
  return { ...(copyJson(template) as JsonObject), id: template.id, collection: slug };
}

function fill(ctx: ContentContext, node: Node, targets: Targets, limit: Limit, next: Node[]): void {
  walkReferences(ctx.registry, node.plan.definition.fields, node.document, (field, { collection, id }, given): Json | undefined => {
    const depth = depthOf(field, node.depth);
    if (depth <= 0) return given;
    const key = `${collection}/${id}`;
    if (stands(node.above, key)) return given;
    const target = targets.get(key);
    if (!target) return undefined;
    const document = place(limit, target.document, collection);
    if (depth > 1) next.push({ plan: target.plan, document, depth: depth - 1, above: trail(target.plan, document, node.above) });
    return document;
  });
}

/** Joined documents are tables even where they stand above; then they are not gone into again. */
function* fillJoins(
  joins: Joins,
  rules: ReadRules | undefined,
  level: readonly Node[],
  select: ReadonlySet<string> | undefined,
  limit: Limit,
  next: Node[],
): Op<void> {
  const byPlan = new Map<Plan, Node[]>();
  for (const node of level) listed(byPlan, node.plan).push(node);
  for (const [plan, nodes] of byPlan) {
    const denied = rules ? yield* rules.denied(plan) : undefined;
    for (const { path, field } of plan.fields) {
      if (field.type !== 'join' || !field.join || (select && !select.has(path[0]!))) continue;
      if (denied && path.some((_, i) => denied.has(path.slice(0, i + 1).join('__')))) continue;
      const found = yield* joins.find(plan, field.join, [...new Set(nodes.map(({ document }) => document.id))]);
      for (const node of nodes) {
        const documents = (found.documents.get(node.document.id) ?? []).map((template) => {
          const document = place(limit, template, field.join!.collection);
          const joined = found.plan;
          if (joined && node.depth > 1 && !stands(node.above, `${joined.slug}/${document.id}`)) {
            next.push({ plan: joined, document, depth: node.depth - 1, above: trail(joined, document, node.above) });
          }
          return document;
        });
        containerAt(node.document, path.slice(0, -1))[path[path.length - 1]!] = documents;
      }
    }
  }
}

/** The documents that are pointed at, each read once a call. */
class Targets {
  readonly #ctx: ContentContext;
  readonly #shape: ReadShape;
  readonly #rules: ReadRules;
  readonly #known = new Map<string, { plan: Plan; document: Document } | null>();

  constructor(ctx: ContentContext, locale: string | undefined, rules: ReadRules) {
    this.#ctx = ctx;
    this.#rules = rules;
    this.#shape = { locale, showHidden: populatedShowsHidden(ctx.settings.generation) };
  }

  /** Undefined for one that is missing, in the trash, or not to be read. */
  get(key: string): { plan: Plan; document: Document } | undefined {
    return this.#known.get(key) ?? undefined;
  }

  *load(level: readonly Node[]): Op<void> {
    const wanted = new Map<string, string[]>();
    for (const node of level) {
      walkReferences(this.#ctx.registry, node.plan.definition.fields, node.document, (field, { collection, id }, given) => {
        const key = `${collection}/${id}`;
        if (depthOf(field, node.depth) > 0 && !this.#known.has(key) && !stands(node.above, key)) {
          this.#known.set(key, null);
          listed(wanted, collection).push(id);
        }
        return given;
      });
    }
    for (const [collection, ids] of wanted) {
      const plan = collectionPlan(this.#ctx, collection);
      for (let from = 0; from < ids.length; from += IDS_A_STATEMENT) yield* this.#read(plan, ids.slice(from, from + IDS_A_STATEMENT));
    }
  }

  *#read(plan: Plan, ids: readonly string[]): Op<void> {
    const { db, settings } = this.#ctx;
    const parts: Sql[] = [{ text: `id IN (${ids.map(() => '?').join(', ')})`, params: [...ids] }];
    if (plan.softDelete) parts.push({ text: '_deleted_at IS NULL', params: [] });
    if (asksEveryRule(settings.generation)) parts.push(...(yield* this.#rules.of(plan)));
    const where = parts.map(({ text }) => text).join(' AND ');
    const sql = `${selectSql(plan, db.dialect, settings, this.#shape.locale)} WHERE ${where}`;
    const rows = yield* db.all(
      sql,
      parts.flatMap(({ params }) => params),
    );
    const documents = rows.map((row) => documentOf(plan, settings, row, this.#shape));
    yield* hydrate(this.#ctx, plan, documents, this.#shape);
    yield* this.#rules.strip(plan, documents);
    for (const document of documents) this.#known.set(`${plan.slug}/${document.id}`, { plan, document });
  }
}
