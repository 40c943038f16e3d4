/** `moonlighter work`: scheduler and workers without HTTP; with --drain until nothing is due and nothing runs. */
import type { Command } from 'commander';
import { action, type Invocation } from './command.js';
import { EXIT } from './exit-codes.js';
import { type HostCommandOptions, prepareCommand } from './host-command.js';
import { integer, nameList } from './options.js';

interface Options extends HostCommandOptions {
  cron: boolean;
  drain?: boolean;
}

const EXAMPLES = `
Examples:
  moonlighter work --queues mail --concurrency 2
  moonlighter work --drain --no-cron

--drain exits 0 when nothing is due and nothing runs; runs that wait for a later instant (a retry, a delay) are not waited for.`;

export function registerWork(command: Command, invocation: Invocation): void {
  command
    .option('--queues <names>', 'claim from these queues only', nameList('--queues'))
    .option('--concurrency <n>', 'runs of this host at a time', integer('--concurrency', 1))
    .option('--no-cron', 'watch no schedule')
    .option('--drain', 'end when nothing is due and nothing runs')
    .addHelpText('after', EXAMPLES);
  action<Options>(command, invocation, async ({ signals }, options) => {
    const { log, create, answer } = await prepareCommand(invocation, options);
    log.line('info', options.queues ? `Worker processing queues: ${options.queues.join(', ')}` : 'Worker processing all queues');
    if (!options.cron) log.line('info', 'Cron scheduling disabled for this worker');
    const drain = options.drain === true;
    const host = create({ cron: options.cron, drain });
    answer(host);
    await host.start();
    const ended = await Promise.race([signals.wait(), ...(drain ? [host.drained.then(() => 'drained' as const)] : [])]);
    const { outcomes } = host.stats;
    await host.stop(ended);
    if (ended === 'drained')
      log.line('info', `Drained: ${outcomes.completed} completed, ${outcomes.failed + outcomes.timed_out} failed`, { outcomes });
    return drain && ended !== 'drained' ? EXIT.interrupted : EXIT.done;
  });
}
