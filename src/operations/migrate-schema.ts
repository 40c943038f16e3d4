/**
 * The schema of a project's database: whether it is what the definitions ask for, and bringing it there, in one transaction.
 * A hash of the schema stands in `_ml_meta`, so that nothing is locked while nothing changed.
 */
import { contentSettings } from '../bindings/content-context.js';
import { absentTables, type SyncReport, schemaHash, syncSchema } from '../content/sync.js';
import type { Op } from '../domain/op.js';
import type { CheckedProject } from '../project/check-project.js';
import type { Db } from '../store/db.js';
import { getMeta, isMigrated, migrate, schemaVersion, setMeta } from '../store/sqlite/migrate.js';
import type { OpenedProject } from './open-project.js';

const HASH_KEY = 'schema_hash';

export interface SchemaStatus {
  /** Version of the system tables; 0 = not there yet. */
  version: number;
  systemTables: 'current' | 'outdated';
  projectTables: 'current' | 'outdated';
}

const NOTHING: SyncReport = { created: [], altered: [], warnings: [] };

/** Reads only. DATABASE_NEWER when a newer version wrote the database. */
export function schemaStatus(opened: OpenedProject): Promise<SchemaStatus> {
  return opened.read(function* (db): Op<SchemaStatus> {
    const migrated = yield* isMigrated(db);
    const version = yield* schemaVersion(db);
    const current = migrated && (yield* getMeta(db, HASH_KEY)) === hashOf(opened.project);
    return { version, systemTables: migrated ? 'current' : 'outdated', projectTables: current ? 'current' : 'outdated' };
  });
}

/** Ends with what was changed; nothing when everything was current already. */
export async function bringUpToDate(opened: OpenedProject): Promise<SyncReport> {
  const status = await schemaStatus(opened);
  if (status.systemTables === 'current' && status.projectTables === 'current') return NOTHING;
  return await migrateSchema(opened);
}

/** Creates and alters whatever is missing, whether or not the hash says so. */
export function migrateSchema(opened: OpenedProject): Promise<SyncReport> {
  return opened.write('migrate', (db) => synchronise(db, opened.project));
}

/** Tables that the definitions have and the database has not. */
export function missingTables(db: Db, project: CheckedProject): Op<string[]> {
  return absentTables(db, project.registry, contentSettings(project.config, project.generation));
}

function* synchronise(db: Db, project: CheckedProject): Op<SyncReport> {
  yield* migrate(db);
  const report = yield* syncSchema(db, project.registry, contentSettings(project.config, project.generation));
  yield* setMeta(db, HASH_KEY, hashOf(project));
  return report;
}

function hashOf(project: CheckedProject): string {
  return schemaHash(project.registry, contentSettings(project.config, project.generation));
}
