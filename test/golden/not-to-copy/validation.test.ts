/** not-to-copy.md, data: raw SQL errors of the reference, and what its validation lets through. */
import { expect } from 'vitest';
import { line, lineBy } from './line.js';

const invalid = (problem: string) => `err: create error: Validation failed: ${problem}`;
/** `given(field, value)`: what create reads back, or its error. */
const GIVEN = `local function given(field, value) return try(function() return C.create("things", { [field] = value })[field] end) end `;

line(
  'filters.or.empty*, filters.or.object, filters.or.group_with_ignored_condition',
  `C.create("things", { txt = "on", chk = true, num = 1 }) C.create("things", { txt = "off", num = 2 })
   local function find(groups) return try(function() return names(C.find("things", { where = { ["or"] = groups }, order_by = "num" }).documents, "txt") end) end
   return find({}), find({ {} }), find({ { num = 1 }, {} }), find({ num = 1 }), find({ { chk = true }, { num = 2 } })`,
  [...Array(4).fill("err: 'or' needs a list of groups with at least one condition in each"), 'on off'],
);

line(
  'filters.array.unknown',
  `return try(C.find, "things", { where = { ["rows.nope"] = "x" } }):match("^err: Invalid field 'rows.nope'")`,
  ["err: Invalid field 'rows.nope'"],
);

line(
  'versions.unpublish.without_drafts, versions.restore.without_drafts',
  `local id = C.create("ledger", { title = "one" }).id C.update("ledger", id, { title = "two" })
   local versions = C.list_versions("ledger", id).docs
   return try(C.unpublish, "ledger", id), C.restore_version("ledger", id, versions[2].id).title, C.find_by_id("ledger", id).title`,
  ["err: unpublish error: Collection 'ledger' keeps versions without drafts: its documents are always published", 'one', 'one'],
);

line(
  'versions.list.pages (offset alone), versions.list.errors',
  `local id = C.create("posts", { title = "1" }).id C.update("posts", id, { title = "2" })
   local rest = C.list_versions("posts", id, { offset = 1 }).docs
   return #rest, rest[1].version, try(C.list_versions, "targets", "x")`,
  [1, 1, "err: Collection 'targets' does not have versioning enabled"],
);

line(
  'values.rel_many.twice_the_same',
  `local id = C.create("targets", { name = "t" }).id
   local doc = C.create("things", { many = { id, id } }) return #doc.many, doc.many[1] == id`,
  [1, true],
);

line(
  'locales.read.no_fallback_to_other, hooks.context.locale_and_draft',
  `return try(C.create, "texts", { title = "nur deutsch" }, { locale = "de" })`,
  [invalid("title: title is required in the default locale 'en': create the document there first")],
);

line(
  'values.sel_many.list_invalid, values.sel_many.empty_list, validation.required.containers (colours list)',
  `${GIVEN} return given("sels", { "red" }), given("sels", { "red", "purple" }), given("sels", {}), try(function() return C.create("picky", { colours = { "red" } }).colours end)`,
  ['["red"]', invalid('sels: sels has an invalid option: purple'), '[]', '["red"]'],
  {
    define:
      'C.define("picky", { fields = { F.select({ name = "colours", has_many = true, required = true, options = { { label = "Red", value = "red" } } }) } })',
  },
);

line(
  'values.sel.number, values.sel.true, values.sel.list, values.day.number, values.day.table, validation.length.number, validation.email.number',
  `${GIVEN} return given("sel", 5), given("sel", true), given("sel", { "red" }), given("day", 1700000000), given("day", { year = 2024 }),
     given("code", 1234567), given("code", 12345), given("mail", 5)`,
  [
    ...Array(3).fill(invalid('sel: sel has an invalid option')),
    ...Array(2).fill(invalid('day: day is not a valid date format')),
    invalid('code: code must be at most 5 characters'),
    '12345',
    invalid('mail: mail is not a valid email address'),
  ],
);

line(
  'validation.rows.group_absent, validation.rows.group_flat',
  `local function given(row) return try(function() return C.create("boxes", { lines = { row } }).lines[1].box.leaf end) end
   return given({ label = "a" }), given({ label = "a", box__leaf = "flat" }), given({ label = "a", box = { leaf = "x" } })`,
  [...Array(2).fill(invalid('lines[0][box][0][leaf]: leaf is required')), 'x'],
  {
    define:
      'C.define("boxes", { fields = { F.array({ name = "lines", fields = { F.text({ name = "label" }), F.group({ name = "box", fields = { F.text({ name = "leaf", required = true }) } }) } }) } })',
  },
);

