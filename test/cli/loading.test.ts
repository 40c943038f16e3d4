/** What a command loads: a command line that is short to run must not begin by loading engines, servers and mail. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Output } from '../../src/cli/output.js';
import { createProgram } from '../../src/cli/program.js';
import { Signals } from '../../src/cli/signals.js';
import { runCli } from '../support/cli.js';
import type { ProjectFolder } from '../support/project.js';
import { notesProject } from './project.js';

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

let calls = 0;

/** Packages by name, and the product's own files by their path in dist/: `commander`, `cli/main.js`. */
async function loadedBy(...args: string[]): Promise<string[]> {
  const file = join(folder, String(calls++));
  const { code, stderr } = await runCli(args, { env: { NODE_OPTIONS: `--import=${preload}`, LOADED_MODULES: file } });
  expect(code, stderr).toBe(0);
  const names = (await readFile(file, 'utf8')).split('\n').map((line) => {
    const path = line.startsWith('file:') ? fileURLToPath(line) : line;
    const inPackage = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1];
    return inPackage ?? /\/dist\/(.*)/.exec(path)?.[1] ?? '';
  });
  return [...new Set(names)].filter((name) => name !== '');
}

const packages = (loaded: readonly string[]) => loaded.filter((name) => !name.endsWith('.js') || name === 'ipaddr.js').sort();

it.each(['--version', '--help', 'jobs --help', 'help jobs trigger', 'serve --help'])(
  '%s loads the parser of command lines and what lists the commands, nothing else',
  async (line) => {
    const loaded = await loadedBy(...line.split(' '));
    expect(packages(loaded)).toEqual(['commander']);
    expect(loaded).toContain('cli/main.js');
    expect(loaded.filter((name) => /^(store|lua|content|bindings|worker|project|config)\//.test(name))).toEqual([]);
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
