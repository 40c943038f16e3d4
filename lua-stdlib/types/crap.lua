---@meta crap
-- The `crap` table for editors: what Moonlighter puts into every Lua state. Never executed.

---@class crap
---@field null userdata JSON null: true as a condition, equal to itself only. Clears a field in the data of a write; stands for null in lists of decoded JSON (generation 8: holes)
crap = {}

--- Suspends the run for some seconds; other runs go on meanwhile, and no thread is held.
---@param seconds number At least 0; fractions count
function crap.sleep(seconds) end

--- Calls `fn` in one transaction, or under a savepoint of the one that is open: what it wrote is undone when it raises.
---@generic T
---@param fn fun(): T
---@return T ... What `fn` returned
function crap.transaction(fn) end

--- Functions that are called when the outcome of the outermost transaction is known, each with `{ data, outcome, options }`. Each call of
--- theirs has a transaction of its own; what they raise is logged. Called at most once: queue a run for what must not be lost.
---@class crap.Tx
crap.tx = {}

--- What a function registered with `crap.tx` is called with.
---@class crap.TxContext
---@field data? crap.Json What was registered with it
---@field outcome "committed"|"rolled_back"
---@field options? any Options of a `{ ref, options }` function

--- Calls the function after the commit.
---@param ref crap.FunctionRef
---@param data? crap.Json
function crap.tx.on_commit(ref, data) end

--- Calls the function after everything was rolled back.
---@param ref crap.FunctionRef
---@param data? crap.Json
function crap.tx.on_rollback(ref, data) end

--- Raised in a hook or validator, fails the write as its validation would, with a message for each field; never returns.
---@param messages table<string, string> Data key (`"title"`, `"seo__title"`, `"items[0][label]"`) to message; at least one
function crap.validation_error(messages) end

--- What host functions raise. `tostring(err)` is the whole text; it also works in `..` and with string methods.
---@class crap.Error
---@field code string Stable name, as docs/errors.md lists them: `"ACCESS_DENIED"`
---@field message string
---@field remedy? string What to do about it
---@field details? table<string, any>

--- A function named from a definition: `"module.function"`, or a module that returns the function.
---@alias crap.FunctionRef string|crap.FunctionRefTable

--- A function with options of its own, which it finds as `ctx.options`.
---@class crap.FunctionRefTable
---@field ref string
---@field options? any

--- A text, or one text for each locale: `{ en = "Title", de = "Titel" }`.
---@alias crap.Label string|table<string, string>

---@class crap.Labels
---@field singular? crap.Label
---@field plural? crap.Label

--- Any value that has a JSON form.
---@alias crap.Json string|number|boolean|table|nil
