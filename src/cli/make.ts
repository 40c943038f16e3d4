/** `moonlighter make`: files of a new definition. */
import type { Command } from 'commander';
import { findProject } from '../config/find-project.js';
import { makeJob } from '../operations/make-job.js';
import { action, type GlobalOptions, type Invocation } from './command.js';
import { integer } from './options.js';
import { pairs } from './output.js';

interface Options extends GlobalOptions {
  schedule?: string;
  queue?: string;
  retries?: number;
  timeout?: number;
  force?: boolean;
}

export function registerMake(program: Command, invocation: Invocation): void {
  const make = program.command('make').description('write the file of a new definition');
  const command = make
    .command('job <slug>')
    .description('a new job in jobs/<slug>.lua')
    .option('-s, --schedule <cron>', 'cron expression, five fields or six with seconds first')
    .option('-q, --queue <name>', 'queue name')
    .option('-r, --retries <n>', 'further attempts after failures', integer('--retries', 0))
    .option('-t, --timeout <seconds>', 'how long its handler may run', integer('--timeout', 1))
    .option('-f, --force', 'overwrite the file')
    .addHelpText('after', '\nExample:\n  moonlighter make job send_digest -s "0 8 * * 1" -r 2');
  action<Options, [string]>(command, invocation, async ({ output, cwd, env }, options, slug) => {
    const dir = findProject({ flag: options.config, env, cwd });
    const { schedule, queue, retries, timeout, force } = options;
    const made = makeJob({ dir, slug, schedule, queue, retries, timeout, force });
    output.result(made, () => `Created ${made.path}\n${pairs([['Handler ref', made.handler]])}`);
    if (schedule === undefined) {
      output.note(
        [
          '  Queue from hooks:',
          `    crap.jobs.queue("${slug}", { key = "value" })`,
          '  Or trigger from the command line:',
          `    moonlighter jobs trigger ${slug}`,
        ].join('\n'),
      );
    } else output.note('  This job has a cron schedule and will run automatically.');
  });
}
