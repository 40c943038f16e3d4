/** The command tree: global options, help, and the commands, one file each. */
import { Command } from 'commander';
import { VERSION } from '../host/version.js';
import { registerCheck } from './check.js';
import { registerCollections } from './collections.js';
import type { Invocation } from './command.js';
import { registerDoctor } from './doctor.js';
import { registerEval } from './eval.js';
import { registerInit } from './init.js';
import { registerJobs } from './jobs.js';
import { registerMake } from './make.js';
import { registerMigrate } from './migrate.js';
import { registerRun } from './run.js';
import { registerSchedules } from './schedules.js';
import { registerServe } from './serve.js';
import { registerTypes } from './types.js';
import { registerVerify } from './verify.js';
import { registerWork } from './work.js';

const EXAMPLES = `
Examples:
  moonlighter init news && cd news      a new project
  moonlighter serve                     run its jobs; Ctrl-C ends it
  moonlighter jobs trigger my_job -d '{"id": 1}' --wait
  moonlighter eval 'return crap.collections.count("posts")'

Exit codes: 0 done, 1 failed, 2 wrong usage or invalid project, 3 not found, 4 refused, 5 database or server unavailable, 130 interrupted.`;

export function createProgram(invocation: Invocation): Command {
  const program = new Command('moonlighter')
    .description('Runs the background jobs of a folder of Lua files, on one SQLite file; compatible with crap-cms.')
    .option('-C, --config <dir>', 'the project folder (default: CRAP_CONFIG_DIR, else the nearest above)')
    .option('--json', 'one JSON document on stdout (JSON lines for streams), errors included')
    .version(VERSION, '-V, --version')
    .addHelpText('after', EXAMPLES)
    .showSuggestionAfterError(true);

  for (const register of [
    registerInit,
    registerMake,
    registerCheck,
    registerServe,
    registerWork,
    registerJobs,
    registerSchedules,
    registerRun,
    registerEval,
    registerCollections,
    registerMigrate,
    registerTypes,
    registerVerify,
    registerDoctor,
  ]) {
    register(program, invocation);
  }
  return prepare(program, invocation);
}

/** Errors of commander are thrown instead of ending the process, on every level; help goes to our streams. */
function prepare(command: Command, invocation: Invocation): Command {
  const { stdout } = invocation.output.streams;
  command.exitOverride().configureOutput({
    writeOut: (text) => void stdout.write(text),
    writeErr: (text) => invocation.output.json || invocation.output.note(text.trimEnd()),
    // Told once, by main, together with the remedy.
    outputError: () => {},
  });
  for (const child of command.commands) prepare(child, invocation);
  return command;
}
