/** Make migration: a new file in migrations/, named by the instant, so that it is applied after those that are there. */
import { listMigrations, MIGRATIONS_FOLDER, migrationFileName } from '../project/migrations.js';
import { requireSlug, type ScaffoldRequest, writeScaffold } from './scaffold.js';

export interface MakeMigrationRequest extends ScaffoldRequest {
  name: string;
  /** Epoch ms; default now. */
  at?: number;
}

export interface MadeMigration {
  name: string;
  path: string;
}

/** Takes the next second where another migration has this one. UsageError INVALID_SLUG; RefusedError FILE_EXISTS. */
export function makeMigration({ dir, name, at = Date.now(), force }: MakeMigrationRequest): MadeMigration {
  requireSlug(name);
  const taken = new Set(listMigrations(dir).files.map((file) => file.name.slice(0, 14)));
  let instant = at;
  while (!force && taken.has(migrationFileName(name, instant).slice(0, 14))) instant += 1000;
  const [path] = writeScaffold(dir, { [`${MIGRATIONS_FOLDER}/${migrationFileName(name, instant)}`]: MIGRATION_TEXT }, force);
  return { name, path: path! };
}

const MIGRATION_TEXT = `local M = {}

-- All of crap.* with full access, in one transaction: an error undoes everything.
function M.up()
end

-- Undoes what up did, as far as it can be undone.
function M.down()
end

return M
`;
