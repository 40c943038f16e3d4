/** `moonlighter doctor`: the state of the database and what stands around it; with --repair what is safe is mended. */
import type { Command } from 'commander';
import type { Finding } from '../operations/doctor.js';
import { action, expectLittleLua, type GlobalOptions, type Invocation, openOptions } from './command.js';
import { EXIT } from './exit-codes.js';

interface Options extends GlobalOptions {
  repair?: boolean;
  quick?: boolean;
}

const HELP = `
Without --repair it only reads; hosts may run meanwhile. --repair works in one transaction, prints what it did, and removes no data of yours.
Whether the promises were kept is another question: moonlighter verify.`;

export function registerDoctor(command: Command, invocation: Invocation): void {
  command
    .option('--repair', 'mend what is safe to mend')
    .option('--quick', 'leave out what reads the whole file: indexes, texts of search tables, references')
    .addHelpText('after', HELP);
  action<Options>(command, invocation, async ({ output }, options) => {
    expectLittleLua();
    const { runDoctor } = await import('../operations/run-doctor.js');
    const { OpenedProject, loadAndCheck, openProjectDatabase } = await import('../operations/open-project.js');
    const project = await loadAndCheck(openOptions(invocation, options));
    const opened = new OpenedProject(project, openProjectDatabase(project, false));
    try {
      const report = await runDoctor(opened, options);
      const { ok, repaired, findings } = report;
      output.result(report, () =>
        [...repaired.map((line) => `repaired: ${line}`), ...findings.map(text), ...(ok ? ['healthy'] : [])].join('\n'),
      );
      return ok ? EXIT.done : EXIT.failed;
    } finally {
      await opened.close();
    }
  });
}

function text({ code, level, message, remedy }: Finding): string {
  return `${level === 'note' ? 'note: ' : ''}${code}: ${message}\n  ${remedy}`;
}
