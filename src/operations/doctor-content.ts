/** Doctor, the project's own tables: whether they are what the definitions ask for, search tables and counts of references against the documents. */
import { contentSettings } from '../bindings/content-context.js';
import { auditReferences, type Miscount } from '../content/reference-audit.js';
import { repairCounts, slicesOf } from '../content/reference-repair.js';
import { remakeSearch, staleSearch } from '../content/search-audit.js';
import type { Op } from '../domain/op.js';
import type { Db } from '../store/db.js';
import type { DatabaseState } from '../store/history.js';
import type { Add } from './doctor.js';
import { missingTables, schemaStatus } from './migrate-schema.js';
import type { OpenedProject } from './open-project.js';

export interface ContentState {
  /** Collections whose search table is to be made anew. */
  search: string[];
  miscounts: Miscount[];
}

export const SOUND: ContentState = { search: [], miscounts: [] };

const REPAIR = 'run `moonlighter doctor --repair`';

/** `full`: texts of search tables and counts of references too, which reads every document. The project must be valid. */
export async function examineContent(opened: OpenedProject, state: DatabaseState, full: boolean, add: Add): Promise<ContentState> {
  const { registry, config, generation } = opened.project;
  const settings = contentSettings(config, generation);
  const missing = await opened.read((db) => missingTables(db, opened.project));
  if (missing.length > 0) {
    add(
      'problem',
      'TABLES_MISSING',
      `tables of the definitions are not there: ${missing.join(', ')}`,
      'run `moonlighter migrate`; what stood in them comes back from a backup only',
      true,
    );
    return SOUND;
  }
  const { projectTables } = await schemaStatus(opened);
  if (projectTables === 'outdated') {
    const remedy = 'the next host or command that opens the project brings them up to date, or `moonlighter migrate`';
    add('note', 'TABLES_OUTDATED', 'the definitions have changed since the tables were made', remedy, true);
    return SOUND;
  }
  const broken = state.damagedSearch.map((table) => table.slice('_fts_'.length)).filter((slug) => registry.collections.has(slug));
  const sound = { collections: new Map([...registry.collections].filter(([slug]) => !broken.includes(slug))), globals: registry.globals };
  const stale = await opened.read((db) => staleSearch(db, sound, settings, full));
  const search = [...broken, ...stale].sort();
  if (search.length > 0) {
    const message = `the search tables of ${search.join(', ')} do not have the live documents as they are`;
    add('problem', 'SEARCH_INCOMPLETE', message, REPAIR, true);
  }
  if (!full) return { search, miscounts: [] };
  const { miscounts, dangling } = await opened.read((db) => auditReferences(db, registry, settings));
  const [first] = miscounts;
  if (first) {
    const example = `${first.collection}/${first.id} is said to be referenced by ${first.counted} and is by ${first.real}`;
    const message = `${miscounts.length} document(s) carry a wrong count of references: ${example}; by it deleting is allowed or refused`;
    add('problem', 'REFERENCE_MISCOUNT', message, REPAIR, true);
  }
  if (dangling > 0) {
    const message = `${dangling} reference(s) point at documents that are not there`;
    add('note', 'REFERENCE_DANGLING', message, 'they read as nothing; whoever writes these documents next should choose others');
  }
  return { search, miscounts };
}

/** In the caller's transaction. Ends with what was done, a sentence each. */
export function* repairSearch(db: Db, { project }: OpenedProject, { search }: ContentState): Op<string[]> {
  if (search.length === 0) return [];
  yield* remakeSearch(db, project.registry, contentSettings(project.config, project.generation), search);
  return [`filled the search tables of ${search.join(', ')}`];
}

/** In slices, each with a transaction of its own and a pause behind it in which others write. Ends with what was done, a sentence each. */
export async function repairReferences(opened: OpenedProject, { miscounts }: ContentState): Promise<string[]> {
  if (miscounts.length === 0) return [];
  const { registry, config, generation } = opened.project;
  const settings = contentSettings(config, generation);
  let repaired = 0;
  for (const slice of slicesOf(miscounts, settings)) {
    const begun = performance.now();
    // Counted again under the lock: documents may have been written since the look.
    repaired += await opened.write('doctor', (db) => repairCounts(db, registry, settings, slice));
    const held = performance.now() - begun;
    await new Promise((resolve) => setTimeout(resolve, held));
  }
  return [`counted the references of ${repaired} document(s) anew`];
}
