/** `types --ts`: what is written, that it compiles, and that wrong calls do not. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { failJson, runCli, runJson, startCli } from '../support/cli.js';
import { createProject, type ProjectFolder } from '../support/project.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

let project: ProjectFolder;
beforeAll(async () => {
  project = await createProject({
    'jobs/welcome.lua': `
---@class app.Welcome
---@field user_id string
---@field tries? integer
---@class app.Sent
---@field sent boolean
local M = {}
---@param ctx { data: app.Welcome }
---@return app.Sent
function M.run(ctx) return { sent = true } end
crap.jobs.define("welcome", { handler = "jobs.welcome.run" })
crap.jobs.define("plain-job", { handler = "jobs.welcome.plain" })
function M.plain() end
return M`,
    'dist/jobs.mjs': `import { defineJob } from ${JSON.stringify(join(root, 'dist/index.js'))};
export const resize = defineJob({ slug: "resize", handler: ({ data }) => data });
export const other = 5;`,
    'dist/jobs.d.mts': `import type { Job } from 'moonlighter';
export declare const resize: Job<'resize', { width: number }, string>;`,
  });
});
afterAll(() => project.dispose());

const types = (...args: string[]) =>
  runJson<{ ok: boolean; file: { state: string }; slugs: string[] }>(['-C', project.dir, 'types', '--ts', ...args], { cwd: project.dir });

it('writes slugs, data and results of Lua jobs and of exported ones', async () => {
  const ask = ['--jobs', 'dist/jobs.mjs', '--out', 'e/jobs.ts'];
  expect(await types(...ask)).toMatchObject({ ok: true, file: { state: 'written' }, slugs: ['plain-job', 'resize', 'welcome'] });
  expect(readFileSync(join(own.dir, 'generated/jobs.ts'), 'utf8')).toContain("'late': {");
  await own.dispose();
});
