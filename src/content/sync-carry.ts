/**
 * What switching localisation or the trash means for the rows that are there: a field that became localized keeps its values in the default
 * locale, and the other way round; what would surprise is a warning.
 */
import type { Op } from '../domain/op.js';
import type { Db } from '../store/db.js';
import { type ColumnLayout, columnName, companionOf, type LayoutSettings, type TableLayout } from './layout.js';
import type { SyncReport } from './sync.js';
import { existingColumns } from './sync-inspect.js';

/** Fills the columns that were just added from those that held the same values under the other setting. */
export function* carryValues(db: Db, layout: TableLayout, added: readonly string[], settings: LayoutSettings): Op<void> {
  if (added.length === 0) return;
  const { ident } = db.dialect;
  const existing = new Set((yield* existingColumns(db, layout.table)).map(({ name }) => name));
  const wanted = new Set(layout.columns.map(({ name }) => name));
  for (const column of layout.columns) {
    if (!added.includes(column.name)) continue;
    const former = formerName(column, settings);
    if (former === undefined || !existing.has(former) || wanted.has(former)) continue;
    const [to, from] = [ident(column.name), ident(former)];
    yield* db.run(`UPDATE ${ident(layout.table)} SET ${to} = ${from} WHERE ${from} IS NOT NULL`);
  }
}

/** The name that the column had while its field was not localized, or while it was. Other locales than the default begin empty. */
function formerName({ leaf, locale, companion }: ColumnLayout, { defaultLocale }: LayoutSettings): string | undefined {
  if (locale !== undefined && locale !== defaultLocale) return undefined;
  const other = locale === undefined ? defaultLocale : undefined;
  const localized = { ...leaf, localized: true };
  return companion ? companionOf(localized, other)?.name : columnName(localized, other);
}

/** Rows that another setting hid and that are shown now. */
export function* warnOfShownRows(db: Db, layout: TableLayout, report: SyncReport): Op<void> {
  const { ident } = db.dialect;
  const wanted = new Set(layout.systemColumns.map(({ name }) => name));
  const columns = (yield* existingColumns(db, layout.table)).map(({ name }) => name);
  if (columns.includes('_deleted_at') && !wanted.has('_deleted_at')) {
    const row = yield* db.get(`SELECT COUNT(*) AS n FROM ${ident(layout.table)} WHERE _deleted_at IS NOT NULL`);
    const count = Number(row?.['n']);
    if (count > 0) report.warnings.push(`${layout.table} holds ${counted(count, 'deleted document')}, shown again without soft_delete`);
  }
  for (const side of layout.sideTables) {
    if (side.locale !== undefined) continue;
    if (!(yield* existingColumns(db, side.table)).some(({ name }) => name === '_locale')) continue;
    const row = yield* db.get(`SELECT COUNT(DISTINCT _locale) AS n FROM ${ident(side.table)}`);
    if (Number(row?.['n']) < 2) continue;
    report.warnings.push(
      `the table ${side.table} holds rows of several locales, which are read together now that its field is not localized`,
    );
  }
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