line(
  'validation.required.on_update',
  `local id = C.create("listed", { title = "t", lines = { { label = "a" } } }).id
   return try(function() return C.update("listed", id, { title = "only the title" }).title end), #C.find_by_id("listed", id).lines`,
  ['only the title', 1],
  {
    define:
      'C.define("listed", { fields = { F.text({ name = "title" }), F.array({ name = "lines", min_rows = 1, required = true, fields = { F.text({ name = "label" }) } }) } })',
  },
);

line(
  'versions.update.publishing_needs_required',
  `local id = C.create("posts", { body = "b" }, { draft = true }).id
   return try(C.update, "posts", id, { body = "c" }), C.find_by_id("posts", id, { draft = true })._status`,
  ['err: update error: Validation failed: title: title is required', 'draft'],
);

line(
  'validation.validate.draft',
  `local function verdict(data, options) local v = C.validate("targets_strict", data, options) return tostring(v.valid) .. " " .. tostring(v.errors and v.errors.title) end
   return verdict({}, { draft = true }), try(C.create, "targets_strict", {}, { draft = true }), C.validate("posts", {}, { draft = true }).valid`,
  ['false title is required', invalid('title: title is required'), true],
  { define: 'C.define("targets_strict", { fields = { F.text({ name = "title", required = true }) } })' },
);

line(
  'values.chk.absent',
  'local doc = C.create("things", {}) return doc.chk_def, doc.chk, C.create("things", { chk_def = false }).chk_def',
  [1, 0, 0],
);

line(
  'values.hour.beyond, values.month.impossible, validation.email.two_at',
  `${GIVEN} return given("hour", "25:61"), given("month", "2024-13"), given("mail", "a@b@c.com"), given("hour", "23:59"), given("month", "2024-12")`,
  [
    invalid('hour: hour is not a valid date format'),
    invalid('month: month is not a valid date format'),
    invalid('mail: mail is not a valid email address'),
    '23:59',
    '2024-12',
  ],
);

line(
  'values.zoned.gap_and_overlap, values.zoned.unknown_zone',
  `local function given(text, zone) return try(function() return C.create("things", { zoned = text, zoned_tz = zone }).zoned end) end
   return given("2024-03-31T02:30", "Europe/Berlin"), given("2024-10-27T02:30", "Europe/Berlin"), given("2024-07-01T09:00", "Mars/Olympus")`,
  [
    invalid("zoned: zoned does not exist in timezone 'Europe/Berlin'"),
    '2024-10-27T00:30:00.000Z',
    invalid("zoned: zoned has an unknown timezone 'Mars/Olympus'"),
  ],
);

line(
  'references.count.self_reference',
  `local id = C.create("selves", { name = "narcissus" }).id C.update("selves", id, { other = id })
   return C.ref_count("selves", id), C.delete("selves", id)`,
  [0, true],
  {
    define:
      'C.define("selves", { fields = { F.text({ name = "name" }), F.relationship({ name = "other", relationship = { collection = "selves" } }) } })',
  },
);

line('values.chk.one_float', `${GIVEN} return given("chk", 1.0), given("chk", 1), given("chk", 0.0)`, [1, 1, 0]);

line(
  'values.layout (tab_grp)',
  'local id = C.create("things", { tab_grp = { leaf = "kept" } }).id return C.find_by_id("things", id).tab_grp.leaf',
  ['kept'],
);

line(
  'values.txt.function, hooks.field.nil_for_a_given_value, hooks.field.returns_function',
  `local doc = C.create("hooked", { a = "given", b = "given" })
   return C.create("things", { txt = print }).txt, doc.a, doc.b, C.count("hooked", { where = { a = "null" } })`,
  [undefined, undefined, undefined, 0],
  {
    define: `C.define("hooked", { fields = { F.text({ name = "a", hooks = { before_change = { "hooks.h.none" } } }),
      F.text({ name = "b", hooks = { before_change = { "hooks.h.fn" } } }) } })`,
    files: { 'hooks/h.lua': 'return { none = function() return nil end, fn = function() return print end }' },
  },
);

lineBy('locales.write.required_in_another_locale, locales.write.unique_for_each_locale', {}, async (_, run) => {
  const [required, unique, doubled] = await run(`
    C.create("texts", { title = "one", path = "p" })
    return try(C.create, "texts", { title = "eins" }, { locale = "de" }), try(C.create, "texts", { title = "two", path = "p" }),
      try(C.create, "texts", { title = "zwei", path = "q" }, { locale = "de" })`);
  expect(required).toBe(invalid("title: title is required in the default locale 'en': create the document there first"));
  expect(unique).toBe(invalid('path: path must be unique'));
  expect(doubled).toMatch(/^err: create error: Validation failed: /);
});
