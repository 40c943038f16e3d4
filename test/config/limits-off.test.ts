/** Limits that 0 switches off, in a real process. */
import { afterEach, expect, it } from 'vitest';
import { runCli } from '../support/cli.js';
import { createProject, type ProjectFolder } from '../support/project.js';

let folder: ProjectFolder | undefined;
afterEach(() => folder?.dispose());

/** Some 100 MB in one table; with `max_memory = 0` this was taken for a limit of nothing. */
const LARGE = 'local t = {} for i = 1, 100000 do t[i] = ("x"):rep(1000) .. i end return #t';

it.each([
  ['no limit', 'max_memory = 0\nmax_instructions = 0', '100000'],
  ['the default', '', 'not enough memory'],
])('%s', async (_what, hooks, text) => {
  folder = await createProject({ 'crap.toml': `[hooks]\n${hooks}\n` });
  const { stdout, stderr } = await runCli(['-C', folder.dir, 'eval', LARGE]);
  expect(stdout + stderr).toContain(text);
});
