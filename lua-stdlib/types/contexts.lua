---@meta
-- What functions of the project are called with.

---@alias crap.Operation "create"|"update"|"delete"|"find"|"find_by_id"|"get"|"init"

--- Of hooks of collections and globals, of registered hooks and of on_init functions.
---@class crap.HookContext
---@field collection string The slug; `""` in on_init
---@field operation crap.Operation
---@field data table What is written, or the document that was written or read; `{ id }` of deletes
---@field context table<string, any> Shared by the hooks of one call; JSON values only
---@field hook_depth integer 0 for a call from outside, one more for each nested write
---@field id? string The document; generation 10
---@field locale? string
---@field draft? boolean On create and update
---@field user? crap.Document Who calls; nil in jobs
---@field ui_locale? string
---@field options? any Of a `{ ref, options }` reference

--- Of field hooks: `fn(value, ctx)`.
---@class crap.FieldHookContext
---@field field_name string `group__leaf` for fields of groups
---@field collection string
---@field operation crap.Operation
---@field data table All data; changing it has no effect
---@field id? string The document; generation 10
---@field locale? string Generation 10
---@field user? crap.Document
---@field ui_locale? string
---@field options? any Of a `{ ref, options }` reference

--- Of validators: `fn(value, ctx)`.
---@class crap.ValidateContext
---@field collection string The table: the slug, `_global_<slug>` for globals
---@field field_name string
---@field data table
---@field user? crap.Document
---@field ui_locale? string
---@field options? any Of a `{ ref, options }` reference

--- Of access functions. They return true, false, or a table of conditions that rows must meet.
---@class crap.AccessContext
---@field user? crap.Document Who calls; nil in jobs
---@field id? string The document, where there is one
---@field data? table
---@field operation? string Of job rules in generation 10: `"trigger"` or `"read"`
---@field options? any Of a `{ ref, options }` reference

---@alias crap.AccessResult boolean|table<string, crap.FilterValue>|nil

--- The run that a handler works for.
---@class crap.JobRunInfo
---@field slug string
---@field attempt integer From 1
---@field max_attempts integer
---@field id? string Generation 10, as all below
---@field queue? string
---@field priority? integer
---@field unique_key? string
---@field scheduled_by? string `"hook"`, `"cron"`, `"cli"` …
---@field queued_at? string ISO 8601 in UTC

--- Of job handlers. What a handler returns is kept as the result of the run.
---@class crap.JobHandlerContext
---@field data table What was queued; `{}` for scheduled runs
---@field job crap.JobRunInfo
---@field options? any Of a `{ ref, options }` handler

---@alias crap.Hook fun(ctx: crap.HookContext): crap.HookContext|table|nil
---@alias crap.FieldHook fun(value: any, ctx: crap.FieldHookContext): any
---@alias crap.Validator fun(value: any, ctx: crap.ValidateContext): string|boolean|nil
---@alias crap.AccessRule fun(ctx: crap.AccessContext): crap.AccessResult
---@alias crap.JobHandler fun(ctx: crap.JobHandlerContext): any

--- What a migration file returns.
---@class crap.Migration
---@field up fun()
---@field down? fun()

--- Hand back the function that they get, so that an editor knows its parameters.
---@class crap.Any
crap.any = {}

---@param fn crap.AccessRule
---@return crap.AccessRule
function crap.any.access(fn) end

---@param fn fun(ctx: table): crap.Document|nil
---@return fun(ctx: table): crap.Document|nil
function crap.any.auth_strategy(fn) end

---@param fn crap.Hook
---@return crap.Hook
function crap.any.collection_hook(fn) end

---@param fn fun(ctx: table): boolean|table
---@return fun(ctx: table): boolean|table
function crap.any.display_condition(fn) end

---@param fn crap.FieldHook
---@return crap.FieldHook
function crap.any.field_hook(fn) end

---@param fn crap.JobHandler
---@return crap.JobHandler
function crap.any.job_handler(fn) end

---@param fn fun(ctx: table): any
---@return fun(ctx: table): any
function crap.any.route_handler(fn) end

---@param fn fun(row: table): string|nil
---@return fun(row: table): string|nil
function crap.any.row_label(fn) end
