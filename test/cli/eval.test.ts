/** `eval` and `run` as commands: the user, what is undone, the order of keys, errors that are tables. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RunView } from '../../src/operations/run-view.js';
import { failJson, runCli, runJson } from '../support/cli.js';
import type { ProjectFolder } from '../support/project.js';
import { notesProject } from './project.js';

let project: ProjectFolder;
let dir: string;
beforeAll(async () => {
  project = await notesProject({
    'collections/users.lua': 'crap.collections.define("users", { auth = true, fields = { crap.fields.text({ name = "role" }) } })',
    'collections/secrets.lua': `crap.collections.define("secrets", {
      fields = { crap.fields.text({ name = "text" }) },
      access = { read = "access.editors", create = "access.editors" },
    })`,
    'access/editors.lua': 'return function(ctx) return ctx.user ~= nil and ctx.user.role == "editor" end',
    'jobs/throw.lua': `crap.jobs.define("throws", { handler = "jobs.throw.run" })
      crap.jobs.define("hides", { handler = "jobs.throw.hide" })
      return {
        run = function() error({ why = "closed", code = 7 }) end,
        hide = function() crap.collections.create("secrets", { text = "x" }) return { z = 1, a = 2, m = 3 } end,
      }`,
  });
  dir = project.dir;
});
afterAll(() => project.dispose());

const at = (...args: string[]) => ['-C', dir, ...args];
const COUNT = 'return crap.collections.count("secrets")';

it('without --user nothing is asked, with one the rules are, unless a call overrides them', async () => {
  expect(await runJson(at('eval', COUNT))).toEqual({ value: 0 });
  expect(await failJson(at('eval', COUNT, '--user', '{"id": "u"}'))).toMatchObject({
    exit: 1,
    code: 'ACCESS_DENIED',
    message: expect.stringContaining('access denied'),
  });
  expect(await runJson(at('eval', COUNT, '--user', '{"id": "u", "role": "editor"}'))).toEqual({ value: 0 });
  const overriding = 'return crap.collections.count("secrets", { overrideAccess = true })';
  expect(await runJson(at('eval', overriding, '--user', '{"id": "u"}'))).toEqual({ value: 0 });
});

it('--user takes collection/id too', async () => {
  const create = 'return crap.collections.create("users", { email = "e@x.org", role = "editor" }).id';
  const { value: id } = await runJson<{ value: string }>(at('eval', create));
  expect(await runJson(at('eval', 'return crap.auth.user().email', '--user', `users/${id}`))).toEqual({ value: 'e@x.org' });
  expect(await runJson(at('run', 'hides', '--dry-run', '--user', `users/${id}`))).toMatchObject({ outcome: 'completed' });
  expect(await failJson(at('eval', 'return 1', '--user', 'users/none'))).toMatchObject({ exit: 3, code: 'DOCUMENT_NOT_FOUND' });
  expect(await failJson(at('eval', 'return 1', '--user', 'notes/x'))).toMatchObject({ exit: 2, code: 'NO_AUTH_COLLECTION' });
  expect(await failJson(at('eval', 'return 1', '--user', 'someone'))).toMatchObject({ exit: 2, code: 'INVALID_JSON' });
  expect(await failJson(at('eval', 'return 1', '--user', '["u"]'))).toMatchObject({ exit: 2, code: 'INVALID_JSON' });
});

it('what is rolled back leaves nothing', async () => {
  expect(await runJson(at('run', 'hides', '--dry-run'))).toMatchObject({ outcome: 'completed' });
  expect(await failJson(at('run', 'hides', '--dry-run', '--user', '{}'))).toMatchObject({
    exit: 1,
    message: expect.stringContaining('access denied'),
  });
  await runJson(at('eval', '--rollback', 'crap.collections.create("secrets", { text = "x" }) crap.jobs.queue("echo", {})'));
  expect(await runJson(at('eval', COUNT))).toEqual({ value: 0 });
  expect(await runJson(at('jobs', 'status', '-s', 'echo'))).toEqual([]);
});

it('keys are printed in order', async () => {
  const { stdout } = await runCli(at('eval', '--json', 'return { zeta = 1, alpha = 2, kk = { y = 1, b = 2 }, aaa = 3 }'));
  expect(stdout).toBe('{"value":{"aaa":3,"alpha":2,"kk":{"b":2,"y":1},"zeta":1}}\n');
  expect((await runCli(at('run', 'hides', '--dry-run'))).stdout).toBe('{\n  "a": 2,\n  "m": 3,\n  "z": 1\n}\n');
});

it('an error that is a table is shown as JSON by eval, run and jobs status', async () => {
  expect(await failJson(at('eval', 'error({ why = "closed", code = 7 })'))).toMatchObject({ message: '{"code":7,"why":"closed"}' });
  expect(await failJson(at('run', 'throws'))).toMatchObject({ exit: 1, message: 'runtime error: {"code":7,"why":"closed"}' });
  const { id } = await runJson<{ id: string }>(at('jobs', 'trigger', 'throws'));
  expect((await runCli(at('work', '--drain'))).code).toBe(0);
  const run = await runJson<RunView>(at('jobs', 'status', '--id', id));
  expect(run.status).toBe('failed');
  expect(run.error).toMatch(/^runtime error: \{"code":7,"why":"closed"\}/);
});

it('Regression: an expression without return is told from other mistakes, and a user that is neither from bad JSON', async () => {
  const expression = await failJson(at('eval', 'crap.util.slugify("A b")\n.. "c"'));
  expect(expression).toMatchObject({ exit: 1, code: 'LUA_SYNTAX', remedy: expect.stringContaining('put return in front') });
  const statement = await failJson(at('eval', 'local x = = 1'));
  expect(statement).toMatchObject({ exit: 1, code: 'LUA_SYNTAX', message: expect.stringContaining("eval:1: unexpected symbol near '='") });
  expect(statement.remedy ?? '').not.toContain('return');
  const user = await failJson(at('eval', 'return 1', '--user', 'bob'));
  expect(user).toMatchObject({ exit: 2, code: 'INVALID_JSON', remedy: expect.stringContaining('users/<id>') });
});
