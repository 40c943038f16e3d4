/** Entry of the command line: parse, run one command, show what failed, end with its exit code. */
import { CommanderError } from 'commander';
import type { Invocation } from './command.js';
import { dashedIdsLast } from './dashed-ids.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import { Output } from './output.js';
import { createProgram } from './program.js';
import { Signals } from './signals.js';

/** Runs the command and ends the process. */
export async function main(args: readonly string[]): Promise<void> {
  const signals = new Signals();
  signals.listen();
  // A reader that has seen enough (`| head`) is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? EXIT.done : EXIT.failed));
  // Talk that nobody reads any more must not end a host, nor make a failure of a result that was printed.
  process.stderr.on('error', () => {});
  const code = await run(args, signals);
  process.stdout.write('', () => process.exit(code));
}

async function run(args: readonly string[], signals: Signals): Promise<ExitCode> {
  const output = new Output({ stdout: process.stdout, stderr: process.stderr }, wantsJson(args));
  const invocation: Invocation = { output, cwd: process.cwd(), env: process.env, signals, stdin: process.stdin, exitCode: undefined };
  const program = createProgram(invocation);
  try {
    if (args.length === 0) {
      output.note(program.helpInformation());
      return EXIT.usage;
    }
    await program.parseAsync(dashedIdsLast(args), { from: 'user' });
    return invocation.exitCode ?? EXIT.done;
  } catch (error) {
    if (error instanceof CommanderError) return await usage(error, output);
    if (signals.received) {
      output.note(`interrupted by ${signals.received}`);
      return EXIT.interrupted;
    }
    const { exitCodeOf, showFailure } = await import('./failure.js');
    showFailure(output, error);
    return exitCodeOf(error);
  }
}

/** Known before parsing, since a command line that does not parse fails in the form that it asks for. */
function wantsJson(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return (end < 0 ? args : args.slice(0, end)).includes('--json');
}

async function usage(error: CommanderError, output: Output): Promise<ExitCode> {
  if (error.exitCode === 0) return EXIT.done;
  // A group without its subcommand: its help has been printed.
  const helped = error.code === 'commander.help';
  if (helped && !output.json) return EXIT.usage;
  const [text, ...hints] = (helped ? 'a subcommand is missing' : error.message.replace(/^error: /, '')).split('\n');
  const remedy = [...hints, 'moonlighter --help lists the commands; every command has --help'].join(' ');
  const { UsageError } = await import('../domain/errors.js');
  const { showFailure } = await import('./failure.js');
  showFailure(output, new UsageError('USAGE', text!, { remedy }));
  return EXIT.usage;
}
