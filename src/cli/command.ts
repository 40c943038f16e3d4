/** What every command is given, and how one is run: options in, an exit code out. */
import { setFlagsFromString } from 'node:v8';
import type { Command } from 'commander';
import type { LogLine } from '../domain/run.js';
import type { ForegroundOptions } from '../operations/foreground.js';
import { parseActingUser } from '../operations/json-argument.js';
import type { OpenedDatabase, OpenOptions } from '../operations/open-database.js';
import type { OpenedProject } from '../operations/open-project.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import type { Output } from './output.js';
import type { Signals } from './signals.js';

export interface Invocation {
  output: Output;
  cwd: string;
  env: Readonly<Record<string, string | undefined>>;
  signals: Signals;
  stdin: NodeJS.ReadableStream;
  /** Set by the command that ran; undefined = done. */
  exitCode: ExitCode | undefined;
}

/** A command's body; what it returns is the exit code, nothing = done. */
// biome-ignore lint/suspicious/noConfusingVoidType: commands that only print return nothing
export type Body<T, A extends readonly unknown[]> = (invocation: Invocation, options: T, ...args: A) => Promise<ExitCode | void>;

/** Attaches a body to a commander command: positional arguments come after the options. */
export function action<T, A extends readonly unknown[] = []>(command: Command, invocation: Invocation, body: Body<T, A>): void {
  command.action(async (...received: unknown[]) => {
    const count = command.registeredArguments.length;
    const args = received.slice(0, count) as unknown as A;
    invocation.exitCode = (await body(invocation, command.optsWithGlobals() as T, ...args)) ?? EXIT.done;
  });
}

export interface GlobalOptions {
  config?: string;
}

export function openOptions(invocation: Invocation, options: GlobalOptions): OpenOptions {
  return { config: options.config, cwd: invocation.cwd, env: invocation.env };
}

/**
 * Lets V8 make faster code of the Lua engine after a second of Lua instead of at once, which a command does not live to use: 50 of the 270 ms
 * of processor time of one that loads a project (Node 20, whose flag this is). Not for hosts: their threads live on.
 */
export function expectLittleLua(): void {
  if (process.versions.node.startsWith('20.')) setFlagsFromString('--wasm-tiering-budget=1000000000');
}

/** Opens the project for the time of `body`. */
export async function withProject<T>(
  invocation: Invocation,
  options: GlobalOptions,
  body: (opened: OpenedProject) => Promise<T>,
): Promise<T> {
  expectLittleLua();
  const { openProject } = await import('../operations/open-project.js');
  return await closing(invocation, await openProject(openOptions(invocation, options)), body);
}

/** Opens the database alone, for commands that ask about runs or change them: also while files of the project are broken. */
export async function withRuns<T>(
  invocation: Invocation,
  options: GlobalOptions,
  body: (opened: OpenedDatabase) => Promise<T>,
): Promise<T> {
  const { openRuns } = await import('../operations/open-database.js');
  return await closing(invocation, await openRuns(openOptions(invocation, options)), body);
}

async function closing<O extends OpenedDatabase, T>(invocation: Invocation, opened: O, body: (opened: O) => Promise<T>): Promise<T> {
  opened.onLocked = (who) => invocation.output.note(`waiting: ${who} holds the write lock of the database`);
  try {
    return await body(opened);
  } finally {
    await opened.close();
  }
}

/** For commands that execute project code here: their user, lines of scripts as talk, Ctrl-C. */
export function foreground({ output, signals }: Invocation, options: { user?: string }): ForegroundOptions {
  return {
    ...(options.user !== undefined && { user: parseActingUser(options.user) }),
    log: talk(output),
    signal: signals.signal,
  };
}

/** Lines of scripts as talk. */
export function talk(output: Output): (line: LogLine) => void {
  return ({ level, text }) => output.note(level === 'info' ? text : `${level}: ${text}`);
}
