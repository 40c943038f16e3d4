/** Cursors of keyset pagination: base64url of JSON {sort_col, sort_dir, sort_val, id, status_val?} (Lua API 4.2). */
import { Float, type Json, type JsonObject } from '../domain/json.js';
import { JsonTextError, parseJson, stringifyJson } from '../domain/json-text.js';
import type { Row, SqlValue } from '../store/db.js';
import { refused } from './failure.js';
import type { Sql } from './filter.js';
import type { Order, OrderTerm } from './order.js';
import { isObject } from './value-text.js';

export interface Cursor {
  column: string;
  value: SqlValue;
  id: string;
  status: string | undefined;
}

/** `row` holds the stored value of the sorted column as `@sort`. */
export function encodeCursor(order: Order, row: Row): string {
  const value = row['@sort'];
  const json: JsonObject = {
    sort_col: order.column,
    sort_dir: order.descending ? 'DESC' : 'ASC',
    sort_val: value === undefined || value instanceof Uint8Array ? null : value,
    id: String(row['id']),
  };
  if (typeof row['_status'] === 'string') json['status_val'] = row['_status'];
  return Buffer.from(stringifyJson(json)).toString('base64url');
}

/** Throws "Invalid cursor: …" with the reference's words for what is wrong. */
export function decodeCursor(text: string): Cursor {
  const json = readJson(decodeBase64(text));
  const column = json['sort_col'];
  const value = json['sort_val'];
  const status = json['status_val'];
  const scalar = value instanceof Float ? value.value : value;
  return {
    column: typeof column === 'string' ? column : String(column),
    value: typeof scalar === 'string' || typeof scalar === 'number' || typeof scalar === 'bigint' ? scalar : null,
    id: String(json['id']),
    status: typeof status === 'string' ? status : undefined,
  };
}

const SYMBOL = /[A-Za-z0-9_-]/;

function decodeBase64(text: string): string {
  for (let i = 0; i < text.length; i++) {
    if (!SYMBOL.test(text[i]!)) throw invalid(`Invalid cursor encoding: Invalid symbol ${Buffer.from(text[i]!)[0]}, offset ${i}.`);
  }
  if (text.length % 4 === 1) throw invalid(`Invalid cursor encoding: Invalid input length: ${text.length}`);
  return Buffer.from(text, 'base64url').toString();
}

function readJson(text: string): JsonObject {
  let json: Json;
  try {
    json = parseJson(text);
  } catch (error) {
    if (error instanceof JsonTextError) throw invalid(`Invalid cursor JSON: ${error.message}`);
    throw error;
  }
  if (!isObject(json)) throw invalid('Invalid cursor JSON: expected struct CursorData at line 1 column 0');
  for (const key of ['sort_col', 'sort_dir', 'sort_val', 'id']) {
    if (!(key in json)) throw invalid(`Invalid cursor JSON: missing field \`${key}\` at line 1 column ${Buffer.byteLength(text)}`);
  }
  return json;
}

function invalid(reason: string): Error {
  return refused('CURSOR_INVALID', `Invalid cursor: ${reason}`);
}

/**
 * Conditions whose rows, those of the first before those of the second, are the ones behind the cursor in the order (in front of it when
 * `reversed`); NULL sorts first ascending. `published`: other statuses are not read. The bound on the leading column is what an index can
 * begin at; where NULLs come last they are a condition of their own, since no bound has them.
 */
export function keysetRanges(order: Order, cursor: Cursor, reversed: boolean, published: boolean): Sql[] {
  const terms = published && order.column !== '_status' ? order.terms.filter(({ alias }) => alias !== '_status') : order.terms;
  const behind = behindSql(terms, order, cursor, reversed);
  const lead = terms[0]!;
  const value = cursorValue(order, cursor, lead);
  if (value === null || lead.alias === '_status') return [behind];
  const descending = lead.descending !== reversed;
  const bounded = { text: `${lead.sql} ${descending ? '<=' : '>='} ? AND ${behind.text}`, params: [value, ...behind.params] };
  return descending && lead.alias !== 'id' ? [bounded, { text: `${lead.sql} IS NULL`, params: [] }] : [bounded];
}

function behindSql(terms: readonly OrderTerm[], order: Order, cursor: Cursor, reversed: boolean): Sql {
  const alternatives: string[] = [];
  const params: SqlValue[] = [];
  const equal: string[] = [];
  const equalParams: SqlValue[] = [];
  for (const term of terms) {
    const value = cursorValue(order, cursor, term);
    const beyond = beyondSql(term.sql, value, term.descending !== reversed);
    if (beyond) {
      alternatives.push([...equal, beyond.text].join(' AND '));
      params.push(...equalParams, ...beyond.params);
    }
    equal.push(value === null ? `${term.sql} IS NULL` : `${term.sql} = ?`);
    if (value !== null) equalParams.push(value);
  }
  return { text: `(${alternatives.map((text) => `(${text})`).join(' OR ')})`, params };
}

function cursorValue(order: Order, cursor: Cursor, term: OrderTerm): SqlValue {
  if (term.alias === 'id') return cursor.id;
  if (term.alias === '_status' && order.column !== '_status') return cursor.status ?? 'published';
  return cursor.value;
}

function beyondSql(sql: string, value: SqlValue, descending: boolean): Sql | undefined {
  if (value === null) return descending ? undefined : { text: `${sql} IS NOT NULL`, params: [] };
  return descending ? { text: `(${sql} < ? OR ${sql} IS NULL)`, params: [value] } : { text: `${sql} > ?`, params: [value] };
}
