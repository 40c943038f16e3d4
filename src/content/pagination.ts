/** The pagination table of a find (Lua API 4.2), with the key spellings of both generations. */
import type { JsonObject } from '../domain/json.js';
import type { ContentContext } from './context.js';
import { type Cursor, decodeCursor } from './cursor.js';
import { refused } from './failure.js';
import type { Order } from './order.js';
import type { QueryOptions } from './query.js';

/** Which rows a find takes. */
export interface Window {
  limit: number;
  /** Rows skipped, never negative. */
  offset: number;
  cursor: { at: Cursor; before: boolean } | undefined;
}

/** A missing limit is the default one; others are clamped to 1..maximum, so 0 becomes 1. `page` wins over `offset`. */
export function windowOf(ctx: ContentContext, query: QueryOptions): Window {
  const { defaultLimit, maxLimit } = ctx.settings.pagination;
  const limit = query.limit === undefined ? defaultLimit : Math.max(1, Math.min(query.limit, maxLimit));
  const offset = query.page === undefined ? Math.max(query.offset ?? 0, 0) : (Math.max(query.page, 1) - 1) * limit;
  return { limit, offset: Math.min(offset, Number.MAX_SAFE_INTEGER), cursor: cursorOf(ctx, query) };
}

function cursorOf(ctx: ContentContext, query: QueryOptions): Window['cursor'] {
  const { afterCursor, beforeCursor } = query;
  const after = afterCursor === undefined ? undefined : decodeCursor(afterCursor);
  const before = beforeCursor === undefined ? undefined : decodeCursor(beforeCursor);
  if (ctx.settings.pagination.mode !== 'cursor') return undefined;
  if (after && before) {
    throw refused('CURSOR_CONFLICT', 'Cannot use both after_cursor and before_cursor — they are mutually exclusive');
  }
  if ((after || before) && (query.page !== undefined || query.offset !== undefined)) {
    throw refused('CURSOR_CONFLICT', 'Cannot use both cursor and offset — they are mutually exclusive');
  }
  if (after) return { at: after, before: false };
  return before && { at: before, before: true };
}

export function checkCursor(order: Order, window: Window): void {
  const column = window.cursor?.at.column;
  if (column === undefined || column === order.column) return;
  throw refused('CURSOR_CONFLICT', `Cursor sort_col '${column}' does not match query order_by '${order.column}'`);
}

export function pagePagination(window: Window, total: number): JsonObject {
  const { limit, offset } = window;
  const page = Math.floor(offset / limit) + 1;
  const pages = Math.ceil(total / limit);
  const out: JsonObject = {};
  put(out, 'totalDocs', 'total_docs', total);
  out['limit'] = limit;
  put(out, 'hasNextPage', 'has_next_page', page < pages);
  put(out, 'hasPrevPage', 'has_prev_page', page > 1);
  put(out, 'totalPages', 'total_pages', pages);
  out['page'] = page;
  put(out, 'pageStart', 'page_start', offset + 1);
  if (page > 1) put(out, 'prevPage', 'prev_page', page - 1);
  if (page < pages) put(out, 'nextPage', 'next_page', page + 1);
  return out;
}

/** `more`: rows beyond the ones given, in the direction of the cursor or, without one, behind them. */
export function cursorPagination(window: Window, total: number, more: boolean, ends: { start?: string; end?: string }): JsonObject {
  const out: JsonObject = {};
  put(out, 'totalDocs', 'total_docs', total);
  out['limit'] = window.limit;
  const before = window.cursor?.before ?? false;
  put(out, 'hasNextPage', 'has_next_page', before || more);
  put(out, 'hasPrevPage', 'has_prev_page', window.cursor !== undefined && (before ? more : true));
  if (ends.start !== undefined) put(out, 'startCursor', 'start_cursor', ends.start);
  if (ends.end !== undefined) put(out, 'endCursor', 'end_cursor', ends.end);
  return out;
}

function put(out: JsonObject, camel: string, snake: string, value: JsonObject[string]): void {
  out[camel] = value;
  out[snake] = value;
}
