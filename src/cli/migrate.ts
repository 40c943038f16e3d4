/** `moonlighter migrate`: brings the database's tables to what the definitions ask for. */
import type { Command } from 'commander';
import { migrateSchema, schemaStatus } from '../operations/migrate-schema.js';
import { loadAndCheck, OpenedProject, openProjectDatabase, refuseBroken } from '../operations/open-project.js';
import { action, type GlobalOptions, type Invocation, openOptions } from './command.js';
import { pairs } from './output.js';

export function registerMigrate(program: Command, invocation: Invocation): void {
  const migrate = program
    .command('migrate')
    .description('create and extend the tables of the project; never drops or rewrites data')
    .addHelpText('after', '\nCommands do this by themselves when definitions have changed; `migrate status` only looks.');
  action<GlobalOptions>(migrate, invocation, ({ output }, options) =>
    withDatabase(invocation, options, true, async (opened) => {
      const report = await migrateSchema(opened);
      output.result(report, () => {
        const lines = [...report.created.map((name) => `Created ${name}`), ...report.altered.map((name) => `Altered ${name}`)];
        return lines.length === 0 ? 'The database is up to date.' : lines.join('\n');
      });
      for (const warning of report.warnings) output.note(`warning: ${warning}`);
    }),
  );

  const status = migrate.command('status').description('whether the tables are what the definitions ask for; changes nothing');
  action<GlobalOptions>(status, invocation, ({ output }, options) =>
    withDatabase(invocation, options, false, async (opened) => {
      const { version, systemTables, projectTables } = await schemaStatus(opened);
      output.result({ database: opened.databasePath, version, system_tables: systemTables, project_tables: projectTables }, () =>
        pairs([
          ['Database', opened.databasePath],
          ['Version', String(version)],
          ['System', systemTables],
          ['Project', projectTables],
        ]),
      );
    }),
  );
}

/** Without bringing it up to date first. */
async function withDatabase(
  invocation: Invocation,
  options: GlobalOptions,
  create: boolean,
  body: (opened: OpenedProject) => Promise<void>,
): Promise<void> {
  const project = await loadAndCheck(openOptions(invocation, options));
  refuseBroken(project);
  const opened = new OpenedProject(project, openProjectDatabase(project, create));
  try {
    await body(opened);
  } finally {
    await opened.close();
  }
}
