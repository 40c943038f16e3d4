/** Listing and naming of migrations, and what `check` says of them without executing anything. */
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { checkProject } from '../../src/project/check-project.js';
import { listMigrations, migrationFileName } from '../../src/project/migrations.js';
import { engines } from '../support/engines.js';
import { createProject, type ProjectFolder } from '../support/project.js';

let project: ProjectFolder | undefined;
afterEach(() => project?.dispose());

it('takes the *.lua files directly in the folder, by the bytes of their names', async () => {
  project = await createProject({
    'migrations/20260102000000_b.lua': '',
    'migrations/20260101000000_a.lua': '',
    'migrations/20260101000000_B.lua': '',
    'migrations/20260101000000_a.lua.bak': '',
    'migrations/README.md': '',
    'migrations/.lua': '',
    'migrations/old/20250101000000_x.lua': '',
    'migrations/folder.lua/x.txt': '',
  });
  const { files } = listMigrations(project.dir);
  expect(files.map(({ name }) => name)).toEqual(['20260101000000_B.lua', '20260101000000_a.lua', '20260102000000_b.lua']);
  expect(files[0]!.path).toBe(join(project.dir, 'migrations/20260101000000_B.lua'));
});

it('a project without the folder has none; a file in its place is named', async () => {
  project = await createProject({});
  expect(listMigrations(project.dir)).toEqual({ files: [], problems: [] });
  await project.write({ migrations: 'not a folder' });
  expect(listMigrations(project.dir)).toMatchObject({ files: [], problems: [{ severity: 'error', code: 'PROJECT_UNREADABLE' }] });
});

it('warns of names that say no instant, and of an instant twice', async () => {
  project = await createProject({
    'migrations/20260101000000_a.lua': 'return {}',
    'migrations/20260101000000_b.lua': 'return {}',
    'migrations/seed.lua': 'return {}',
  });
  expect(listMigrations(project.dir).problems.map(({ code, file }) => [code, file])).toEqual([
    ['MIGRATION_NAME', 'migrations/20260101000000_b.lua'],
    ['MIGRATION_NAME', 'migrations/seed.lua'],
  ]);
});

it('names files by the instant in UTC', () => {
  expect(migrationFileName('seed_posts', Date.UTC(2026, 0, 2, 3, 4, 5, 678))).toBe('20260102030405_seed_posts.lua');
});

describe.each(engines)('check on $name', ({ name }) => {
  it('says which migration does not parse, at which line, and executes none', async () => {
    project = await createProject({
      'moonlighter.toml': `[lua]\nengine = "${name}"\n`,
      'migrations/20260101000000_good.lua': 'error("executed")\nreturn { up = function() end } -- end',
      'migrations/20260102000000_bad.lua': 'local M = {}\nfunction M.up(\nreturn M\n',
      'migrations/20260103000000_closes.lua': 'return {} end error("executed") do\n',
    });
    await mkdir(join(project.dir, 'elsewhere'));
    await symlink(join(project.dir, 'nowhere'), join(project.dir, 'migrations/20260104000000_link.lua'));
    const { problems } = await checkProject(project.dir);
    expect(problems.map(({ severity, code, file, line }) => [severity, code, file, line])).toEqual([
      ['warning', 'LUA_SYNTAX', 'migrations/20260102000000_bad.lua', 3],
      ['warning', 'LUA_SYNTAX', 'migrations/20260103000000_closes.lua', 1],
      ['warning', 'MIGRATION_INVALID', 'migrations/20260104000000_link.lua', undefined],
    ]);
  });
});
