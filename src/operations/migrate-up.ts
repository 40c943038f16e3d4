/** Migrate up: the tables first, then every migration that is not applied yet, in the order of their names. */
import type { SyncReport } from '../content/sync.js';
import { migrateSchema } from './migrate-schema.js';
import { pendingMigrations } from './migrate-status.js';
import { type MigrateOptions, migrationFiles, takeSteps } from './migrate-step.js';
import type { OpenedProject } from './open-project.js';

export interface UpReport extends SyncReport {
  /** File names in the order in which they were applied. */
  applied: string[];
}

export interface UpOptions extends MigrateOptions {
  /** The tables are as they should be; called before the first migration. */
  tables?(report: SyncReport): void;
}

/** HostError MIGRATION_FAILED, as takeSteps; what was applied before it stays, and so do the tables. */
export async function migrateUp(opened: OpenedProject, options: UpOptions = {}): Promise<UpReport> {
  const files = migrationFiles(opened);
  const schema = await migrateSchema(opened);
  options.tables?.(schema);
  const applied = await takeSteps(opened, await pendingMigrations(opened, files), 'up', options);
  return { ...schema, applied };
}
