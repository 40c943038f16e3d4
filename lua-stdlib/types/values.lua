---@meta
-- crap.util and crap.json: helpers that need no database.

---@class crap.JsonApi
crap.json = {}

---@param value any
---@return string
function crap.json.encode(value) end

--- Null members vanish.
---@param text string
---@return any
function crap.json.decode(text) end

---@class crap.Util
crap.util = {}

--- Lowercase, with `-` for whatever is no letter or digit: `"Zoë & Co"` is `"zoë-co"`.
---@param text string
---@return string
function crap.util.slugify(text) end

--- A random id of 21 characters.
---@return string
function crap.util.nanoid() end

---@param value any
---@return string
function crap.util.json_encode(value) end

---@param text string
---@return any
function crap.util.json_decode(text) end

--- Now, as RFC 3339 in UTC.
---@return string
function crap.util.date_now() end

--- Now, in Unix seconds.
---@return integer
function crap.util.date_timestamp() end

--- Unix seconds of RFC 3339, `YYYY-MM-DD HH:MM:SS` or `YYYY-MM-DD` (UTC).
---@param text string
---@return integer
function crap.util.date_parse(text) end

---@param timestamp integer Unix seconds
---@param format string As strftime; UTC
---@return string
function crap.util.date_format(timestamp, format) end

---@param timestamp integer Unix seconds
---@param seconds integer
---@return integer
function crap.util.date_add(timestamp, seconds) end

--- Seconds from `b` to `a`.
---@param a integer Unix seconds
---@param b integer Unix seconds
---@return integer
function crap.util.date_diff(a, b) end

--- A new table: `a` with `b` laid over it, tables in both merged.
---@param a table
---@param b table
---@return table
function crap.util.deep_merge(a, b) end

---@param t table
---@param keys string[]
---@return table
function crap.util.pick(t, keys) end

---@param t table
---@param keys string[]
---@return table
function crap.util.omit(t, keys) end

---@generic K, V
---@param t table<K, V>
---@return K[]
function crap.util.keys(t) end

---@generic K, V
---@param t table<K, V>
---@return V[]
function crap.util.values(t) end

---@generic T, R
---@param t T[]
---@param fn fun(value: T, index: integer): R
---@return R[]
function crap.util.map(t, fn) end

---@generic T
---@param t T[]
---@param fn fun(value: T, index: integer): any
---@return T[]
function crap.util.filter(t, fn) end

---@generic T
---@param t T[]
---@param fn fun(value: T, index: integer): any
---@return T|nil
function crap.util.find(t, fn) end

---@param t table
---@param value any
---@return boolean
function crap.util.includes(t, value) end

---@param t table
---@return boolean
function crap.util.is_empty(t) end

--- A shallow copy.
---@generic T: table
---@param t T
---@return T
function crap.util.clone(t) end

---@param s string
---@return string
function crap.util.trim(s) end

--- The pieces between separators; empty ones are left out.
---@param s string
---@param sep string Plain text
---@return string[]
function crap.util.split(s, sep) end

---@param s string
---@param prefix string
---@return boolean
function crap.util.starts_with(s, prefix) end

---@param s string
---@param suffix string
---@return boolean
function crap.util.ends_with(s, suffix) end

---@param s string
---@param max integer Bytes, the suffix included
---@param suffix? string Default `"..."`
---@return string
function crap.util.truncate(s, max, suffix) end
