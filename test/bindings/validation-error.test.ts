/** crap.validation_error: hooks and validators fail a write field by field. */
import { afterEach, describe, expect, it } from 'vitest';
import { engines } from '../support/engines.js';
import { type Bench, Benches } from './support.js';

const FILES = {
  'hooks/posts.lua': `local M = {}
    function M.before_validate(ctx)
      if ctx.data.title == "early" then crap.validation_error({ title = "too early", lead = "missing" }) end
    end
    function M.before_change(ctx)
      if ctx.data.title == "change" then crap.validation_error({ title = "not like that" }) end
      if ctx.data.title == "nested" then crap.collections.create("posts", { title = "change" }, { overrideAccess = true }) end
      if ctx.data.title == "nested many" then crap.collections.create_many("posts", { { title = "change" } }, { overrideAccess = true }) end
      if ctx.data.title == "caught" then
        local ok, e = pcall(crap.validation_error, { title = "caught and raised again" })
        error(e)
      end
    end
    function M.after_change(ctx)
      if ctx.data.title == "after" then crap.validation_error({ title = "after all" }) end
    end
    function M.before_delete() crap.validation_error({ id = "is in use" }) end
    function M.field(value) if value == "field" then crap.validation_error({ title = "from a field hook" }) end return value end
    function M.check(value)
      if value == "pair" then crap.validation_error({ lead = "b", title = "a" }) end
      if value == "write" then crap.collections.create_many("posts", { { title = "change" } }, { overrideAccess = true }) end
    end
    return M`,
};

const DEFINE = `crap.collections.define("posts", {
  fields = {
    { name = "title", type = "text", validate = "hooks.posts.check", hooks = { before_change = { "hooks.posts.field" } } },
    { name = "lead", type = "text", max_length = 3 },
  },
  hooks = { before_validate = { "hooks.posts.before_validate" }, before_change = { "hooks.posts.before_change" },
    after_change = { "hooks.posts.after_change" }, before_delete = { "hooks.posts.before_delete" } },
})`;

describe.each(engines)('$name', (engine) => {
  const benches = new Benches();
  afterEach(() => benches.dispose());

  async function open(generation: 8 | 10 = 10): Promise<Bench> {
    const bench = await benches.open(engine, { generation, files: FILES });
    await bench.run(DEFINE);
    await bench.enter();
    return bench;
  }
  const create = (title: string) => `crap.collections.create("posts", { title = "${title}" })`;

  it.each([
    ['early', 'lead: missing; title: too early'],
    ['change', 'title: not like that'],
    ['after', 'title: after all'],
    ['field', 'title: from a field hook'],
    ['caught', 'title: caught and raised again'],
    ['pair', 'lead: b; title: a'],
  ])('raised for "%s" reads as validation does, and leaves nothing written', async (title, text) => {
    const bench = await open();
    expect(await bench.failure(create(title))).toBe(`runtime error: create error: Validation failed: ${text}`);
    expect(await bench.value('return crap.collections.count("posts")')).toBe(0);
  });

  it.each([8, 10] as const)('carries the fields into the value that the call raises (generation %i)', async (generation) => {
    const bench = await open(generation);
    const chunk = `local _, e = pcall(function() ${create('early')} end) return e.code, e.details.fields.title, e.details.fields.lead`;
    expect(await bench.run(chunk)).toEqual(['VALIDATION_FAILED', 'too early', 'missing']);
  });

  it('stands among the other problems of the data when a validator raises it', async () => {
    const bench = await open();
    expect(await bench.failure('crap.collections.create("posts", { title = "pair", lead = "long" })')).toBe(
      'runtime error: create error: Validation failed: lead: b; title: a; lead: lead must be at most 3 characters',
    );
  });

  it.each(['early', 'change', 'pair'])('is a verdict of validate, whoever raised it ("%s")', async (title) => {
    const bench = await open();
    const chunk = `local v = crap.collections.validate("posts", { title = "${title}" }) return v.valid, type(v.errors.title)`;
    expect(await bench.run(chunk)).toEqual([false, 'string']);
  });

  it('fails updates and deletes under their names', async () => {
    const bench = await open();
    await bench.run(`id = ${create('fine')}.id`);
    expect(await bench.failure('crap.collections.update("posts", id, { title = "change" })')).toBe(
      'runtime error: update error: Validation failed: title: not like that',
    );
    expect(await bench.failure('crap.collections.delete("posts", id)')).toBe(
      'runtime error: delete error: Validation failed: id: is in use',
    );
  });

  it('of a nested write is the failure of that call to the outer one', async () => {
    const bench = await open();
    expect(await bench.failure(create('nested'))).toBe(
      'runtime error: create error: runtime error: create error: Validation failed: title: not like that',
    );
    expect(await bench.failure(create('nested many'))).toBe(
      'runtime error: create error: runtime error: Validation failed: title: not like that',
    );
    expect(await bench.failure(create('write'))).toContain("title: Validation failed (internal error in 'hooks.posts.check')");
  });

  it('raises in a handler too', async () => {
    const bench = await open();
    expect(await bench.failure('crap.validation_error({ b = "two", a = "one" })')).toBe('runtime error: Validation failed: a: one; b: two');
  });

  it.each([
    ['{}', 'runtime error: crap.validation_error: needs at least one field message'],
    ['{ "text" }', 'runtime error: crap.validation_error: keys must be field names, e.g. { title = "title is required" }'],
    ['{ title = 5 }', "runtime error: crap.validation_error: the message for 'title' must be a string"],
    ['"text"', 'bad argument #1: error converting Lua string to table'],
    ['', 'bad argument #1: error converting Lua nil to table'],
  ])('refuses %s', async (argument, text) => {
    const bench = await open();
    expect(await bench.failure(`crap.validation_error(${argument})`)).toBe(text);
  });
});
