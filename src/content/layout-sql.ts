/** DDL of a layout. A table that is created here is the one that the reference creates: same columns, order, defaults, keys. */
import type { Dialect } from '../store/db.js';
import type { ColumnLayout, IndexLayout, SearchTable, SystemColumn, TableLayout } from './layout.js';
import type { SideTable } from './layout-side.js';

/** One table as SQL wants it. */
export interface TableSpec {
  table: string;
  columns: ColumnSpec[];
  /** Compound primary key. */
  primaryKey?: string[];
}

export interface ColumnSpec {
  name: string;
  type: string;
  notNull: boolean;
  /** NOT NULL in the database does no harm, since the host always writes a value. */
  filled: boolean;
  unique: boolean;
  primaryKey?: boolean;
  /** SQL expression. */
  default?: string;
  /** Whether the default may stand in ALTER TABLE: it is a constant. */
  constant: boolean;
  /** ON DELETE CASCADE to the id of this table. */
  references?: string;
  /** Needed for the table to be what it is: it cannot be added to a table that lacks it. */
  structural: boolean;
}

const plain = (name: string, type: string, given: Partial<ColumnSpec> = {}): ColumnSpec => ({
  name,
  type,
  notNull: false,
  filled: given.notNull ?? false,
  unique: false,
  constant: true,
  structural: false,
  ...given,
});

const ID = plain('id', 'TEXT', { primaryKey: true, structural: true });

export function mainSpec(layout: TableLayout, dialect: Dialect): TableSpec {
  const columns = [ID, ...layout.columns.map((column) => fieldColumn(column, dialect))];
  return { table: layout.table, columns: [...columns, ...layout.systemColumns.map((column) => systemColumn(column, dialect))] };
}

function fieldColumn(column: ColumnLayout, dialect: Dialect): ColumnSpec {
  const { name, notNull, filled, unique } = column;
  return plain(name, dialect.columnType(column.kind), { notNull, filled, unique, default: column.default });
}

function systemColumn(column: SystemColumn, dialect: Dialect): ColumnSpec {
  const now = column.default === 'now';
  return plain(column.name, column.type, { notNull: column.notNull, default: now ? nowText(dialect) : column.default, constant: !now });
}

/** The current time in UTC as `YYYY-MM-DD HH:MM:SS`. */
function nowText(dialect: Dialect): string {
  return dialect.name === 'sqlite' ? "(datetime('now'))" : "(to_char(now() at time zone 'utc', 'YYYY-MM-DD HH24:MI:SS'))";
}

const parentId = (parent: string) => plain('parent_id', 'TEXT', { notNull: true, references: parent, structural: true });
const order = () => plain('_order', 'INTEGER', { notNull: true, default: '0' });

export function sideSpec(side: SideTable, dialect: Dialect): TableSpec {
  const locale = side.locale === undefined ? [] : [plain('_locale', 'TEXT', { notNull: true, default: literal(side.locale) })];
  const head = [ID, parentId(side.parent), order()];
  switch (side.type) {
    case 'array': {
      const columns = side.columns.map(({ name, kind }) => plain(name, dialect.columnType(kind)));
      return { table: side.table, columns: [...head, ...locale, ...columns] };
    }
    case 'blocks': {
      const type = plain('_block_type', 'TEXT', { notNull: true, structural: true });
      const data = plain('data', 'TEXT', { notNull: true, default: "'{}'" });
      return { table: side.table, columns: [...head, type, data, ...locale] };
    }
    default:
      return relationSpec(side, locale);
  }
}

/** Rows are read, replaced and deleted by their owner. The reference has no such index and reads the whole table; links have theirs in the primary key. */
export function sideIndexes(side: SideTable): IndexLayout[] {
  if (side.type === 'relation') return [];
  return [{ name: `_ml_${side.table}_parent`, table: side.table, columns: ['parent_id', '_order'], unique: false }];
}

