/** Rows, orders and changes for properties of pagination, and the order that rows must come in. */
import fc from 'fast-check';
import { Float, type Json } from '../../src/domain/json.js';
import type { Table } from './naive.js';

/** The first is the default. */
export const LOCALES = ['en', 'de'];

export const FIELDS = [
  { name: 'txt', type: 'text' },
  { name: 'num', type: 'number' },
  { name: 'chk', type: 'checkbox' },
  { name: 'day', type: 'date' },
  { name: 'loc', type: 'text', localized: true },
  { name: 'grp', type: 'group', fields: [{ name: 'txt', type: 'text' }] },
];

/** Collections that order in different ways: times or none, drafts in front or not. */
export const SHAPES = {
  plain: { fields: FIELDS },
  untimed: { timestamps: false, fields: FIELDS },
  drafts: { versions: true, fields: FIELDS },
  trash: { soft_delete: true, fields: FIELDS },
} as const;
export type Shape = keyof typeof SHAPES;

export interface Row {
  data: { [key: string]: Json };
  /** The text in the second locale. */
  other: string | undefined;
  draft: boolean;
}

const word = fc.constantFrom('a', 'A', 'b', 'ba', 'ä', '10', '9', '🌙', ' ');
const some = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 4 });

/** Few different values: many rows are equal in what they are sorted by. */
export const row: fc.Arbitrary<Row> = fc
  .tuple(
    some(word),
    some(fc.constantFrom<Json>(0, 1, -2.5, 10, new Float(1), 1e15)),
    some(fc.boolean()),
    some(fc.constantFrom('2026-01-02', '2025-12-31', '07:30')),
    some(word),
    some(word),
    some(word),
    fc.boolean(),
  )
  .map(([txt, num, chk, day, loc, inner, other, draft]) => ({
    data: defined({ txt, num, chk, day, loc, grp: inner === undefined ? undefined : { txt: inner } }),
    other,
    draft,
  }));

function defined(record: Record<string, Json | undefined>): { [key: string]: Json } {
  return Object.fromEntries(Object.entries(record).filter((entry): entry is [string, Json] => entry[1] !== undefined));
}

/** What happens between two pages: rows come, and rows go (by their place among those that are there). */
export interface Change {
  inserted: Row[];
  deleted: number[];
}

export const changes = fc.array(
  fc.record({ inserted: fc.array(row, { maxLength: 2 }), deleted: fc.array(fc.nat(1000), { maxLength: 2 }) }),
  { maxLength: 12 },
);

export const order = fc.tuple(
  fc.constantFrom('txt', 'num', 'chk', 'day', 'loc', 'grp__txt', 'id', 'created_at', '_status', undefined),
  fc.boolean(),
  fc.constantFrom(undefined, 'de'),
);

export interface Sorting {
  /** As a call writes it; undefined = the default. */
  orderBy: string | undefined;
  locale: string | undefined;
}

/** An order that the shape has; others become the default one. */
export function sortingFor(shape: Shape, [column, descending, locale]: [string | undefined, boolean, string | undefined]): Sorting {
  const missing = (column === 'created_at' && shape === 'untimed') || (column === '_status' && shape !== 'drafts');
  return { orderBy: column === undefined || missing ? undefined : `${descending ? '-' : ''}${column}`, locale };
}

/** What a row is sorted by: `stored` is the document in its locale without fallback. */
export function sortKeys(shape: Shape, { orderBy }: Sorting, stored: Table): { value: unknown; descending: boolean }[] {
  const text = orderBy ?? (shape === 'untimed' ? 'id' : '-created_at');
  const [column, descending] = text.startsWith('-') ? [text.slice(1), true] : [text, false];
  const inner = (stored['grp'] as Table | undefined)?.['txt'];
  const own = { value: column === 'grp__txt' ? inner : stored[column], descending };
  // In front of every sort, also of one by the status itself.
  const status = shape === 'drafts' ? [{ value: stored['_status'], descending: false }] : [];
  return [...status, own, { value: stored['id'], descending }];
}

/** Absent values come first, numbers before texts, texts by their bytes; everything the other way round when descending. */
export function compareKeys(a: readonly { value: unknown; descending: boolean }[], b: readonly { value: unknown }[]): number {
  for (const [i, { value, descending }] of a.entries()) {
    const found = compareValues(value, b[i]!.value);
    if (found !== 0) return descending ? -found : found;
  }
  return 0;
}

function compareValues(a: unknown, b: unknown): number {
  const rank = (value: unknown) => (value === undefined || value === null ? 0 : typeof value === 'string' ? 2 : 1);
  if (rank(a) !== rank(b)) return rank(a) - rank(b);
  if (typeof a === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b as string));
  return rank(a) === 0 ? 0 : Number(a) - Number(b);
}
