/** `moonlighter types`: classes for editors, of the `crap` table and of this project. */
import type { Command } from 'commander';
import { type TypesFile, type TypesReport, writeTypes } from '../operations/write-types.js';
import { action, type GlobalOptions, type Invocation, openOptions } from './command.js';
import { EXIT } from './exit-codes.js';
import { plural } from './output.js';

interface TypesOptions extends GlobalOptions {
  out?: string;
  check?: boolean;
  force?: boolean;
}

const SAID: Record<TypesFile['state'], string> = {
  written: 'written',
  unchanged: 'unchanged',
  removed: 'removed',
  missing: 'is missing',
  outdated: 'is out of date',
  obsolete: 'is of the other generation',
};

export function registerTypes(program: Command, invocation: Invocation): void {
  const command = program
    .command('types')
    .description('write types for editors: the crap table, and classes for this project’s collections, globals and jobs')
    .option('--out <dir>', 'the folder of the files (default: types in the project)')
    .option('--check', 'write nothing; exit 1 when the files are not up to date')
    .option('--force', 'write over files that were not generated')
    .addHelpText('after', '\nExamples:\n  moonlighter types\n  moonlighter types --check        in CI');
  action<TypesOptions>(command, invocation, async ({ output }, options) => {
    const { out, check, force } = options;
    const report = await writeTypes(openOptions(invocation, options), { ...(out !== undefined && { out }), check, force });
    output.result(report, () => reportText(report));
    if (!report.ok) output.note('  moonlighter types writes them');
    return report.ok ? EXIT.done : EXIT.failed;
  });
}

function reportText({ files, counts }: TypesReport): string {
  const known = [plural(counts.collections, 'collection'), plural(counts.globals, 'global'), plural(counts.jobs, 'job')].join(', ');
  return [...files.map(({ path, state }) => `${path} ${SAID[state]}`), `Types of ${known}`].join('\n');
}
