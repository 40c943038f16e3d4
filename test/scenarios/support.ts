/** Whole projects driven from outside: the real binary against a folder in a temporary place. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const binary = fileURLToPath(new URL('../../bin/moonlighter.js', import.meta.url));

export interface CommandResult {
  code: number | null;
  stdout: string;
  stderr: string;
  ms: number;
}

/** A project folder with its commands; removed by `dispose`, which also kills what it started. */
export class Scenario {
  readonly dir: string;
  private readonly children = new Set<ChildProcess>();

  private constructor(dir: string) {
    this.dir = dir;
  }

  static async create(files: Record<string, string>): Promise<Scenario> {
    const scenario = new Scenario(await mkdtemp(join(tmpdir(), 'ml-s-')));
    await scenario.write({ 'crap.toml': '[access]\ndefault_deny = false\n', ...files });
    return scenario;
  }

  async write(files: Record<string, string>): Promise<void> {
    for (const [name, text] of Object.entries(files)) {
      const path = join(this.dir, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
    }
  }

  /** Starts a command and leaves it running. */
  start(args: string[], env: Record<string, string> = {}): RunningCommand {
    const child = spawn(process.execPath, [binary, '-C', this.dir, ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.children.add(child);
    child.once('exit', () => this.children.delete(child));
    return new RunningCommand(child);
  }

  /** Runs a command to its end. */
  async command(...args: string[]): Promise<CommandResult> {
    const begun = performance.now();
    const running = this.start(args);
    const code = await running.exited;
    return { code, stdout: running.stdout, stderr: running.stderr, ms: performance.now() - begun };
  }

  /** Runs a command with --json and gives its document; throws with everything it printed when it failed. */
  async json<T>(...args: string[]): Promise<T> {
    const result = await this.command('--json', ...args);
    if (result.code !== 0) throw new Error(`${args.join(' ')} ended with ${result.code}\n${result.stdout}\n${result.stderr}`);
    return JSON.parse(result.stdout) as T;
  }

  /** The value that a chunk returns. */
  async eval<T>(chunk: string): Promise<T> {
    return (await this.json<{ value: T }>('eval', chunk)).value;
  }

  async dispose(): Promise<void> {
    for (const child of this.children) {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
    }
    await rm(this.dir, { recursive: true, force: true });
  }
}

export class RunningCommand {
  stdout = '';
  stderr = '';
  readonly exited: Promise<number | null>;
  readonly child: ChildProcess;
  private readonly watchers = new Set<() => void>();

  constructor(child: ChildProcess) {
    this.child = child;
    for (const stream of ['stdout', 'stderr'] as const) {
      createInterface({ input: child[stream]! }).on('line', (line) => {
        this[stream] += `${line}\n`;
        for (const watcher of this.watchers) watcher();
      });
    }
    this.exited = new Promise((resolve) => child.once('close', (code) => resolve(code)));
  }

  /** Resolves once what was printed so far satisfies `test`; rejects when the command ends before. */
  until(test: (printed: string) => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const check = () => {
        if (!test(this.stdout + this.stderr)) return;
        this.watchers.delete(check);
        resolve();
      };
      this.watchers.add(check);
      check();
      void this.exited.then((code) => {
        check();
        this.watchers.delete(check);
        reject(new Error(`ended with ${code} before it printed what was waited for\n${this.stdout}\n${this.stderr}`));
      });
    });
  }

  /** Asks it to end and waits for it. */
  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.child.kill(signal);
    return this.exited;
  }
}

/** A collection `numbers` with a unique number, for counting effects. */
export const numbersCollection = `
crap.collections.define("numbers", {
  fields = { crap.fields.number({ name = "number", required = true, unique = true }) },
})
`;
