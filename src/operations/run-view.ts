/** A run as every surface shows it: stable snake_case keys, instants in ISO form, data and result decoded. */
import type { Json } from '../domain/json.js';
import { parseJson } from '../domain/json-text.js';
import type { Run } from '../domain/run.js';

export interface RunView {
  id: string;
  slug: string;
  status: Run['status'];
  queue: string;
  attempt: number;
  max_attempts: number;
  scheduled_by: string | null;
  priority: number;
  unique_key: string | null;
  data: Json;
  result: Json;
  /** Why it did not complete, or what its last attempt failed with. */
  error: string | null;
  /** Of a completed run: what an attempt before failed with, where the row says so (generation 8, and rows that crap-cms completed). */
  earlier_error: string | null;
  created_at: string | null;
  due_at: string | null;
  started_at: string | null;
  completed_at: string | null;
}

export function viewOf(run: Run): RunView {
  return {
    id: run.id,
    slug: run.slug,
    status: run.status,
    queue: run.queue,
    attempt: run.attempt,
    max_attempts: run.maxAttempts,
    scheduled_by: run.scheduledBy,
    priority: run.priority,
    unique_key: run.uniqueKey,
    data: decode(run.data),
    result: run.result === null ? null : decode(run.result),
    error: run.status === 'completed' ? null : run.error,
    earlier_error: run.status === 'completed' ? run.error : null,
    created_at: iso(run.createdAt),
    due_at: iso(run.dueAt),
    started_at: iso(run.startedAt),
    completed_at: iso(run.completedAt),
  };
}

/** Text that is no JSON (another program may have written the row) is shown as the text that it is. */
function decode(text: string): Json {
  if (text === '') return null;
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}

/** The last instant of a JavaScript date. */
export const LAST_INSTANT = 8.64e15;

/** Instants beyond the calendar, which a row may hold, are shown as its ends. */
export function iso(at: number | null): string | null {
  return at === null || Number.isNaN(at) ? null : new Date(Math.max(Math.min(at, LAST_INSTANT), -LAST_INSTANT)).toISOString();
}
