/** crap.collections.restore_version (Lua API 4.12): a version of the document becomes what is stored, in every locale; one savepoint. */
import type { Op } from '../domain/op.js';
import { allowRows, overrides } from './access.js';
import { noteChange } from './changes.js';
import type { ContentContext, Document } from './context.js';
import { timestamp } from './date.js';
import { refused } from './failure.js';
import { deniedFields, strip } from './field-access.js';
import { restoresStatus } from './generation.js';
import { collectionPlan, type Plan } from './plan.js';
import { whatIsStored } from './published.js';
import { checkOptions, type QueryOptions } from './query.js';
import { documentOf, selectSql } from './read.js';
import { countReferences, referencesOf } from './references.js';
import { requireRow } from './row-access.js';
import { refreshSearch } from './search.js';
import { hydrate } from './side-read.js';
import { writeState } from './snapshot.js';
import { validateState } from './validate-state.js';
import { addVersion, requireVersions, type Status, versionById } from './version-rows.js';
import type { ColumnValues } from './write-columns.js';

/** No hooks; what is restored is validated again and gets a version of its own. Ends with the complete document. */
export function* restoreVersion(ctx: ContentContext, slug: string, id: string, versionId: string, options: QueryOptions): Op<Document> {
  const plan = collectionPlan(ctx, slug);
  checkOptions(ctx, options, 'restore_version');
  requireVersions(plan);
  const override = overrides(ctx, options);
  const constraint = override ? undefined : yield* allowRows(ctx, plan.access.update, 'Update', id);
  return yield* ctx.db.savepoint(function* () {
    if (constraint) yield* requireRow(ctx, plan, id, constraint, 'Update');
    yield* restoreInside(ctx, plan, id, versionId);
    const document = yield* stored(ctx, plan, id);
    noteChange(ctx, plan, options, 'update', document);
    if (!override) strip(plan, yield* deniedFields(ctx, plan, 'read'), document);
    return document;
  });
}

/** Also of globals. */
export function* restoreInside(ctx: ContentContext, plan: Plan, id: string, versionId: string): Op<void> {
  const version = yield* versionById(ctx, plan, id, versionId);
  const status: Status = restoresStatus(ctx.settings.generation) && plan.drafts && version.status === 'draft' ? 'draft' : 'published';
  const draft = status === 'draft';
  const stored = draft ? undefined : yield* whatIsStored(ctx, plan, id);
  yield* validateState(ctx, plan, version.state, { id, draft, stored });
  const before = yield* referencesOf(ctx, plan, id);
  const system: ColumnValues = { names: [], values: [] };
  if (plan.drafts) {
    system.names.push('_status');
    system.values.push(status);
  }
  if (plan.timestamps) {
    system.names.push('updated_at');
    system.values.push(timestamp(ctx.clock.now()));
  }
  yield* writeState(ctx, plan, id, version.state, system);
  yield* countReferences(ctx, before, yield* referencesOf(ctx, plan, id));
  yield* refreshSearch(ctx, plan, id);
  yield* addVersion(ctx, plan, id, status);
}

function* stored(ctx: ContentContext, plan: Plan, id: string): Op<Document> {
  const live = plan.softDelete ? ' AND _deleted_at IS NULL' : '';
  const row = yield* ctx.db.get(`${selectSql(plan, ctx.db.dialect, ctx.settings, undefined)} WHERE id = ?${live}`, [id]);
  if (!row) throw refused('DOCUMENT_NOT_FOUND', 'Document not found after update', { id });
  const document = documentOf(plan, ctx.settings, row, { locale: undefined });
  yield* hydrate(ctx, plan, [document], { locale: undefined });
  return document;
}
