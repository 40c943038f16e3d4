/** The command tree: global options, help, and the commands. A command's file is loaded when the command is asked for. */
import { Command } from 'commander';
import { VERSION } from '../host/version.js';
import type { Invocation } from './command.js';

const EXAMPLES = `
Examples:
  moonlighter init news && cd news      a new project
  moonlighter serve                     run its jobs; Ctrl-C ends it
  moonlighter jobs trigger my_job -d '{"id": 1}' --wait
  moonlighter eval 'return crap.collections.count("messages")'

Exit codes: 0 done, 1 failed, 2 wrong usage or invalid project, 3 not found, 4 refused, 5 database or server unavailable, 130 interrupted.`;

/** Adds the options, the subcommands and the action to the command that stands in the tree. */
type Register = (command: Command, invocation: Invocation) => void;

interface Entry {
  /** As the help lists it; `[options]` stands there when the command has some. */
  usage: string;
  description: string;
  load(): Promise<Register>;
}

const COMMANDS: readonly Entry[] = [
  {
    usage: 'init [dir]',
    description: 'make a new project: configuration, a collection, a hook that queues, a job',
    load: async () => (await import('./init.js')).registerInit,
  },
  {
    usage: 'make',
    description: 'write the file of a new job, collection, global, hook or migration',
    load: async () => (await import('./make.js')).registerMake,
  },
  {
    usage: 'check',
    description: 'load the whole project and list every problem with file, line and remedy; starts nothing',
    load: async () => (await import('./check.js')).registerCheck,
  },
  {
    usage: 'serve [options]',
    description: 'run the project: scheduler, workers, HTTP (/healthz)',
    load: async () => (await import('./serve.js')).registerServe,
  },
  {
    usage: 'work [options]',
    description: 'run the project: scheduler and workers, no HTTP',
    load: async () => (await import('./work.js')).registerWork,
  },
  {
    usage: 'jobs',
    description: 'jobs and their runs',
    load: async () => (await import('./jobs.js')).registerJobs,
  },
  {
    usage: 'schedules',
    description: 'schedules and their due instants',
    load: async () => (await import('./schedules.js')).registerSchedules,
  },
  {
    usage: 'run [options] <slug>',
    description: 'execute a job once, now, in this process, and print its result',
    load: async () => (await import('./run.js')).registerRun,
  },
  {
    usage: 'eval [options] [lua]',
    description: 'execute a chunk of Lua in one transaction and print the value of its return ("-" reads stdin)',
    load: async () => (await import('./eval.js')).registerEval,
  },
  {
    usage: 'collections',
    description: 'collections and their documents',
    load: async () => (await import('./collections.js')).registerCollections,
  },
  {
    usage: 'migrate',
    description: 'create and extend the tables of the project, and apply its migrations; tables are never dropped or rewritten',
    load: async () => (await import('./migrate.js')).registerMigrate,
  },
  {
    usage: 'types [options]',
    description: 'write types for editors: the crap table, and classes for this project’s collections, globals and jobs',
    load: async () => (await import('./types.js')).registerTypes,
  },
  {
    usage: 'verify [options]',
    description: 'whether every promise was kept: lost runs, double effects, limits, due instants without an outcome',
    load: async () => (await import('./verify.js')).registerVerify,
  },
  {
    usage: 'doctor [options]',
    description: 'the state of the database: damage, missing parts, dead hosts, runs that wait for nothing, space, clock',
    load: async () => (await import('./doctor.js')).registerDoctor,
  },
];

export function createProgram(invocation: Invocation): Command {
  const { stdout } = invocation.output.streams;
  const program = new Command('moonlighter')
    .description('Runs the background jobs of a folder of Lua files, on one SQLite file; compatible with crap-cms.')
    .option('-C, --config <dir>', 'the project folder (default: CRAP_CONFIG_DIR, else the nearest above)')
    .option('--json', 'one JSON document on stdout (JSON lines for streams), errors included')
    .version(VERSION, '-V, --version')
    .addHelpText('after', EXAMPLES)
    .showSuggestionAfterError(true)
    .helpCommand(false)
    // Thrown instead of ending the process, and told once, by main, together with the remedy; commands take these settings over.
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      writeErr: (text) => invocation.output.json || invocation.output.note(text.trimEnd()),
      outputError: () => {},
    });

  const unloaded = new Map<Command, Entry>();
  const usages = new Map<Command, string>();
  for (const entry of COMMANDS) {
    const command = program.command(entry.usage.replace(' [options]', '')).description(entry.description);
    unloaded.set(command, entry);
    usages.set(command, entry.usage);
  }
  const load = async (command: Command): Promise<void> => {
    const entry = unloaded.get(command);
    unloaded.delete(command);
    if (entry) (await entry.load())(command, invocation);
  };
  program.hook('preSubcommand', (_, command) => load(command));
  usages.set(registerHelp(program, load), 'help [command]');
  return program.configureHelp({ showGlobalOptions: true, subcommandTerm: (command) => usages.get(command) ?? command.name() });
}

/** In place of commander's own, which does not wait for a command to be loaded; takes the path of a subcommand too. */
function registerHelp(program: Command, load: (command: Command) => Promise<void>): Command {
  return program
    .command('help [command...]')
    .description('display help for command')
    .action(async (path: readonly string[]) => {
      let command = program;
      for (const name of path) {
        const next = command.commands.find((each) => each.name() === name || each.aliases().includes(name));
        if (!next) return command.error(`error: unknown command '${[...path].join(' ')}'`, { code: 'commander.unknownCommand' });
        await load(next);
        command = next;
      }
      command.help();
    });
}
