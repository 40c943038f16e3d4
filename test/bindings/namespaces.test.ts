/** The namespaces that need no database: log, json, util, env, config, locale, fields, hooks, pages, template_data, richtext. */
import { afterEach, describe, expect, it } from 'vitest';
import { engines } from '../support/engines.js';
import { Benches } from './support.js';

describe.each(engines)('$name', (engine) => {
  const benches = new Benches();
  afterEach(() => benches.dispose());
  const open = (options = {}) => benches.open(engine, options);

  it('shows the namespaces of the reference', async () => {
    const bench = await open();
    const names = await bench.value('local t = {} for k in pairs(crap) do t[#t + 1] = k end table.sort(t) return table.concat(t, " ")');
    expect(names).toBe(
      'access auth collections config crypto email env fields globals hooks http jobs json locale log pages richtext schema template_data util',
    );
    expect(
      await bench.value('local t = {} for k in pairs(_G) do if k:find("crap") then t[#t + 1] = k end end return table.concat(t, " ")'),
    ).toBe('crap');
  });

  it('has every function of the reference', async () => {
    const bench = await open();
    const functions = (name: string) =>
      bench.value(`local t = {} for k in pairs(crap.${name}) do t[#t + 1] = k end table.sort(t) return table.concat(t, " ")`);
    expect(await functions('access')).toBe('check field_read_denied field_write_denied');
    expect(await functions('auth')).toBe('hash_password user verify_password');
    expect(await functions('collections')).toBe(
      'config count create create_many define delete delete_many find find_by_id list_versions ref_count restore_version undelete unpublish update update_many validate',
    );
    expect(await functions('collections.config')).toBe('get list');
    expect(await functions('crypto')).toBe('base64_decode base64_encode constant_time_eq decrypt encrypt hmac_sha256 random_bytes sha256');
    expect(await functions('email')).toBe('queue send');
    expect(await functions('fields')).toBe(
      'array blocks checkbox code collapsible date email group join json number radio relationship richtext row select tabs text textarea upload',
    );
    expect(await functions('globals')).toBe('config define get update');
    expect(await functions('hooks')).toBe('list register remove');
    expect(await functions('http')).toBe('request');
    expect(await functions('jobs')).toBe('define queue');
    expect(await functions('json')).toBe('decode encode');
    expect(await functions('locale')).toBe('get_all get_default is_enabled');
    expect(await functions('log')).toBe('error info warn');
    expect(await functions('pages')).toBe('list register');
    expect(await functions('richtext')).toBe('register_node render');
    expect(await functions('schema')).toBe('get_collection get_global list_collections list_globals');
    expect(await functions('template_data')).toBe('list register');
    expect(await functions('util')).toBe(
      'clone date_add date_diff date_format date_now date_parse date_timestamp deep_merge ends_with filter find includes is_empty json_decode json_encode keys map nanoid omit pick slugify split starts_with trim truncate values',
    );
  });

  const OURS =
    'crap.any crap.null crap.sleep crap.transaction crap.tx crap.validation_error crap.http.all crap.jobs.discard crap.jobs.queue_many crap.jobs.retry_later';
  /** By name, and what pairs, next and rawget give of it. */
  const REACH = `
    local function keys(t, iterate)
      local found = {}
      for key in iterate(t) do found[key] = true end
      return found
    end
    local out = {}
    for path in ("${OURS}"):gmatch("%S+") do
      local space, name = path:match("^(.*)%.([^.]+)$")
      local t = crap
      for part in space:gmatch("[^.]+") do if part ~= "crap" then t = t[part] end end
      local walked = keys(t, pairs)[name] or keys(t, function(each) return next, each end)[name] or rawget(t, name) ~= nil
      if t[name] == nil then out[#out + 1] = path .. " missing" elseif walked then out[#out + 1] = path end
    end
    return table.concat(out, " ")`;

  it('keeps names that the reference does not have out of walks, and answers to them', async () => {
    expect(await (await open()).value(REACH)).toBe('');
    expect(await (await open({ generation: 10 })).value(REACH)).toBe('crap.any crap.null crap.transaction crap.tx crap.validation_error');
  });

  it('lets a project put its own things into crap, also under such a name', async () => {
    const bench = await open();
    expect(
      await bench.run(
        'crap.mine, crap.tx = 1, 2 local seen = { crap.mine, crap.tx } crap.mine, crap.tx = nil, nil return seen[1], seen[2], crap.mine, type(crap.tx)',
      ),
    ).toEqual([1, 2, undefined, 'table']);
    expect(await bench.run('return getmetatable(crap), pcall(setmetatable, crap, nil)')).toEqual([
      false,
      false,
      'cannot change a protected metatable',
    ]);
    expect(await bench.failure('crap.jobs.discard = print')).toMatch(/crap\.jobs is read-only/);
  });

  it('logs text and numbers, and returns nothing', async () => {
    const bench = await open();
    expect(await bench.run('return select("#", crap.log.info("one"))')).toEqual([0]);
    await bench.run('crap.log.warn(42) crap.log.error("three")');
    expect(bench.lines.map((line) => `${line.level} ${line.text}`)).toEqual(['info one', 'warn 42', 'error three']);
    expect(await bench.failure('crap.log.info(true)')).toBe(
      'bad argument #1: error converting Lua boolean to String (expected string or number)',
    );
  });

  it('encodes and decodes JSON', async () => {
    const bench = await open();
    expect(await bench.value('return crap.json.encode({ 1, 2.0, "x", true, {} })')).toBe('[1,2.0,"x",true,{}]');
    expect(await bench.value('return crap.util.json_encode()')).toBe('null');
    expect(
      await bench.run(
        'local t = crap.json.decode(\'{"a":1,"b":1.0,"c":null,"d":[1,2]}\') return math.type(t.a), math.type(t.b), t.c, #t.d',
      ),
    ).toEqual(['integer', 'float', undefined, 2]);
    expect(await bench.failure('crap.json.decode("{")')).toBe(
      'runtime error: JSON decode error: EOF while parsing an object at line 1 column 1',
    );
    expect(await bench.failure('crap.json.encode({ x = 0 / 0 })')).toMatch(/^runtime error: Invalid float value/);
  });

  it('helps with dates', async () => {
    const bench = await open();
    expect(await bench.value('return crap.util.date_now()')).toBe('2026-01-02T03:04:05.678000000+00:00');
    expect(await bench.run('return crap.util.date_timestamp(), math.type(crap.util.date_timestamp())')).toEqual([1767323045, 'integer']);
    expect(await bench.value('return crap.util.date_format(crap.util.date_parse("2024-05-06"), "%A")')).toBe('Monday');
    expect(await bench.run('return crap.util.date_add("5", 5), crap.util.date_add(1.0, 2), crap.util.date_diff(100, 30)')).toEqual([
      10, 3, 70,
    ]);
    expect(await bench.failure('crap.util.date_parse("tomorrow")')).toBe('runtime error: could not parse date: tomorrow');
    expect(await bench.failure('crap.util.date_format(9000000000000000000, "%Y")')).toBe('runtime error: invalid timestamp');
  });

  it('helps with tables and texts', async () => {
    const bench = await open();
    const encode = (code: string) => bench.value(`local u = crap.util return crap.json.encode(${code})`);
    expect(await encode('u.deep_merge({ 1, 2, 3 }, { 9 })')).toBe('[9,2,3]');
    expect(await encode('u.deep_merge({ n = { x = 1 } }, { n = { y = 2 } }).n.x')).toBe('1');
    expect(await encode('u.pick({ a = 1, b = 2 }, { "a", "x" })')).toBe('{"a":1}');
    expect(await encode('u.omit({ a = 1, b = 2 }, { "a" })')).toBe('{"b":2}');
    expect(await encode('u.map({ 1, 2 }, function(v, i) return v * 10 + i end)')).toBe('[11,22]');
    expect(await encode('u.filter({ 5, 6, 7 }, function(v) return v > 5 end)')).toBe('[6,7]');
    expect(await encode('u.find({ 5, 6 }, function(v) return v > 5 end)')).toBe('6');
    expect(await encode('{ u.includes({ 1.0 }, 1), u.includes({ 1 }, "1"), u.is_empty({}), u.is_empty({ a = false }) }')).toBe(
      '[true,false,true,false]',
    );
    expect(await encode('u.split(",a,,b,", ",")')).toBe('["a","b"]');
    expect(await encode('u.split("a.b", ".")')).toBe('["a","b"]');
    expect(
      await encode('{ u.trim("  a b  "), u.truncate("hello world", 8), u.truncate("hello world", 2), u.truncate("äöü", 3, "") }'),
    ).toBe('["a b","hello...","he","ä"]');
    expect(await encode('{ u.starts_with("hello", "he"), u.ends_with("hello", "lo"), u.ends_with("o", "hello") }')).toBe(
      '[true,true,false]',
    );
    expect(await bench.run('return #crap.util.nanoid(), crap.util.slugify("Zoë & Co"), crap.util.slugify(42)')).toEqual([
      21,
      'zoë-co',
      '42',
    ]);
    expect(await bench.failure('crap.util.split("abc", "")')).toBe('test:1: crap.util.split: the separator must not be empty');
  });

  it('reads environment variables of two prefixes', async () => {
    const env = { CRAP_A: 'a', LUA_B: 'b', PATH: 'p', CRAP_SECRET_X: 's' };
    const get = 'local g = crap.env.get return g("CRAP_A"), g("LUA_B"), g("PATH"), g("CRAP_NONE"), g(""), g("CRAP_SECRET_X")';
    expect(await (await open({ env })).run(get)).toEqual(['a', 'b', undefined, undefined, undefined, 's']);
    expect((await (await open({ env, generation: 10 })).run(get)).at(-1)).toBeUndefined();
  });

  it('shows the configuration without its secrets', async () => {
    const bench = await open({ config: { locale: { locales: ['en', 'de'] }, upload: { s3: { secret_key: 'x', bucket: 'b' } } } });
    const get = (path: string) => bench.value(`return crap.config.get(${JSON.stringify(path)})`);
    expect(await get('pagination.default_limit')).toBe(20);
    expect(await get('crap_version')).toBe('0.1.0-alpha.8');
    expect(await get('auth.secret')).toBe('[REDACTED]');
    expect(await get('email.smtp_pass')).toBe('[REDACTED]');
    expect(await get('mcp.api_key')).toBe('[REDACTED]');
    expect(await get('upload.s3.secret_key')).toBe('[REDACTED]');
    expect(await get('upload.s3.bucket')).toBe('b');
    expect(await get('hooks.max_instructions')).toBe(10_000_000);
    expect(await get('jobs.queues')).toBeUndefined();
    for (const path of [
      '',
      '.',
      'jobs.',
      'no.such.key',
      'locale.locales.1',
      'jobs.poll_interval.deeper',
      'constructor',
      'jobs.__proto__',
    ]) {
      expect(await get(path)).toBeUndefined();
    }
    expect(await bench.value('return table.concat(crap.config.get("locale.locales"), ",")')).toBe('en,de');
    expect(bench.session.options.config.auth.secret).not.toBe('[REDACTED]');
  });

  it('knows the locales', async () => {
    expect(await (await open()).run('return crap.locale.get_default(), #crap.locale.get_all(), crap.locale.is_enabled()')).toEqual([
      'en',
      0,
      false,
    ]);
    const bench = await open({ config: { locale: { locales: ['en', 'de'], default_locale: 'de' } } });
    expect(await bench.run('return crap.locale.get_default(), crap.locale.get_all()[2], crap.locale.is_enabled()')).toEqual([
      'de',
      'de',
      true,
    ]);
  });

  it('makes fields of the very table that they get', async () => {
    const bench = await open();
    expect(await bench.run('local t = { name = "x", type = "text" } return crap.fields.number(t) == t, t.type')).toEqual([true, 'number']);
    expect(await bench.failure('crap.fields.text()')).toBe('bad argument #1: error converting Lua nil to table');
    expect(await bench.failure('crap.fields.text("x")')).toBe('bad argument #1: error converting Lua string to table');
  });

  it('keeps live lists of hooks', async () => {
    const bench = await open();
    const text = await bench.value(`
      local h, out = crap.hooks, {}
      local function f() end
      h.register("before_change", f) h.register("before_change", f) h.register("before_change", print)
      out[1] = #h.list("before_change")
      h.remove("before_change", f)
      out[2] = #h.list("before_change")
      h.remove("before_change", function() end)
      h.list("before_change")[1] = nil
      out[3] = #h.list("after_read")
      h.list("before_change")[1] = f
      out[4] = tostring(h.list("before_change")[1] == f)
      return table.concat(out, " ")`);
    expect(text).toBe('3 2 0 true');
    expect(await bench.failure('crap.hooks.register()')).toBe(
      'bad argument #1: error converting Lua nil to String (expected string or number)',
    );
    expect(await bench.failure('crap.hooks.register("after_read", "x")')).toBe('bad argument #2: error converting Lua string to function');
    expect(await bench.failure('crap.hooks.list({})')).toBe(
      'bad argument #1: error converting Lua table to String (expected string or number)',
    );
  });

  it('hands registered hooks to the host as the list stands', async () => {
    const bench = await open();
    const { lua, vm } = bench.session;
    expect(lua.registered('before_change')).toEqual([]);
    await bench.run(
      'calls = "" function one() calls = calls .. "1" end function two() calls = calls .. "2" end crap.hooks.register("before_change", one) crap.hooks.register("before_change", two)',
    );
    const first = lua.registered('before_change');
    expect(first).toHaveLength(2);
    expect(lua.registered('before_change')).toBe(first);
    await bench.run('local l = crap.hooks.list("before_change") l[1], l[2] = l[2], l[1]');
    for (const fn of lua.registered('before_change')) [...vm.call(fn, [])];
    expect(await bench.value('return calls')).toBe('21');
    await bench.run('crap.hooks.list("before_change")[2] = "text"');
    expect(() => lua.registered('before_change')).toThrow(
      'registered hook at index 2 is not a function: error converting Lua string to function',
    );
    await bench.run('table.remove(crap.hooks.list("before_change"))');
    expect(lua.registered('before_change')).toHaveLength(1);
  });

  it('warns about unknown events, and refuses them in the later generation', async () => {
    const bench = await open();
    await bench.run('crap.hooks.register("no_such_event", print)');
    expect(bench.lines.map((line) => line.text).join()).toContain("unknown event 'no_such_event'");
    expect(await bench.value('return #crap.hooks.list("no_such_event")')).toBe(1);
    expect(await (await open({ generation: 10 })).failure('crap.hooks.register("no_such_event", print)')).toContain(
      "unknown event 'no_such_event'",
    );
  });

  it('accepts pages, template data and rich text nodes while loading, and refuses them later', async () => {
    const bench = await open();
    await bench.run('crap.pages.register("a_page", { label = "A" }) crap.template_data.register("numbers", function() end)');
    await bench.run(
      'crap.richtext.register_node("badge", { attrs = { { name = "text" } }, searchable_attrs = { "text" }, render = function(a) return "<b>" .. a.text .. "</b>" end })',
    );
    expect(await bench.run('return crap.pages.list()[1], crap.template_data.list()[1]')).toEqual(['a_page', 'numbers']);
    expect(await bench.failure('crap.pages.register("Bad Page", {})')).toBe(
      "runtime error: crap.pages.register: invalid slug \"Bad Page\" (use a-z, 0-9, '-', '_')",
    );
    bench.session.phase = 'running';
    expect(await bench.failure('crap.pages.register("late", {})')).toMatch(
      /^runtime error: crap.pages.register must be called from init.lua/,
    );
    expect(await bench.failure('crap.template_data.register("late", print)')).toMatch(
      /^runtime error: crap.template_data.register must be called from init.lua/,
    );
    expect(await bench.failure('crap.richtext.register_node("late", {})')).toMatch(
      /^runtime error: crap.richtext.register_node must be called from init.lua/,
    );
  });

  it('renders rich text', async () => {
    const bench = await open();
    await bench.run('crap.richtext.register_node("badge", { render = function(a) return "<b>" .. tostring(a.text) .. "</b>" end })');
    const render = (content: string) => bench.value(`return crap.richtext.render([==[${content}]==])`);
    expect(await render('<p>plain</p>')).toBe('<p>plain</p>');
    expect(await render('<p>x <crap-node data-type="badge" data-attrs=\'{"text":"new"}\'></crap-node></p>')).toBe('<p>x <b>new</b></p>');
    expect(
      await render(
        '{"type":"doc","content":[{"type":"paragraph","content":[{"type":"text","text":"a < b","marks":[{"type":"strong"}]}]}]}',
      ),
    ).toBe('<p><strong>a &lt; b</strong></p>');
    expect(await render('{"type":"doc","content":[{"type":"badge","attrs":{"text":"node"}}]}')).toBe('<b>node</b>');
    expect(await render('{"type":"doc","content":[{"type":"unknown_node"}]}')).toBe(
      '<crap-node data-type="unknown_node" data-attrs=\'{}\'></crap-node>',
    );
    expect(await render('{"type":"text","text":"x","marks":[{"type":"link","attrs":{"href":"javascript:alert(1)"}}]}')).toBe('<a>x</a>');
    expect(await bench.failure('crap.richtext.render("{broken")')).toBe(
      'runtime error: Render error: Invalid JSON: key must be a string at line 1 column 2',
    );
  });
});
