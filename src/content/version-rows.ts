/** The rows of `_versions_{table}`: one a write, numbered from 1 for each document, the oldest pruned beyond max_versions (Lua API 4.12). */
import { nanoid } from 'nanoid';
import type { JsonObject } from '../domain/json.js';
import { JsonTextError, parseJson, stringifyJson } from '../domain/json-text.js';
import type { Op } from '../domain/op.js';
import { BindingError } from '../lua/errors.js';
import type { Row } from '../store/db.js';
import type { ContentContext } from './context.js';
import { refused } from './failure.js';
import type { Plan } from './plan.js';
import { type DocumentState, decodeState, encodeState, readState } from './snapshot.js';
import { isObject } from './value-text.js';

export type Status = 'draft' | 'published';

export interface Version {
  id: string;
  version: number;
  status: string;
  latest: boolean;
  state: DocumentState;
  /** Of the document when it was taken. */
  times: { created_at?: string; updated_at?: string };
}

export function versionsTable(ctx: ContentContext, plan: Plan): string {
  return ctx.db.dialect.ident(`_versions_${plan.table}`);
}

/** Throws for a collection or global without versions. */
export function requireVersions(plan: Plan): void {
  if (plan.definition.versions) return;
  const kind = plan.isGlobal ? 'Global' : 'Collection';
  throw refused('VERSIONS_OFF', `${kind} '${plan.slug}' does not have versioning enabled`);
}

/** Takes a version of the stored document, where the definition keeps versions. */
export function* addVersion(ctx: ContentContext, plan: Plan, id: string, status: Status): Op<void> {
  if (!plan.definition.versions) return;
  const state = yield* readState(ctx, plan, id);
  if (state) yield* addVersionOf(ctx, plan, id, status, state);
}

export function* addVersionOf(ctx: ContentContext, plan: Plan, id: string, status: Status, state: DocumentState): Op<void> {
  const table = versionsTable(ctx, plan);
  const snapshot: JsonObject = { ...encodeState(plan, state) };
  if (plan.drafts) snapshot['_status'] = status;
  if (plan.timestamps) Object.assign(snapshot, yield* timesOf(ctx, plan, id));
  const newest = yield* ctx.db.get(`SELECT MAX(_version) AS n FROM ${table} WHERE _parent = ?`, [id]);
  const version = Number(newest?.['n'] ?? 0) + 1;
  yield* ctx.db.run(`UPDATE ${table} SET _latest = 0 WHERE _parent = ? AND _latest = 1`, [id]);
  yield* ctx.db.run(`INSERT INTO ${table} (id, _parent, _version, _status, _latest, snapshot) VALUES (?, ?, ?, ?, 1, ?)`, [
    nanoid(),
    id,
    version,
    status,
    stringifyJson(snapshot),
  ]);
  const limit = plan.definition.versions?.maxVersions ?? 0;
  // Numbers have no gaps but at the old end, which is the one that goes.
  if (limit > 0 && version > limit) yield* ctx.db.run(`DELETE FROM ${table} WHERE _parent = ? AND _version <= ?`, [id, version - limit]);
}

function* timesOf(ctx: ContentContext, plan: Plan, id: string): Op<Row> {
  const row = yield* ctx.db.get(`SELECT created_at, updated_at FROM ${ctx.db.dialect.ident(plan.table)} WHERE id = ?`, [id]);
  return row ?? {};
}

/** The newest version of a document when it is a draft: what the next draft builds on, and what reading drafts shows. */
export function* pendingDraft(ctx: ContentContext, plan: Plan, id: string): Op<Version | undefined> {
  if (!plan.drafts) return undefined;
  const row = yield* ctx.db.get(`SELECT * FROM ${versionsTable(ctx, plan)} WHERE _parent = ? ORDER BY _version DESC LIMIT 1`, [id]);
  return row?.['_status'] === 'draft' ? versionOf(plan, row) : undefined;
}

/** A version of this document; another document's is not found. */
export function* versionById(ctx: ContentContext, plan: Plan, id: string, versionId: string): Op<Version> {
  const row = yield* ctx.db.get(`SELECT * FROM ${versionsTable(ctx, plan)} WHERE id = ? AND _parent = ?`, [versionId, id]);
  if (!row) throw refused('VERSION_NOT_FOUND', `Version '${versionId}' not found`, { id: versionId });
  return versionOf(plan, row);
}

function versionOf(plan: Plan, row: Row): Version {
  const snapshot = snapshotOf(plan, row);
  const { created_at, updated_at } = snapshot;
  return {
    id: String(row['id']),
    version: Number(row['_version']),
    status: String(row['_status']),
    latest: Number(row['_latest']) === 1,
    state: decodeState(plan, snapshot),
    times: {
      ...(typeof created_at === 'string' && { created_at }),
      ...(typeof updated_at === 'string' && { updated_at }),
    },
  };
}

function snapshotOf(plan: Plan, row: Row): JsonObject {
  try {
    const json = parseJson(String(row['snapshot']));
    return isObject(json) ? json : {};
  } catch (error) {
    if (!(error instanceof JsonTextError)) throw error;
    const { id, _parent: document } = row;
    throw new BindingError('VERSION_DAMAGED', `Version '${id}' of '${document}' in '${plan.slug}' is no JSON: ${error.message}`, {
      remedy: `delete the row from _versions_${plan.table}, or restore it from a backup`,
      details: { id: String(id) },
      cause: error,
    });
  }
}
