/** `moonlighter jobs why`: what holds a run back, or what became of it. */
import type { Command } from 'commander';
import { attemptHeading } from './attempt-text.js';
import { action, type GlobalOptions, type Invocation, withProject } from './command.js';

export function registerJobsWhy(parent: Command, invocation: Invocation): void {
  const command = parent.command('why <id>').description('why a run is not running, or what its attempts did');
  action<GlobalOptions, [string]>(command, invocation, ({ output }, options, id) =>
    withProject(invocation, options, async (opened) => {
      const { explainRun } = await import('../operations/explain-run.js');
      const { run, reasons, attempts } = await explainRun(opened, id);
      const document = { id: run.id, slug: run.slug, status: run.status, reasons, attempts };
      output.result(document, () => {
        const heading = `${run.slug} ${run.id} is ${run.status}, attempt ${run.attempt} of ${run.max_attempts}`;
        return [heading, ...reasons.map(({ text }) => `  ${text}`), ...attempts.map((attempt) => `  ${attemptHeading(attempt)}`)].join(
          '\n',
        );
      });
    }),
  );
}
