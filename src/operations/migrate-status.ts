/** Which migrations of a project are applied, which wait, and which are applied without a file. */
import { listMigrations, type MigrationFile } from '../project/migrations.js';
import { appliedMigrations } from '../store/sqlite/migrations.js';
import { migrationFiles } from './migrate-step.js';
import type { OpenedProject } from './open-project.js';

export interface MigrationView {
  name: string;
  /** missing: applied, but its file is not there. */
  status: 'applied' | 'pending' | 'missing';
  /** ISO 8601; null where it is not applied, or nobody noted when. */
  applied_at: string | null;
}

/** Reads only; by name. HostError PROJECT_UNREADABLE. */
export async function migrationStatus(opened: OpenedProject): Promise<MigrationView[]> {
  const applied = new Map((await opened.read(appliedMigrations)).map((row) => [row.filename, isoOf(row.appliedAt)]));
  const present = migrationFiles(opened).map(({ name }): MigrationView => {
    const at = applied.get(name);
    applied.delete(name);
    return at === undefined ? { name, status: 'pending', applied_at: null } : { name, status: 'applied', applied_at: at };
  });
  const missing = [...applied].map(([name, at]): MigrationView => ({ name, status: 'missing', applied_at: at }));
  return [...present, ...missing].sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
}

/** Of `files`, in their order, those that are not applied; default all of the project, none where its folder cannot be read. */
export async function pendingMigrations(
  opened: OpenedProject,
  files: readonly MigrationFile[] = listMigrations(opened.project.dir).files,
): Promise<MigrationFile[]> {
  if (files.length === 0) return [];
  const applied = new Set((await opened.read(appliedMigrations)).map(({ filename }) => filename));
  return files.filter(({ name }) => !applied.has(name));
}

function isoOf(text: string | null): string | null {
  const at = text === null ? Number.NaN : Date.parse(`${text.replace(' ', 'T').replace(/Z$/, '')}Z`);
  return Number.isNaN(at) ? null : new Date(at).toISOString();
}
