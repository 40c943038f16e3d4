/** What the command line does with a project and its database as a whole, as methods of a host. */
import { UsageError } from '../domain/errors.js';
import { type CheckReport, check } from '../operations/check.js';
import { verifyAside } from '../operations/inspect-thread.js';
import { type DownReport, migrateDown } from '../operations/migrate-down.js';
import { migrateSchema, type SchemaStatus, schemaStatus } from '../operations/migrate-schema.js';
import { type MigrationView, migrationStatus } from '../operations/migrate-status.js';
import type { MigrateOptions } from '../operations/migrate-step.js';
import { migrateUp, type UpReport } from '../operations/migrate-up.js';
import type { OpenedProject, OpenOptions } from '../operations/open-project.js';
import type { VerifyReport } from '../operations/verify.js';
import { type TsTypesReport, type WriteTsOptions, writeTsTypes } from '../operations/write-ts-types.js';
import { type TypesReport, type WriteTypesOptions, writeTypes } from '../operations/write-types.js';

export interface MigrateStatus extends SchemaStatus {
  migrations: MigrationView[];
}

export interface MigrateOperations {
  /** Creates and extends the tables of the project; createHost has done so already. */
  tables(): Promise<Omit<UpReport, 'applied'>>;
  /** The tables, then every migration that is not applied yet, each its own transaction. HostError MIGRATION_FAILED: those before it stay. */
  up(options?: MigrateOptions): Promise<UpReport>;
  /** Undoes the `steps` (default 1) applied last. NotFoundError MIGRATION_MISSING, HostError MIGRATION_FAILED. */
  down(options?: MigrateOptions & { steps?: number }): Promise<DownReport>;
  /** Reads only. */
  status(): Promise<MigrateStatus>;
}

export function migrateOperations(opened: OpenedProject): MigrateOperations {
  return {
    tables: () => migrateSchema(opened),
    up: (options) => migrateUp(opened, options),
    down: (options) => migrateDown(opened, options),
    status: async () => ({ ...(await schemaStatus(opened)), migrations: await migrationStatus(opened) }),
  };
}

/** The files of the project as they are now, in a thread of its own; the host goes on with what it loaded. */
export function checkFiles(open: OpenOptions): Promise<CheckReport> {
  return check({ ...open, isolated: true });
}

/** `since`: what was before is not judged. */
export function verifyDatabase(opened: OpenedProject, since?: Date): Promise<VerifyReport> {
  return verifyAside(opened, since?.getTime());
}

export interface TypesOperations {
  /** Annotations for the Lua language server, as `moonlighter types`. ProjectError; RefusedError FILE_EXISTS; HostError FILE_NOT_WRITTEN. */
  lua(options?: WriteTypesOptions): Promise<TypesReport>;
  /** The module that fills `JobTypes`, as `moonlighter types --ts`. The same errors; HostError MODULE_UNUSABLE. */
  ts(options?: WriteTsOptions): Promise<TsTypesReport>;
}

/** `project` false: the folder is a throwaway one, so that `out` has to be named (UsageError INVALID_OPTION). */
export function typesOperations(open: OpenOptions, project: boolean): TypesOperations {
  const named = <T extends { out?: string }>(options: T): T => {
    if (project || options.out !== undefined) return options;
    throw new UsageError('INVALID_OPTION', 'out: expected a path, for a host without a project has no folder of its own', {
      remedy: "say where to write: { out: 'generated/jobs.ts' }",
    });
  };
  return {
    lua: async (options = {}) => await writeTypes(open, named(options)),
    ts: async (options = {}) => await writeTsTypes(open, named(options)),
  };
}
