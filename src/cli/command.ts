/** What every command is given, and how one is run: options in, an exit code out. */
import type { Command } from 'commander';
import type { ForegroundOptions } from '../operations/foreground.js';
import { parseActingUser } from '../operations/json-argument.js';
import type { OpenedProject, OpenOptions } from '../operations/open-project.js';
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

/** Opens the project for the time of `body`. */
export async function withProject<T>(
  invocation: Invocation,
  options: GlobalOptions,
  body: (opened: OpenedProject) => Promise<T>,
): Promise<T> {
  const { openProject } = await import('../operations/open-project.js');
  const opened = await openProject(openOptions(invocation, options));
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
    log: ({ level, text }) => output.note(level === 'info' ? text : `${level}: ${text}`),
    signal: signals.signal,
  };
}
