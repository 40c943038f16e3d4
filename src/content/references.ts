/**
 * Reference counting (Lua API 4.8): every document knows how many point at it, so that nothing that is pointed at is deleted.
 * Counted per field: has-one, distinct has-many, has-one inside rows once a row; references to itself are not counted.
 */
import type { JsonObject } from '../domain/json.js';
import { parseJson } from '../domain/json-text.js';
import type { Op } from '../domain/op.js';
import type { Row, SqlValue } from '../store/db.js';
import type { ContentContext } from './context.js';
import { refused } from './failure.js';
import { ABSENT, type Input, valueOfLeaf } from './input.js';
import { columnOf, type Plan, type PlannedLeaf, sqlName } from './plan.js';
import type { FieldDefinition } from './schema.js';
import { splitReference } from './side-write.js';

/** `collection/id` -> how often. */
export type References = ReadonlyMap<string, number>;

const NONE: References = new Map();

function isRelation(field: FieldDefinition): boolean {
  return (field.type === 'relationship' || field.type === 'upload') && field.relationship !== undefined;
}

/** Leaves that refer or whose rows may. */
export function referring(plan: Plan): PlannedLeaf[] {
  return plan.leaves.filter(
    ({ field }) => isRelation(field) || field.type === 'blocks' || (field.type === 'array' && hasOnes(field.fields).length > 0),
  );
}

/** Has-one relations of a level of rows, layout looked through. */
export function hasOnes(fields: readonly FieldDefinition[]): FieldDefinition[] {
  return fields.flatMap((field) => {
    if (field.type === 'row' || field.type === 'collapsible') return hasOnes(field.fields);
    if (field.type === 'tabs') return field.tabs.flatMap((tab) => hasOnes(tab.fields));
    return isRelation(field) && !field.relationship?.hasMany ? [field] : [];
  });
}

/** Whether a write can change what a document refers to. */
export function touchesReferences(plan: Plan, input: Input): boolean {
  return referring(plan).some((leaf) => valueOfLeaf(input, leaf) !== ABSENT);
}

export function refersAtAll(plan: Plan): boolean {
  return referring(plan).length > 0;
}

/** What the stored document refers to; empty when it is not there. */
export function* referencesOf(ctx: ContentContext, plan: Plan, id: string): Op<References> {
  const counts = new Map<string, number>();
  const own = `${plan.slug}/${id}`;
  const count = (targets: Iterable<string>) => {
    for (const target of targets) {
      if (plan.isGlobal || target !== own) counts.set(target, (counts.get(target) ?? 0) + 1);
    }
  };
  const leaves = referring(plan);
  yield* countColumns(
    ctx,
    plan,
    id,
    leaves.filter((leaf) => leaf.storage === 'column'),
    count,
  );
  for (const leaf of leaves) if (leaf.storage === 'side') yield* countSide(ctx, plan, id, leaf, count);
  return counts.size === 0 ? NONE : counts;
}

function* countColumns(
  ctx: ContentContext,
  plan: Plan,
  id: string,
  leaves: readonly PlannedLeaf[],
  count: (targets: Iterable<string>) => void,
): Op<void> {
  if (leaves.length === 0) return;
  const columns = referringColumns(plan, leaves);
  const list = columns.flatMap(({ names }) => names.map(sqlName)).join(', ');
  const row = yield* ctx.db.get(`SELECT ${list} FROM ${ctx.db.dialect.ident(plan.table)} WHERE id = ?`, [id]);
  if (row) for (const targets of targetsInColumns(columns, row)) count(targets);
}

export interface ReferringColumns {
  leaf: PlannedLeaf;
  /** One, or one a locale. */
  names: string[];
}

export function referringColumns(plan: Plan, leaves: readonly PlannedLeaf[]): ReferringColumns[] {
  return leaves.map((leaf) => {
    const locales = leaf.localized && plan.locales ? plan.locales : [undefined];
    return { leaf, names: locales.map((locale) => columnOf(plan, leaf, locale)) };
  });
}

/** What each field refers to; an id in several locales of one field counts once. */
export function targetsInColumns(columns: readonly ReferringColumns[], row: Row): Set<string>[] {
  return columns.map(({ leaf, names }) => new Set(names.flatMap((name) => targetOf(leaf.field, row[name]))));
}

function* countSide(ctx: ContentContext, plan: Plan, id: string, leaf: PlannedLeaf, count: (targets: Iterable<string>) => void): Op<void> {
  const table = ctx.db.dialect.ident(`${plan.table}_${leaf.key}`);
  const rows = yield* ctx.db.all(`SELECT * FROM ${table} WHERE parent_id = ?`, [id]);
  for (const targets of targetsInRows(leaf, rows)) count(targets);
}

/** What the side rows of one document refer to: has-ones each row by itself, the links of a has-many once each. */
export function targetsInRows({ field }: PlannedLeaf, rows: readonly Row[]): Iterable<string>[] {
  if (field.type === 'array') {
    const fields = hasOnes(field.fields);
    return rows.flatMap((row) => fields.map((one) => targetOf(one, row[one.name])));
  }
  if (field.type === 'blocks') {
    return rows.flatMap((row) => {
      const data = blockData(row['data']);
      const block = field.blocks.find(({ type }) => type === row['_block_type']);
      return hasOnes(block?.fields ?? []).map((one) => targetOf(one, data[one.name] as SqlValue | undefined));
    });
  }
  const target = field.relationship?.collections[0] ?? '';
  return [new Set(rows.map((row) => `${row['related_collection'] ?? target}/${row['related_id']}`))];
}

function blockData(text: SqlValue | undefined): JsonObject {
  try {
    const data = parseJson(String(text));
    return typeof data === 'object' && data !== null && !Array.isArray(data) ? (data as JsonObject) : {};
  } catch {
    return {};
  }
}

/** A polymorphic field counts only `coll/id`. */
function targetOf(field: FieldDefinition, value: SqlValue | undefined): string[] {
  if (typeof value !== 'string' || value === '') return [];
  if (field.relationship?.polymorphic) return value.includes('/') ? [value] : [];
  return [`${field.relationship?.collections[0]}/${value}`];
}

/** Moves the counts of targets from what was to what is. A new target must exist. */
export function* countReferences(ctx: ContentContext, before: References, after: References): Op<void> {
  for (const target of new Set([...before.keys(), ...after.keys()])) {
    const change = (after.get(target) ?? 0) - (before.get(target) ?? 0);
    const { collection, id } = splitReference(target);
    if (change === 0 || !ctx.registry.collections.has(collection)) continue;
    const table = ctx.db.dialect.ident(collection);
    if (change < 0) {
      yield* ctx.db.run(`UPDATE ${table} SET _ref_count = MAX(_ref_count - ?, 0) WHERE id = ?`, [-change, id]);
      continue;
    }
    const found = yield* ctx.db.run(`UPDATE ${table} SET _ref_count = _ref_count + ? WHERE id = ?`, [change, id]);
    if (found === 0) {
      throw refused('REFERENCE_MISSING', `cannot reference ${collection}/${id}: target no longer exists (concurrently hard-deleted)`);
    }
  }
}

/** How many documents point at one; 0 when it is not there. */
export function* referenceCount(ctx: ContentContext, plan: Plan, id: string): Op<number> {
  const row = yield* ctx.db.get(`SELECT _ref_count FROM ${ctx.db.dialect.ident(plan.table)} WHERE id = ?`, [id]);
  return Number(row?.['_ref_count'] ?? 0);
}
