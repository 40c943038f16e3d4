/** What a project's files print while they are loaded: told once, by every command that somebody looks at to find a mistake there. */
import { afterEach, describe, expect, it } from 'vitest';
import { runCli } from '../support/cli.js';
import type { ProjectFolder } from '../support/project.js';
import { notesProject } from './project.js';

let project: ProjectFolder | undefined;
afterEach(async () => {
  await project?.dispose();
  project = undefined;
});

const FILES = {
  'init.lua': `crap.log.info("plugin on")
print("printed", 7)
crap.log.warn("plugin is old")
`,
  'collections/people.lua': `crap.collections.define("people", { auth = true, fields = {}, access = { read = "access.all" } })`,
  'access/all.lua': 'return function() return true end',
  'jobs/slow.lua': `crap.jobs.define("slow", { handler = "jobs.slow.run", concurrency = 3 })
return { run = function() crap.sleep(0.2) end }`,
};

const times = (text: string, line: string) => text.split('\n').filter((found) => found.includes(line)).length;
const counts = (text: string) => ['plugin on', 'printed\t7', 'plugin is old'].map((line) => times(text.replaceAll('\\t', '\t'), line));

describe('lines of init.lua', () => {
  it('Regression: check dropped them', async () => {
    project = await notesProject(FILES);
    const { code, stdout, stderr } = await runCli(['-C', project.dir, 'check']);
    expect(code).toBe(0);
    expect(stderr).toBe('plugin on\nprinted\t7\nwarn: plugin is old\n');
    expect(stdout).not.toContain('plugin on');
    const json = await runCli(['-C', project.dir, '--json', 'check']);
    expect(JSON.parse(json.stdout)).toMatchObject({ ok: true });
    expect(counts(json.stderr)).toEqual([1, 1, 1]);
  });

  it('Regression: run dropped them, and eval where it looked up its user first', async () => {
    project = await notesProject(FILES);
    expect(counts((await runCli(['-C', project.dir, 'run', 'echo'])).stderr)).toEqual([1, 1, 1]);
    const create = 'return crap.collections.create("people", { email = "a@example.com", password = "long enough" }).id';
    const made = await runCli(['-C', project.dir, 'eval', create]);
    expect(counts(made.stderr)).toEqual([1, 1, 1]);
    const asked = await runCli(['-C', project.dir, 'eval', 'return crap.auth.user().email', '--user', `people/${made.stdout.trim()}`]);
    expect(asked.stdout.trim()).toBe('a@example.com');
    expect(counts(asked.stderr)).toEqual([1, 1, 1]);
  });

  it('Regression: a host told them again with every slot', async () => {
    project = await notesProject({ ...FILES, 'moonlighter.toml': '[log]\nformat = "text"\n' });
    for (let n = 0; n < 3; n++) await runCli(['-C', project.dir, 'jobs', 'trigger', 'slow']);
    const { code, stderr } = await runCli(['-C', project.dir, 'work', '--drain', '--no-cron']);
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('3 completed');
    expect(counts(stderr)).toEqual([1, 1, 1]);
    expect(stderr).toMatch(/WARN\s+plugin is old/);
  });
});

it('Regression: warnings about the project were plain text between the JSON lines of a host, and --json left them out', async () => {
  project = await notesProject({
    'moonlighter.toml': '[log]\nformat = "json"\n',
    'collections/odd.lua': 'crap.collections.define("odd", { fields = {}, timestamp = true })',
  });
  const expected = {
    level: 'warn',
    code: 'DEFINITION_UNKNOWN_KEY',
    file: 'collections/odd.lua',
    line: 1,
    msg: expect.stringMatching(
      /^collections\/odd\.lua:1: collection 'odd': Unknown collection config key 'timestamp'.*; write 'timestamps'/,
    ),
  };
  for (const [args, stream] of [
    [[], 'stderr'],
    [['--json'], 'stdout'],
  ] as const) {
    const done = await runCli(['-C', project.dir, ...args, 'work', '--drain', '--no-cron']);
    const lines = done[stream].trim().split('\n');
    expect(lines.map((line) => JSON.parse(line) as object)).toContainEqual(expect.objectContaining(expected));
  }
});
