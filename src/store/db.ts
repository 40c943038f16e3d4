/**
 * The seam to one database connection inside one transaction, as content, bindings and acts use it.
 * SQL is written with `?` parameters; what differs between databases is asked of `dialect`.
 */
import type { Op } from '../domain/op.js';

export type SqlValue = null | number | bigint | string | Uint8Array;
export type Row = Record<string, SqlValue>;

export interface Dialect {
  readonly name: 'sqlite' | 'postgres';
  /** A double-quoted identifier. */
  ident(name: string): string;
  /** Column type of a content field kind: "text", "number", "checkbox". */
  columnType(kind: 'text' | 'number' | 'checkbox'): string;
}

export interface Db {
  readonly dialect: Dialect;
  /** Reads. The first statement of a transaction opens its snapshot. */
  all(sql: string, params?: readonly SqlValue[]): Op<Row[]>;
  get(sql: string, params?: readonly SqlValue[]): Op<Row | undefined>;
  /** Writes. The first write waits for the write queue and becomes the writer. Ends with the number of changed rows. */
  run(sql: string, params?: readonly SqlValue[]): Op<number>;
  /**
   * Runs `body` under a savepoint: an error thrown out of it leaves none of its writes (RunAbort is passed on as it is).
   * Nested calls nest. Where each call is its own transaction (`transaction = false`) it is that transaction.
   * As the first thing of a run's transaction it begins it as the writer, so that what `body` reads before it writes cannot be
   * overtaken; with `intent` "read" it begins a snapshot only.
   */
  savepoint<T>(body: () => Op<T>, intent?: 'read'): Op<T>;
  /**
   * SQL that is true and raises past the run's deadline; put into the WHERE of scans that can be long
   * (better-sqlite3 cannot interrupt a statement). "1" where the engine needs none.
   */
  readonly tick: string;
}

/** Where the SQL of a caught error came from, for messages: code as SQLite/PostgreSQL name it. */
export class SqlError extends Error {
  /** "SQLITE_CONSTRAINT_UNIQUE", "23505" … */
  readonly code: string;
  /** SQLite's extended result number (2067 …) where there is one. */
  readonly number: number | undefined;
  readonly sql: string;
  constructor(message: string, code: string, number: number | undefined, sql: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = 'SqlError';
    this.code = code;
    this.number = number;
    this.sql = sql;
  }
}
