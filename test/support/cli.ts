/** The real command, bin/moonlighter.js over dist/, as a child process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const binary = fileURLToPath(new URL('../../bin/moonlighter.js', import.meta.url));

export interface CliResult {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface CliOptions {
  cwd?: string;
  env?: Record<string, string>;
  /** Text on standard input; none = closed. */
  stdin?: string;
}

export class RunningCli {
  stdout = '';
  stderr = '';
  readonly child: ChildProcess;
  readonly ended: Promise<CliResult>;
  readonly #watchers = new Set<() => void>();

  constructor(args: readonly string[], options: CliOptions) {
    const { CRAP_CONFIG_DIR: _, ...inherited } = process.env;
    const child = spawn(process.execPath, [binary, ...args], {
      cwd: options.cwd,
      env: { ...inherited, NO_COLOR: '1', ...options.env },
      stdio: [options.stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    this.child = child;
    child.stdin?.end(options.stdin);
    for (const name of ['stdout', 'stderr'] as const) {
      child[name]!.setEncoding('utf8').on('data', (text: string) => {
        this[name] += text;
        for (const watcher of this.#watchers) watcher();
      });
    }
    this.ended = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve({ code, signal, stdout: this.stdout, stderr: this.stderr }));
    });
  }

  /** Resolves with the match once what was printed matches; rejects when the command ends before. */
  until(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const match = pattern.exec(this.stdout + this.stderr);
        if (!match) return;
        this.#watchers.delete(look);
        resolve(match);
      };
      this.#watchers.add(look);
      look();
      void this.ended.then(({ code }) => reject(new Error(`ended with ${code} before ${pattern}:\n${this.stdout}\n${this.stderr}`)));
    });
  }
}

/** Starts the command and leaves it running. */
export function startCli(args: readonly string[], options: CliOptions = {}): RunningCli {
  return new RunningCli(args, options);
}

/** Runs the command to its end. */
export function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  return startCli(args, options).ended;
}

/** Runs it with --json and gives its document; throws with everything printed when it did not exit 0. */
export async function runJson<T>(args: readonly string[], options: CliOptions = {}): Promise<T> {
  const result = await runCli(['--json', ...args], options);
  if (result.code !== 0) throw new Error(`${args.join(' ')} ended with ${result.code}\n${result.stdout}\n${result.stderr}`);
  return JSON.parse(result.stdout) as T;
}

export interface FailureDocument {
  error: { code: string; message: string; remedy: string | null; details: Record<string, unknown> };
}

/** The error document of a command that must fail, with its exit code. */
export async function failJson(
  args: readonly string[],
  options: CliOptions = {},
): Promise<FailureDocument['error'] & { exit: number | null }> {
  const result = await runCli(['--json', ...args], options);
  const document = JSON.parse(result.stdout) as FailureDocument;
  return { ...document.error, exit: result.code };
}
