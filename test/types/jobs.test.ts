/** What the data of a job is, as a project says it in annotations; and names that are no identifiers. */
import { afterEach, describe, expect, it } from 'vitest';
import { checkProject } from '../../src/project/check-project.js';
import { typesOf } from '../../src/project/types.js';
import { parseType } from '../../src/project/types-annotations.js';
import { luaTypes } from '../../src/project/types-lua.js';
import { type DescribedJob, mapOf, type ProjectTypes } from '../../src/project/types-model.js';
import { createProject, type ProjectFolder } from '../support/project.js';
import { readAnnotations } from './annotations.js';

const folders: ProjectFolder[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await folder.dispose();
});

async function typesFor(files: Record<string, string>): Promise<ProjectTypes> {
  const folder = await createProject(files);
  folders.push(folder);
  const project = await checkProject(folder.dir, {});
  expect(project.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  return typesOf(project);
}

async function jobOf(source: string, more: Record<string, string> = {}, ref = 'jobs.send.run'): Promise<DescribedJob> {
  const types = await typesFor({
    'jobs/send.lua': `${source}\n`,
    'jobs/z.lua': `crap.jobs.define("send", { handler = "${ref}" })`,
    ...more,
  });
  return types.jobs.find(({ slug }) => slug === 'send')!;
}

const ANYTHING = mapOf({ kind: 'plain', name: 'any' });
const MAIL = { kind: 'named', name: 'Mail' };
const CLASS = '---@class Mail\n---@field to string\n---@field cc? string[] Copies\n';

describe('the data of a job', () => {
  it.each([
    ['a table type', `${CLASS}local M = {}\n---@param ctx { data: Mail }\nfunction M.run(ctx) end\nreturn M`],
    [
      'a table type with more in it',
      `${CLASS}local M = {}\n--- Sends.\n---@param ctx {job: table, data: Mail}\n---@return any\nfunction M.run(ctx) end\nreturn M`,
    ],
    [
      'a class with a field',
      `${CLASS}---@class Ctx\n---@field data Mail\nlocal M = {}\n---@param ctx Ctx\nM.run = function(ctx) end\nreturn M`,
    ],
    [
      'a class that inherits it',
      `${CLASS}---@class Base\n---@field data Mail\n---@class Ctx: Base\nlocal M = {}\n---@param ctx Ctx\nfunction M.run(ctx) end\nreturn M`,
    ],
    ['an alias', `${CLASS}---@alias Ctx { data: Mail }\nlocal M = {}\n---@param ctx Ctx\nfunction M.run(ctx) end\nreturn M`],
    ['a generic context', `${CLASS}local M = {}\n---@param ctx crap.JobHandlerContext<Mail>\nfunction M.run(ctx) end\nreturn M`],
    [
      'the type of the function',
      `${CLASS}local M = {}\n---@type fun(ctx: { data: Mail }): any\nM.run = crap.any.job_handler(function(ctx) end)\nreturn M`,
    ],
    ['a local function', `${CLASS}---@param ctx { data: Mail }\nlocal function run(ctx) end\nreturn { run = run }`],
    [
      'a file with Windows line ends',
      `${CLASS}local M = {}\n---@param ctx { data: Mail }\nfunction M.run(ctx) end\nreturn M`.replaceAll('\n', '\r\n'),
    ],
    ['an entry of a table', `${CLASS}return {\n  ---@param ctx { data: Mail }\n  run = function(ctx) end,\n}`],
  ])('is told by %s', async (_form, source) => {
    const job = await jobOf(source);
    expect(job.data).toEqual(MAIL);
    expect(job.own).toEqual([
      {
        kind: 'class',
        name: 'Mail',
        parents: [],
        members: [
          { name: 'to', type: { kind: 'plain', name: 'string' }, optional: false },
          { name: 'cc', type: { kind: 'list', of: { kind: 'plain', name: 'string' } }, optional: true, note: 'Copies' },
        ],
      },
    ]);
    expect(job.declarations).toContainEqual({ kind: 'alias', name: 'crap.job_data.Send', type: MAIL });
  });

  it('is told by a module that is the function, with its class in another file', async () => {
    const job = await jobOf('---@param ctx { data: Mail }\nreturn function(ctx) end', { 'lib/mail.lua': CLASS }, 'jobs.send');
    expect(job.data).toEqual(MAIL);
  });

  it('is the class of its own name, which is then not declared again', async () => {
    const job = await jobOf(
      '---@class crap.job_data.Send\n---@field to string\nlocal M = {}\n---@param ctx crap.job_context.Send\nfunction M.run(ctx) end\nreturn M',
    );
    expect(job.data).toEqual({ kind: 'named', name: 'crap.job_data.Send' });
    expect(job.declarations.map(({ name }) => name)).toEqual(['crap.job_context.Send', 'crap.job_fn.Send']);
    expect(job.own.map(({ name }) => name)).toEqual(['crap.job_data.Send']);
  });

  it.each([
    ['no annotation', 'local M = {}\nfunction M.run(ctx) end\nreturn M'],
    ['a class that is nowhere', 'local M = {}\n---@param ctx { data: Missing }\nfunction M.run(ctx) end\nreturn M'],
    ['the context without data', 'local M = {}\n---@param ctx crap.JobHandlerContext\nfunction M.run(ctx) end\nreturn M'],
    ['a type that cannot be read', 'local M = {}\n---@param ctx { data: <?> }\nfunction M.run(ctx) end\nreturn M'],
    ['classes in a circle', '---@class A: B\n---@class B: A\nlocal M = {}\n---@param ctx A\nfunction M.run(ctx) end\nreturn M'],
    [
      'an annotation of another function',
      `${CLASS}local M = {}\n---@param ctx { data: Mail }\nfunction M.other(ctx) end\nfunction M.run(ctx) end\nreturn M`,
    ],
  ])('is any table with %s', async (_form, source) => {
    const job = await jobOf(source);
    expect(job.data).toEqual(ANYTHING);
    expect(job.own).toEqual([]);
  });

  it('follows classes that refer to each other', async () => {
    const job = await jobOf(
      `${CLASS}---@class Batch\n---@field mails Mail[]\n---@field parent? Batch\nlocal M = {}\n---@param ctx { data: Batch }\nfunction M.run(ctx) end\nreturn M`,
    );
    expect(job.own.map(({ name }) => name)).toEqual(['Batch', 'Mail']);
  });
});

it.each([
  [
    'string|nil',
    {
      kind: 'union',
      of: [
        { kind: 'plain', name: 'string' },
        { kind: 'plain', name: 'nil' },
      ],
    },
  ],
  [
    '"a"|\'b\'',
    {
      kind: 'union',
      of: [
        { kind: 'literal', value: 'a' },
        { kind: 'literal', value: 'b' },
      ],
    },
  ],
  [
    '(A|B)[]',
    {
      kind: 'list',
      of: {
        kind: 'union',
        of: [
          { kind: 'named', name: 'A' },
          { kind: 'named', name: 'B' },
        ],
      },
    },
  ],
  ['table<string, A>', { kind: 'map', of: { kind: 'named', name: 'A' } }],
  ['{ [string]: A }', { kind: 'map', of: { kind: 'named', name: 'A' } }],
  [
    '{ ["a b"]?: 1, c: true }',
    {
      kind: 'record',
      members: [
        { name: 'a b', type: { kind: 'literal', value: 1 }, optional: true },
        { name: 'c', type: { kind: 'literal', value: true }, optional: false },
      ],
    },
  ],
  [
    'fun(a: A, ...): B',
    {
      kind: 'function',
      params: [
        { name: 'a', type: { kind: 'named', name: 'A' }, optional: false },
        { name: '...', type: { kind: 'plain', name: 'any' }, optional: false },
      ],
      result: { kind: 'named', name: 'B' },
    },
  ],
])('reads the type %s', (text, type) => {
  expect(parseType(`${text} and a remark`)).toEqual({ type, rest: ' and a remark' });
});

it.each(['', '|', '{ a }', '(A', 'A<', '{ a: }', 'fun('])('reads no type from %j', (text) => {
  expect(parseType(text)).toBeUndefined();
});

it('escapes slugs, fields and options that are no identifiers, and keeps names apart', async () => {
  const job =
    'crap.jobs.define("my \\"job\\"\\n", { handler = "jobs.h.run" }) crap.jobs.define("my job", { handler = "jobs.h.run" }) crap.jobs.define("ß", { handler = "jobs.h.run" })';
  const types = await typesFor({
    'collections/a.lua': `
      local f = crap.fields
      crap.collections.define("a_b", { fields = { f.text({ name = "end" }), f.text({ name = "2nd" }),
        f.select({ name = "kind", options = { { value = "it's" }, { value = "a \\"b\\"\\\\" } }, admin = { description = "|odd [note]\\nof two lines" } }),
        f.group({ name = "c_d", fields = { f.array({ name = "e", fields = {} }) } }), f.array({ name = "c_d_e", fields = {} }) } })
      crap.collections.define("a__b", { fields = {} })
      crap.collections.define("2024", { fields = {} })`,
    'jobs/h.lua': `local M = {} function M.run() end ${job} return M`,
  });
  const text = luaTypes(types);
  expect(readAnnotations(text).faults).toEqual([]);
  expect(text).toContain(
    '---@field ["end"]? string\n---@field ["2nd"]? string\n---@field kind? "it\'s"|"a \\"b\\"\\\\" # |odd [note] of two lines\n',
  );
  expect(types.collections.map(({ name }) => name)).toEqual(['2024', 'AB', 'AB_2']);
  expect(types.jobs.map(({ slug, name }) => [slug, name])).toEqual([
    ['my "job"\n', 'MyJob'],
    ['my job', 'MyJob_2'],
    ['ß', 'Unnamed'],
  ]);
  expect(text).toContain('---@overload fun(slug: "my \\"job\\"\\n", data?: crap.job_data.MyJob, options?: crap.QueueOptions): string\n');
  const classes = readAnnotations(text).classes.map(({ name }) => name);
  expect(new Set(classes).size).toBe(classes.length);
});
