/** not-to-copy.md, behaviour: access rules. */
import { expect } from 'vitest';
import { line, lineBy } from './line.js';

const ENFORCED = { overrideAccessByDefault: false };
const RULES = {
  'access/rules.lua': `local M = {}
    function M.no() return false end
    function M.empty() return {} end
    function M.range() return { level = { greater_than_or_equal = 1, less_than_or_equal = 9 } } end
    function M.system() return { _ref_count = 0 } end
    function M.level() return { level = 1 } end
    return M`,
};
const guarded = (access: string, fields = '') =>
  `C.define("guarded", { versions = true, access = ${access}, fields = { F.text({ name = "name" }), F.number({ name = "level" }) ${fields} } })`;

line(
  'services.access.check_constraints',
  `local rule = crap.access.check("guarded", "read")
   for level = 0, 10, 5 do C.create("guarded", { name = "n" .. level, level = level }, { overrideAccess = true }) end
   return names(C.find("guarded", { where = rule, overrideAccess = true }).documents, "name"), C.count("guarded")`,
  ['n5', 1],
  { files: RULES, define: guarded('{ read = "access.rules.range" }'), context: ENFORCED },
);

lineBy(
  'access.constraint.empty',
  { files: RULES, define: guarded('{ read = "access.rules.empty" }'), context: ENFORCED },
  async (_, run) => {
    // A project could depend on it: generation 8 allows, as the reference does; generation 10 denies (test/content/generation-10-filters.test.ts).
    expect(await run('C.create("guarded", { name = "a" }) return C.count("guarded")')).toEqual([1]);
  },
);

line(
  'access.field_create',
  `local doc = C.create("guarded", { name = "a", box = { open = "o", shut = "s" } })
   local free = C.create("guarded", { name = "b", box = { open = "o", shut = "s" } }, { overrideAccess = true })
   return doc.box.open, doc.box.shut, C.find_by_id("guarded", doc.id, { overrideAccess = true }).box.shut, free.box.shut`,
  ['o', undefined, undefined, 's'],
  {
    files: RULES,
    define: guarded(
      '{}',
      ', F.group({ name = "box", fields = { F.text({ name = "open" }), F.text({ name = "shut", access = { create = "access.rules.no" } }) } })',
    ),
    context: ENFORCED,
  },
);

line(
  'run: update(slug, id, {}, {unpublish = true}) works although the update rule denies: the rule is never asked',
  `local id = C.create("guarded", { name = "a" }, { overrideAccess = true }).id
   return try(C.update, "guarded", id, {}, { unpublish = true }), try(C.unpublish, "guarded", id),
     C.find_by_id("guarded", id, { overrideAccess = true })._status`,
  ['err: Update access denied', 'err: unpublish error: Update access denied', 'published'],
  { files: RULES, define: guarded('{ update = "access.rules.no" }'), context: ENFORCED },
);

line(
  'access.override_spellings',
  `local function make(options) return try(function() return C.create("guarded", { name = "a" }, options).name end) end
   return make({ overrideAccess = 1 }), make({ overrideAccess = "false" }), make({ overrideAccess = false }), make({ override_access = true }), make({})`,
  [
    'err: overrideAccess must be true or false, got integer',
    'err: overrideAccess must be true or false, got string',
    'err: create error: Create access denied',
    'a',
    'err: create error: Create access denied',
  ],
  { files: RULES, define: guarded('{ create = "access.rules.no" }'), context: ENFORCED },
);

line(
  'access.field_read.filter_on_it',
  `C.create("guarded", { secret = "x" })
   local denied = "err: Read access denied for field 'secret': it cannot be filtered or sorted on"
   return try(C.count, "guarded", { where = { secret = "x" } }) == denied, try(C.find, "guarded", { order_by = "secret" }) == denied,
     C.count("guarded", { where = { secret = "x" }, overrideAccess = true })`,
  [true, true, 1],
  { files: RULES, define: guarded('{}', ', F.text({ name = "secret", access = { read = "access.rules.no" } })'), context: ENFORCED },
);

line(
  'access.update.system_table',
  `local id = C.create("guarded", { name = "a", level = 1 }).id
   local one, many = try(C.update, "guarded", id, { level = 2 }), try(C.update_many, "guarded", {}, { level = 2 })
   return one:match("returned a filter on system column '_ref_count'"), many:match("returned a filter on system column '_ref_count'"),
     C.find_by_id("guarded", id, { overrideAccess = true }).level == 1`,
  [...Array(2).fill("returned a filter on system column '_ref_count'"), true],
  { files: RULES, define: guarded('{ update = "access.rules.system" }'), context: ENFORCED },
);

line(
  'redefine.collection.access_function',
  `return try(C.define, "targets", { fields = {}, access = { read = function() return false end } })`,
  [
    "err: Failed to parse collection 'targets': 'access.read' expected the name of a function, got a function; without it the rule would be lost",
  ],
);
