/**
 * Counting all references anew (Lua API 4.8), for the doctor: which documents carry another count than the documents that point at them give,
 * and how many references point at nothing. Reads in pages of documents; keeps one number for each document that is pointed at.
 */
import type { Op } from '../domain/op.js';
import type { Db, Row } from '../store/db.js';
import type { ContentRegistry, ContentSettings } from './context.js';
import { type Plan, planOf, sqlName } from './plan.js';
import { referring, referringColumns, targetsInColumns, targetsInRows } from './references.js';
import { splitReference } from './side-write.js';

/** Documents at a time. */
const PAGE = 2_000;

export interface Miscount {
  collection: string;
  id: string;
  /** What stands there, and what should. */
  counted: number;
  real: number;
}

export interface ReferenceAudit {
  miscounts: Miscount[];
  /** References to documents of defined collections that are not there. */
  dangling: number;
}

export interface Count {
  others: number;
  /** References of the document to itself: crap-cms counts them, we do not; either is right. */
  own: number;
}

/** `collection/id` -> how often it is pointed at. */
export type Counts = Map<string, Count>;

/** The tables must be what the definitions ask for. */
export function* auditReferences(
  db: Db,
  registry: Pick<ContentRegistry, 'collections' | 'globals'>,
  settings: Pick<ContentSettings, 'locale'>,
): Op<ReferenceAudit> {
  const counts: Counts = new Map();
  const collections = [...registry.collections.values()].map((definition) => planOf(definition, settings));
  const globals = [...registry.globals.values()].map((definition) => planOf(definition, settings));
  for (const plan of [...collections, ...globals]) if (referring(plan).length > 0) yield* countAll(db, plan, counts);
  const miscounts: Miscount[] = [];
  for (const plan of collections) yield* compare(db, plan, counts, miscounts);
  let dangling = 0;
  for (const [target, { others, own }] of counts) {
    if (registry.collections.has(splitReference(target).collection)) dangling += others + own;
  }
  return { miscounts, dangling };
}

function* countAll(db: Db, plan: Plan, counts: Counts): Op<void> {
  const leaves = referring(plan);
  const columns = referringColumns(
    plan,
    leaves.filter(({ storage }) => storage === 'column'),
  );
  const list = ['id', ...columns.flatMap(({ names }) => names.map(sqlName))].join(', ');
  const sides = leaves.filter(({ storage }) => storage === 'side');
  const main = db.dialect.ident(plan.table);
  for (let after = ''; ; ) {
    const rows = yield* db.all(`SELECT ${list} FROM ${main} WHERE id > ? ORDER BY id LIMIT ${PAGE}`, [after]);
    const last = String(rows.at(-1)?.['id'] ?? '');
    for (const row of rows) for (const targets of targetsInColumns(columns, row)) count(counts, plan, String(row['id']), targets);
    for (const leaf of sides) {
      if (rows.length === 0) break;
      const table = db.dialect.ident(`${plan.table}_${leaf.key}`);
      const sideRows = yield* db.all(`SELECT * FROM ${table} WHERE parent_id > ? AND parent_id <= ?`, [after, last]);
      const there = new Set(rows.map(({ id }) => id));
      for (const [id, own] of byOwner(sideRows)) {
        if (there.has(id)) for (const targets of targetsInRows(leaf, own)) count(counts, plan, id, targets);
      }
    }
    if (rows.length < PAGE) return;
    after = last;
  }
}

export function byOwner(rows: readonly Row[]): Map<string, Row[]> {
  const owners = new Map<string, Row[]>();
  for (const row of rows) {
    const owner = String(row['parent_id']);
    const list = owners.get(owner);
    if (list) list.push(row);
    else owners.set(owner, [row]);
  }
  return owners;
}

export function count(counts: Counts, plan: Plan, id: string, targets: Iterable<string>): void {
  for (const target of targets) {
    const known = counts.get(target) ?? { others: 0, own: 0 };
    counts.set(target, known);
    if (!plan.isGlobal && target === `${plan.slug}/${id}`) known.own++;
    else known.others++;
  }
}

/** Takes the counts of documents that are there out of `counts`. */
function* compare(db: Db, plan: Plan, counts: Counts, into: Miscount[]): Op<void> {
  const table = db.dialect.ident(plan.table);
  for (let after = ''; ; ) {
    const rows = yield* db.all(`SELECT id, _ref_count FROM ${table} WHERE id > ? ORDER BY id LIMIT ${PAGE}`, [after]);
    for (const row of rows) {
      const [id, counted] = [String(row['id']), Number(row['_ref_count'])];
      const real = counts.get(`${plan.slug}/${id}`);
      counts.delete(`${plan.slug}/${id}`);
      if (isWrong(counted, real)) into.push({ collection: plan.slug, id, counted, real: real?.others ?? 0 });
    }
    if (rows.length < PAGE) return;
    after = String(rows.at(-1)!['id']);
  }
}

/** `real`: undefined where nothing points at the document. */
export function isWrong(counted: number, real: Count | undefined): boolean {
  const { others, own } = real ?? { others: 0, own: 0 };
  return counted < others || counted > others + own;
}
