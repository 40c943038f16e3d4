/** `moonlighter jobs logs`: what the attempts of a run wrote, also of those that were rolled back. */
import type { Command } from 'commander';
import { attemptText } from './attempt-text.js';
import { action, type GlobalOptions, type Invocation, withRuns } from './command.js';

export function registerJobsLogs(parent: Command, invocation: Invocation): void {
  const command = parent.command('logs <id>').description('the attempts of a run with their log lines and errors');
  action<GlobalOptions, [string]>(command, invocation, ({ output }, options, id) =>
    withRuns(invocation, options, async (opened) => {
      const { runAttempts } = await import('../operations/run-attempts.js');
      const attempts = await runAttempts(opened, id);
      output.result(attempts, () => (attempts.length === 0 ? 'No attempt has begun yet.' : attempts.map(attemptText).join('\n\n')));
    }),
  );
}