function relationSpec(side: SideTable, locale: ColumnSpec[]): TableSpec {
  const related = plain('related_id', 'TEXT', { notNull: true, structural: true });
  const collection = side.polymorphic ? [plain('related_collection', 'TEXT', { notNull: true, default: "''" })] : [];
  return {
    table: side.table,
    columns: [parentId(side.parent), related, ...collection, order(), ...locale],
    primaryKey: ['parent_id', 'related_id', ...[...collection, ...locale].map(({ name }) => name)],
  };
}

export function versionsSpec(layout: TableLayout, dialect: Dialect): TableSpec | undefined {
  if (!layout.versionsTable) return undefined;
  const times = ['created_at', 'updated_at'].map((name) => plain(name, 'TEXT', { default: nowText(dialect), constant: false }));
  return {
    table: layout.versionsTable,
    columns: [
      ID,
      plain('_parent', 'TEXT', { notNull: true, references: layout.table, structural: true }),
      plain('_version', 'INTEGER', { notNull: true, structural: true }),
      plain('_status', 'TEXT', { notNull: true, structural: true }),
      plain('_latest', 'INTEGER', { notNull: true, default: '0' }),
      plain('snapshot', 'TEXT', { notNull: true, structural: true }),
      ...times,
    ],
  };
}

export function versionsIndexes(layout: TableLayout): IndexLayout[] {
  if (!layout.versionsTable) return [];
  const table = layout.versionsTable;
  const name = `idx__ver_${layout.table}_parent`;
  return [
    { name: `${name}_latest`, table, columns: ['_parent', '_latest'], unique: false },
    { name: `${name}_version`, table, columns: ['_parent', '_version'], unique: false },
    { name: `${name}_version_unique`, table, columns: ['_parent', '_version'], unique: true },
  ];
}

export function createTable({ table, columns, primaryKey }: TableSpec, dialect: Dialect): string {
  const parts = columns.map((column) => columnText(column, dialect));
  if (primaryKey) parts.push(`PRIMARY KEY (${names(primaryKey, dialect)})`);
  return `CREATE TABLE ${dialect.ident(table)} (${parts.join(', ')})`;
}

function columnText(column: ColumnSpec, dialect: Dialect): string {
  return [
    `${dialect.ident(column.name)} ${column.type}`,
    column.primaryKey && 'PRIMARY KEY',
    column.notNull && 'NOT NULL',
    column.unique && 'UNIQUE',
    column.default !== undefined && `DEFAULT ${column.default}`,
    column.references !== undefined && `REFERENCES ${dialect.ident(column.references)}(id) ON DELETE CASCADE`,
  ]
    .filter((part) => part !== false && part !== undefined)
    .join(' ');
}

/** An added column never gets UNIQUE (an index follows) and gets NOT NULL only beside a constant default: rows exist already. */
export function addColumn(table: string, column: ColumnSpec, dialect: Dialect): string {
  const constant = column.constant ? column.default : undefined;
  const text = columnText({ ...column, unique: false, default: constant, notNull: column.notNull && constant !== undefined }, dialect);
  return `ALTER TABLE ${dialect.ident(table)} ADD COLUMN ${text}`;
}

export function createIndex({ name, table, columns, unique, where }: IndexLayout, dialect: Dialect): string {
  const condition = where === undefined ? '' : ` WHERE ${where}`;
  return `CREATE ${unique ? 'UNIQUE ' : ''}INDEX ${dialect.ident(name)} ON ${dialect.ident(table)} (${names(columns, dialect)})${condition}`;
}

export function createSearch({ table, columns }: SearchTable, dialect: Dialect): string {
  return `CREATE VIRTUAL TABLE ${dialect.ident(table)} USING fts5(id UNINDEXED, ${names(columns, dialect)})`;
}

export function names(columns: readonly string[], dialect: Dialect): string {
  return columns.map((column) => dialect.ident(column)).join(', ');
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
