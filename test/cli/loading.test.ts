/** What a command loads: a command line that is short to run must not begin by loading engines, servers and mail. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Output } from '../../src/cli/output.js';
import { createProgram } from '../../src/cli/program.js';
import { Signals } from '../../src/cli/signals.js';
import { runCli } from '../support/cli.js';
import type { ProjectFolder } from '../support/project.js';
import { notesProject } from './project.js';

const binary = fileURLToPath(new URL('../../bin/moonlighter.js', import.meta.url));
const preload = new URL('../support/loaded-modules.mjs', import.meta.url).href;

let project: ProjectFolder;
let folder: string;

beforeAll(async () => {
  project = await notesProject();
  folder = await mkdtemp(join(tmpdir(), 'ml-loaded-'));
  await runCli(['-C', project.dir, 'migrate']);
});

afterAll(async () => {
  await project.dispose();
  await rm(folder, { recursive: true, force: true });
});

/** The driver and what it is loaded by. */
const NATIVE = ['better-sqlite3', 'bindings', 'file-uri-to-path'];

let calls = 0;

/** What the process loaded: packages by name, our modules by their path in src/: `commander`, `cli/main.ts`. */
async function loadedBy(...args: string[]): Promise<string[]> {
  const file = join(folder, String(calls++));
  const { code, stderr } = await runCli(args, { env: { NODE_OPTIONS: `--import=${preload}`, LOADED_MODULES: file } });
  expect(code, stderr).toBe(0);
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line.startsWith('file:') || line.startsWith('/'));
  const paths = [...new Set(lines.map((line) => (line.startsWith('file:') ? fileURLToPath(line) : line)))];
  const modules = await Promise.all(paths.map(async (path) => (path.includes('/dist/bundle/') ? await joinedIn(path) : [path])));
  return [...new Set(modules.flat().map(nameOf))].sort();
}

/** The modules that stand in a file of the bundle: its first lines name them. */
async function joinedIn(path: string): Promise<string[]> {
  const text = await readFile(path, 'utf8');
  return /^(\/\/ .*\n)*/
    .exec(text)![0]
    .split('\n')
    .slice(0, -1)
    .map((line) => line.slice(3));
}

function nameOf(path: string): string {
  return /.*\bnode_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? path.replace(/^src\//, '');
}

const packages = (loaded: readonly string[]) => loaded.filter((name) => !name.includes('/') || name.startsWith('@'));

it.each(['--version', '--help', 'jobs --help', 'help jobs trigger', 'serve --help'])(
  '%s loads the parser of command lines and what lists the commands, nothing else',
  async (line) => {
    const loaded = await loadedBy(...line.split(' '));
    expect(packages(loaded)).toEqual(['commander']);
    expect(loaded).toContain('cli/main.ts');
    expect(
      loaded.filter((name) =>
        /^(store|bindings|worker|project|config\/(?!generation)|content\/(?!schema)|lua\/(machine|engines))\//.test(name),
      ),
    ).toEqual([]);
  },
);

it('the help of the whole names options for exactly those commands that have some', async () => {
  const output = new Output({ stdout: new PassThrough(), stderr: new PassThrough() }, false);
  const invocation = { output, cwd: '/', env: {}, signals: new Signals(), stdin: process.stdin, exitCode: undefined };
  const program = createProgram(invocation);
  const listed = program.helpInformation();
  for (const command of program.commands.filter((each) => each.name() !== 'help')) {
    expect(command.options, 'listed without being loaded').toEqual([]);
    await program.parseAsync(['help', command.name()], { from: 'user' }).catch(() => {});
    const shown = new RegExp(`^  ${command.name()} \\[options\\]`, 'm').test(listed);
    expect(shown, command.name()).toBe(command.options.length > 0);
  }
});

it('a command about runs executes no Lua and loads no definitions', async () => {
  const loaded = await loadedBy('-C', project.dir, 'jobs', 'status');
  expect(packages(loaded).filter((name) => !NATIVE.includes(name))).toEqual(['commander', 'nanoid', 'smol-toml', 'zod']);
  expect(loaded).toContain('store/sqlite/runs.ts');
  expect(loaded.filter((name) => /^(bindings|worker|project|content\/(?!schema)|lua\/(machine|engines))\//.test(name))).toEqual([]);
});

it('a command that needs the definitions loads one engine, and neither mail, passwords, calendars nor what executes runs', async () => {
  const loaded = await loadedBy('-C', project.dir, 'jobs', 'trigger', 'echo');
  expect(packages(loaded).filter((name) => !NATIVE.includes(name))).toEqual(['commander', 'ipaddr.js', 'nanoid', 'smol-toml', 'zod']);
  expect(loaded).toContain('project/check-project.ts');
  expect(loaded.filter((name) => /^(worker\/(executor|local|thread)|host\/(host|log)|mail\/smtp)/.test(name))).toEqual([]);
});

it('a worker thread loads what executes runs, without what reads settings and what commands are made of', async () => {
  const files = new Set<string>();
  const follow = async (path: string): Promise<void> => {
    if (files.has(path)) return;
    files.add(path);
    const text = await readFile(path, 'utf8');
    for (const [, next] of text.matchAll(/^import [^;]*?"(\.[^"]+)";$/gm)) await follow(join(dirname(path), next!));
  };
  await follow(fileURLToPath(new URL('../../dist/bundle/worker/thread.js', import.meta.url)));
  const modules = (await Promise.all([...files].map(joinedIn))).flat().map(nameOf);
  expect(modules).toEqual(expect.arrayContaining(['worker/executor.ts', 'lua/machine/vm.ts', 'content/find.ts']));
  expect(modules.filter((name) => /^(zod|smol-toml|commander|nodemailer)$|^config\/load|^operations\//.test(name))).toEqual([]);
});

/** Processor time of the whole process in ms: the least of three, since other processes take the caches away. */
async function costOf(args: readonly string[]): Promise<number> {
  const costs: number[] = [];
  for (let i = 0; i < 3; i++) {
    const text = `process.on('exit', () => { const { user, system } = process.cpuUsage(); process._rawDebug('cost ' + (user + system)); });`;
    const preloaded = `--import=data:text/javascript,${encodeURIComponent(text)}`;
    const { stderr } = await promisify(execFile)(process.execPath, [preloaded, ...args]);
    costs.push(Number(/cost (\d+)/.exec(stderr)![1]) / 1000);
  }
  return Math.min(...costs);
}

it('commands cost little more than Node: 1.4 times, 2.4 times, with the definitions 4 times when this was written', async () => {
  const node = await costOf(['-e', '0']);
  const inProject = [binary, '-C', project.dir, 'jobs'];
  expect(await costOf([binary, '--version'])).toBeLessThan(node * 2.5);
  expect(await costOf([...inProject, 'status'])).toBeLessThan(node * 5);
  expect(await costOf([...inProject, 'trigger', 'weekly'])).toBeLessThan(node * 10);
});
