/** `moonlighter types`: classes for editors, of the `crap` table and of this project. */
import type { Command } from 'commander';
import { messageOf, UsageError } from '../domain/errors.js';
import type { TypesFile } from '../operations/types-files.js';
import type { TsTypesReport } from '../operations/write-ts-types.js';
import type { TypesReport } from '../operations/write-types.js';
import { action, type GlobalOptions, type Invocation, openOptions } from './command.js';
import { EXIT } from './exit-codes.js';
import { plural } from './output.js';

interface TypesOptions extends GlobalOptions {
  out?: string;
  check?: boolean;
  force?: boolean;
  ts?: boolean;
  jobs?: string;
  watch?: boolean;
}

const SAID: Record<TypesFile['state'], string> = {
  written: 'written',
  unchanged: 'unchanged',
  removed: 'removed',
  missing: 'is missing',
  outdated: 'is out of date',
  obsolete: 'is of the other generation',
};

export function registerTypes(command: Command, invocation: Invocation): void {
  command
    .option('--out <path>', 'the folder of the files (default: types), or with --ts the file (default: generated/jobs.ts)')
    .option('--check', 'write nothing; exit 1 when the files are not up to date')
    .option('--force', 'write over files that were not generated')
    .option('--ts', 'for TypeScript: the slugs of the jobs with the data and result of each')
    .option('--jobs <module>', 'with --ts: compiled JavaScript that exports jobs of defineJob')
    .option('--watch', 'with --ts: write it again when the project changes, until Ctrl-C')
    .addHelpText(
      'after',
      '\nExamples:\n  moonlighter types\n  moonlighter types --check        in CI\n  moonlighter types --ts --jobs dist/jobs.js --watch',
    );
  action<TypesOptions>(command, invocation, async ({ output, signals }, options) => {
    const { watchTsTypes } = await import('../operations/watch-ts-types.js');
    const { writeTsTypes } = await import('../operations/write-ts-types.js');
    const { writeTypes } = await import('../operations/write-types.js');
    const { out, check, force, ts, jobs, watch } = options;
    if (!ts && (jobs !== undefined || watch)) throw new UsageError('INVALID_OPTION', '--jobs and --watch belong to --ts');
    if (ts) {
      const ask = { ...(out !== undefined && { out }), ...(jobs !== undefined && { jobs }), check, force };
      const written = (report: TsTypesReport) => output.result(report, () => tsText(report));
      if (watch) {
        const failed = (error: unknown) => output.note(messageOf(error));
        await watchTsTypes(openOptions(invocation, options), ask, signals.signal, { written, failed });
        return EXIT.done;
      }
      const report = await writeTsTypes(openOptions(invocation, options), ask);
      written(report);
      return report.ok ? EXIT.done : EXIT.failed;
    }
    const report = await writeTypes(openOptions(invocation, options), { ...(out !== undefined && { out }), check, force });
    output.result(report, () => reportText(report));
    if (!report.ok) output.note('  moonlighter types writes them');
    return report.ok ? EXIT.done : EXIT.failed;
  });
}

function tsText({ file, slugs }: TsTypesReport): string {
  return `${file.path} ${SAID[file.state]}\nTypes of ${plural(slugs.length, 'job')}`;
}

function reportText({ files, counts }: TypesReport): string {
  const known = [plural(counts.collections, 'collection'), plural(counts.globals, 'global'), plural(counts.jobs, 'job')].join(', ');
  return [...files.map(({ path, state }) => `${path} ${SAID[state]}`), `Types of ${known}`].join('\n');
}
