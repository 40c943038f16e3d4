/**
 * Counting references of some documents anew (Lua API 4.8), for the doctor: SQLite looks for what points at them, so that a slice of documents
 * costs one reading of each table that refers, and the write lock is held no longer.
 */
import type { Op } from '../domain/op.js';
import type { Db, Row, SqlValue } from '../store/db.js';
import type { ContentRegistry, ContentSettings } from './context.js';
import { type Plan, type PlannedLeaf, planOf, sqlName } from './plan.js';
import { byOwner, type Counts, count, isWrong, type Miscount } from './reference-audit.js';
import { hasOnes, referring, referringColumns, targetsInColumns, targetsInRows } from './references.js';
import type { FieldDefinition } from './schema.js';

/** SQLite takes 32,766 parameters a statement; a relation has a column for each locale. */
const MAX_PARAMETERS = 30_000;
const LARGEST_SLICE = 5_000;

type Known = Pick<ContentRegistry, 'collections' | 'globals'>;
type Settings = Pick<ContentSettings, 'locale'>;

/** Documents that are counted anew in one transaction each. */
export function slicesOf(miscounts: readonly Miscount[], { locale }: Settings): Miscount[][] {
  const size = Math.min(LARGEST_SLICE, Math.floor(MAX_PARAMETERS / Math.max(1, locale.locales.length)));
  return Array.from({ length: Math.ceil(miscounts.length / size) }, (_, i) => miscounts.slice(i * size, (i + 1) * size));
}

/** Counts these documents anew, in the caller's transaction, and writes what is wrong still; how many. */
export function* repairCounts(db: Db, registry: Known, settings: Settings, slice: readonly Miscount[]): Op<number> {
  const targets = new Targets(slice);
  const counts: Counts = new Map();
  for (const definition of [...registry.collections.values(), ...registry.globals.values()]) {
    const plan = planOf(definition, settings);
    for (const leaf of referring(plan)) {
      if (leaf.storage === 'column') yield* countColumns(db, plan, leaf, targets, counts);
      else if (leaf.storage === 'side') yield* countSide(db, plan, leaf, targets, counts);
    }
  }
  let repaired = 0;
  for (const { collection, id } of slice) {
    const table = db.dialect.ident(collection);
    const row = yield* db.get(`SELECT _ref_count FROM ${table} WHERE id = ?`, [id]);
    const real = counts.get(`${collection}/${id}`);
    if (!row || !isWrong(Number(row['_ref_count']), real)) continue;
    yield* db.run(`UPDATE ${table} SET _ref_count = ? WHERE id = ?`, [real?.others ?? 0, id]);
    repaired++;
  }
  return repaired;
}

/** Documents that are counted, as fields refer to them. */
class Targets {
  readonly #ids = new Map<string, string[]>();
  readonly #all: string[];

  constructor(slice: readonly Miscount[]) {
    this.#all = slice.map(({ collection, id }) => `${collection}/${id}`);
    for (const { collection, id } of slice) {
      const ids = this.#ids.get(collection);
      if (ids) ids.push(id);
      else this.#ids.set(collection, [id]);
    }
  }

  /** What a column of the field holds where it refers to one of them. */
  valuesOf({ relationship }: FieldDefinition): readonly string[] {
    return relationship?.polymorphic ? this.#all : this.idsIn(relationship?.collections ?? []);
  }

  idsIn(collections: readonly string[]): readonly string[] {
    return collections.flatMap((slug) => this.#ids.get(slug) ?? []);
  }
}

function* countColumns(db: Db, plan: Plan, leaf: PlannedLeaf, targets: Targets, counts: Counts): Op<void> {
  const columns = referringColumns(plan, [leaf]);
  const names = columns.flatMap((column) => column.names.map(sqlName));
  const rows = yield* matching(
    db,
    `SELECT ${['id', ...names].join(', ')} FROM ${db.dialect.ident(plan.table)}`,
    names,
    targets.valuesOf(leaf.field),
  );
  for (const row of rows) for (const found of targetsInColumns(columns, row)) count(counts, plan, String(row['id']), found);
}

/** Rows whose document is gone refer to nothing. */
function* countSide(db: Db, plan: Plan, leaf: PlannedLeaf, targets: Targets, counts: Counts): Op<void> {
  const table = db.dialect.ident(`${plan.table}_${leaf.key}`);
  const select = `SELECT * FROM ${table} s`;
  const there = `EXISTS (SELECT 1 FROM ${db.dialect.ident(plan.table)} m WHERE m.id = s.parent_id)`;
  const rows: Row[] = [];
  const { field } = leaf;
  if (field.type === 'array' || field.type === 'blocks') {
    // A row that several of its fields lead to is one row.
    const seen = new Map<SqlValue, Row>();
    const ones = field.type === 'array' ? hasOnes(field.fields) : field.blocks.flatMap((block) => hasOnes(block.fields));
    for (const one of ones) {
      const column = field.type === 'array' ? sqlName(one.name) : inData(one.name);
      for (const row of yield* matching(db, select, [column], targets.valuesOf(one), there)) seen.set(row['id']!, row);
    }
    rows.push(...seen.values());
  } else rows.push(...(yield* matching(db, select, ['related_id'], targets.idsIn(field.relationship?.collections ?? []), there)));
  for (const [owner, own] of byOwner(rows)) for (const found of targetsInRows(leaf, own)) count(counts, plan, owner, found);
}

/** A field of a block; what is no JSON holds nothing. */
function inData(name: string): string {
  const path = `$."${name}"`.replaceAll("'", "''");
  return `CASE WHEN json_valid(s.data) THEN json_extract(s.data, '${path}') END`;
}

/** Rows in which one of the columns has one of the values. */
function* matching(db: Db, select: string, columns: readonly string[], values: readonly string[], and = 'TRUE'): Op<Row[]> {
  if (values.length === 0 || columns.length === 0) return [];
  const marks = values.map(() => '?').join(', ');
  return yield* db.all(
    `${select} WHERE (${columns.map((column) => `${column} IN (${marks})`).join(' OR ')}) AND ${and}`,
    columns.flatMap(() => values),
  );
}
