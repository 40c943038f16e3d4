/** Migrate down: calls `down` of the migrations applied last. The tables stay as they are. */
import { NotFoundError } from '../domain/errors.js';
import { appliedMigrations } from '../store/sqlite/migrations.js';
import { type MigrateOptions, migrationFiles, takeSteps } from './migrate-step.js';
import type { OpenedProject } from './open-project.js';

export interface DownRequest extends MigrateOptions {
  /** How many; default 1. More than are applied is all of them. */
  steps?: number;
}

export interface DownReport {
  /** File names, the last applied first. */
  rolled_back: string[];
}

/** NotFoundError MIGRATION_MISSING before anything is done where a file is not there; HostError MIGRATION_FAILED, as takeSteps. */
export async function migrateDown(opened: OpenedProject, { steps = 1, ...options }: DownRequest = {}): Promise<DownReport> {
  const applied = (await opened.read(appliedMigrations)).slice(0, steps);
  const files = new Map(migrationFiles(opened).map((file) => [file.name, file]));
  const chosen = applied.map(({ filename }) => {
    const file = files.get(filename);
    if (file) return file;
    throw new NotFoundError('MIGRATION_MISSING', `migration ${filename} is applied, but its file is not in migrations/`, {
      remedy: 'put the file back: its `down` says how it is undone; nothing was changed',
      details: { migration: filename },
    });
  });
  return { rolled_back: await takeSteps(opened, chosen, 'down', options) };
}
