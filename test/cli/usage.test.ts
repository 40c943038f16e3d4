import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { failJson, runCli } from '../support/cli.js';

let empty: string;
beforeAll(async () => {
  empty = await mkdtemp(join(tmpdir(), 'ml-c-'));
});
afterAll(() => rm(empty, { recursive: true, force: true }));

it('help lists the commands, shows examples and exits 0', async () => {
  const { code, stdout } = await runCli(['--help']);
  expect(code).toBe(0);
  for (const name of ['init', 'make', 'check', 'serve', 'work', 'jobs', 'schedules', 'run', 'eval', 'collections', 'migrate']) {
    expect(stdout).toMatch(new RegExp(`^  ${name}\\b`, 'm'));
  }
  expect(stdout).toContain('Examples:');
});

it('help takes the path of a subcommand and names the global options there; an unknown one is wrong usage', async () => {
  const [path, flag] = await Promise.all([runCli(['help', 'jobs', 'why']), runCli(['jobs', 'why', '--help'])]);
  expect(path).toEqual(flag);
  expect(path.code).toBe(0);
  expect(path.stdout).toContain('Usage: moonlighter jobs why');
  expect(path.stdout).toMatch(/^Global Options:\n {2}-C, --config <dir>/m);
  expect(await failJson(['help', 'jobs', 'wy'])).toMatchObject({ exit: 2, code: 'USAGE', message: "unknown command 'jobs wy'" });
});

it('the version is that of the package', async () => {
  const { code, stdout } = await runCli(['--version']);
  expect({ code, stdout }).toEqual({ code: 0, stdout: '0.1.0\n' });
});

it('an unknown command is wrong usage with the nearest name', async () => {
  const { code, stdout, stderr } = await runCli(['job', 'list']);
  expect(code).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toContain("unknown command 'job'");
  expect(stderr).toMatch(/did you mean.*jobs/i);
});

it('wrong usage is one JSON document with --json', async () => {
  const error = await failJson(['jobs', 'lst']);
  expect(error).toMatchObject({ exit: 2, code: 'USAGE', message: "unknown command 'lst'" });
  expect(error.remedy).toMatch(/did you mean list/i);
});

it('a group without its subcommand shows its help and exits 2', async () => {
  const { code, stderr } = await runCli(['jobs']);
  expect(code).toBe(2);
  expect(stderr).toContain('trigger');
});

it('no command at all shows the help and exits 2', async () => {
  const { code, stderr } = await runCli([]);
  expect(code).toBe(2);
  expect(stderr).toContain('Usage: moonlighter');
});

it.each([
  [['jobs', 'trigger'], /missing required argument/],
  [['jobs', 'status', '--limit', 'many'], /--limit: expected a whole number, found 'many'/],
  [['jobs', 'status', '--nope'], /unknown option '--nope'/],
  [['jobs', 'trigger', 'x', '--delay', 'soon'], /--delay: expected a duration/],
  [['jobs', 'trigger', 'x', '--run-at', '2026-02-31T99:00'], /--run-at: expected an instant/],
  [['work', '--queues', 'a,,b'], /--queues: expected names separated by commas/],
  [['work', '--concurrency', '0'], /--concurrency: expected a whole number, at least 1/],
  [['serve', '--port', '65536'], /--port: expected a whole number, at least 0, at most 65535, found '65536'/],
  [['collections', 'create', 'notes'], /required option/],
] as const)('%j is wrong usage', async (args, message) => {
  const { code, stderr } = await runCli(args);
  expect(code).toBe(2);
  expect(stderr).toMatch(message);
});

it('a folder without a project is named, with what to do', async () => {
  const error = await failJson(['-C', empty, 'jobs', 'list']);
  expect(error).toMatchObject({ exit: 2, code: 'PROJECT_NOT_FOUND' });
  expect(error.message).toContain(empty);
  expect(error.remedy).toContain('moonlighter init');
});

it('a missing folder is named', async () => {
  const error = await failJson(['-C', join(empty, 'gone'), 'check']);
  expect(error).toMatchObject({ exit: 2, code: 'PROJECT_NOT_FOUND' });
});
