/** `moonlighter migrate`: brings the database's tables to what the definitions ask for, and executes the project's migrations. */
import type { Command } from 'commander';
import type { MigrationView } from '../operations/migrate-status.js';
import type { UpReport } from '../operations/migrate-up.js';
import type { OpenedProject } from '../operations/open-project.js';
import { action, expectLittleLua, foreground, type GlobalOptions, type Invocation, openOptions } from './command.js';
import { integer } from './options.js';
import { instant, type Output, pairs, plural, table } from './output.js';

type Tables = Pick<UpReport, 'created' | 'altered' | 'warnings'>;

interface DownOptions extends GlobalOptions {
  steps: number;
}

const UP_TO_DATE = 'The database is up to date.';

const HELP = `
Without a subcommand the tables alone are created and extended; commands do that by themselves when definitions have changed.
Migrations are migrations/*.lua, in the order of their names; \`make migration\` writes one. Each is one transaction with full access
to crap.*; one that fails leaves nothing behind, those before it stay.

Examples:
  moonlighter make migration seed_posts
  moonlighter migrate up
  moonlighter migrate down --steps 2`;

export function registerMigrate(migrate: Command, invocation: Invocation): void {
  migrate.addHelpText('after', HELP);
  action<GlobalOptions>(migrate, invocation, ({ output }, options) =>
    withDatabase(invocation, options, true, async (opened) => {
      const { migrateSchema } = await import('../operations/migrate-schema.js');
      const { migrationStatus } = await import('../operations/migrate-status.js');
      const report = await migrateSchema(opened);
      output.result(report, () => changes(report) || UP_TO_DATE);
      warn(output, report);
      const pending = (await migrationStatus(opened)).filter(({ status }) => status === 'pending');
      if (pending.length > 0) output.note(`${plural(pending.length, 'migration')} not applied yet: moonlighter migrate up`);
    }),
  );

  const up = migrate.command('up').description('the tables, then every migration that is not applied yet');
  action<GlobalOptions>(up, invocation, ({ output }, options) =>
    withDatabase(invocation, options, true, async (opened) => {
      const { migrationStatus } = await import('../operations/migrate-status.js');
      const { migrateUp } = await import('../operations/migrate-up.js');
      const report = await migrateUp(opened, {
        ...foreground(invocation, {}),
        tables: (tables) => {
          if (!output.json) output.line(changes(tables));
          warn(output, tables);
        },
        done: progress(output, 'Applied'),
      });
      const idle = report.applied.length + report.created.length + report.altered.length === 0;
      output.result(report, () => (idle ? UP_TO_DATE : ''));
      warnMissing(output, await migrationStatus(opened));
    }),
  );

  const down = migrate
    .command('down')
    .description('undo the migrations applied last, the newest first')
    .option('-s, --steps <n>', 'how many', integer('--steps', 1), 1);
  action<DownOptions>(down, invocation, ({ output }, options) =>
    withDatabase(invocation, options, false, async (opened) => {
      const { migrateDown } = await import('../operations/migrate-down.js');
      const done = progress(output, 'Rolled back');
      const report = await migrateDown(opened, { ...foreground(invocation, {}), steps: options.steps, done });
      output.result(report, () => (report.rolled_back.length === 0 ? 'No migration is applied.' : ''));
    }),
  );

  const status = migrate
    .command('status')
    .alias('list')
    .description('whether the tables are what the definitions ask for, and which migrations are applied; changes nothing');
  action<GlobalOptions>(status, invocation, ({ output }, options) =>
    withDatabase(invocation, options, false, async (opened) => {
      const { schemaStatus } = await import('../operations/migrate-schema.js');
      const { migrationStatus } = await import('../operations/migrate-status.js');
      const { version, systemTables, projectTables } = await schemaStatus(opened);
      const migrations = await migrationStatus(opened);
      const database = opened.databasePath;
      output.result({ database, version, system_tables: systemTables, project_tables: projectTables, migrations }, () => {
        const schema = pairs([
          ['Database', database],
          ['Version', String(version)],
          ['System', systemTables],
          ['Project', projectTables],
        ]);
        return migrations.length === 0 ? schema : `${schema}\n\n${migrationTable(migrations)}`;
      });
      warnMissing(output, migrations);
    }),
  );
}

function migrationTable(migrations: readonly MigrationView[]): string {
  return table(
    ['Migration', 'Status', 'Applied'],
    migrations.map(({ name, status, applied_at }) => [name, status, instant(applied_at)]),
  );
}

function changes({ created, altered }: Tables): string {
  return [...created.map((name) => `Created ${name}`), ...altered.map((name) => `Altered ${name}`)].join('\n');
}

/** A line as each is committed, so that what was done is seen also where a later one fails. */
function progress(output: Output, verb: string): (filename: string) => void {
  return (filename) => output.json || output.line(`${verb} ${filename}`);
}

function warn(output: Output, { warnings }: Tables): void {
  for (const warning of warnings) output.note(`warning: ${warning}`);
}

function warnMissing(output: Output, migrations: readonly MigrationView[]): void {
  for (const { name, status } of migrations) {
    if (status === 'missing')
      output.note(`warning: ${name} is applied, but its file is not in migrations/; it cannot be undone without it`);
  }
}

/** Without bringing it up to date first. */
async function withDatabase(
  invocation: Invocation,
  options: GlobalOptions,
  create: boolean,
  body: (opened: OpenedProject) => Promise<void>,
): Promise<void> {
  expectLittleLua();
  const opening = await import('../operations/open-project.js');
  const project = await opening.loadAndCheck(openOptions(invocation, options));
  opening.refuseBroken(project);
  const opened = new opening.OpenedProject(project, opening.openProjectDatabase(project, create));
  try {
    await body(opened);
  } finally {
    await opened.close();
  }
}
