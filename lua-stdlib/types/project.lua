---@meta
-- Users, access, hooks, the schema, rich text; and what is kept for the admin pages of crap-cms.

---@class crap.Auth
crap.auth = {}

--- Who calls: nil in jobs and on_init.
---@return crap.Document|nil
function crap.auth.user() end

---@param password string
---@return string hash Argon2id
function crap.auth.hash_password(password) end

---@param password string
---@param hash string
---@return boolean
function crap.auth.verify_password(password, hash) end

---@class crap.Access
crap.access = {}

--- What the rules say about the current user; a table holds the conditions that rows must meet.
---@param slug string Of a collection or a global
---@param operation "read"|"create"|"update"|"delete"|"trash"
---@return "allowed"|"denied"|table<string, crap.FilterValue>
function crap.access.check(slug, operation) end

---@param slug string
---@return string[] Keys of fields that the current user may not read
function crap.access.field_read_denied(slug) end

---@param slug string
---@param operation "create"|"update"
---@return string[] Keys of fields that the current user may not write
function crap.access.field_write_denied(slug, operation) end

---@alias crap.HookEvent "before_validate"|"before_change"|"after_change"|"before_read"|"after_read"|"before_delete"|"after_delete"|"before_broadcast"|"before_render"

---@class crap.Hooks
crap.hooks = {}

--- Adds a function that is called for every collection and global, after their own hooks. From init.lua.
---@param event crap.HookEvent
---@param fn crap.Hook
function crap.hooks.register(event, fn) end

--- Takes the first entry that is this function out again.
---@param event crap.HookEvent
---@param fn crap.Hook
function crap.hooks.remove(event, fn) end

--- The list itself: changes take effect.
---@param event crap.HookEvent
---@return crap.Hook[]
function crap.hooks.list(event) end

---@class crap.SchemaLabels
---@field singular? string
---@field plural? string

---@class crap.SchemaEntry
---@field slug string
---@field labels crap.SchemaLabels

---@class crap.SchemaGlobal: crap.SchemaEntry
---@field fields crap.SchemaField[]

---@class crap.SchemaCollection: crap.SchemaGlobal
---@field timestamps boolean
---@field has_auth boolean
---@field has_upload boolean
---@field has_versions boolean
---@field has_drafts boolean

---@class crap.SchemaField
---@field name string
---@field type crap.FieldType
---@field required boolean
---@field localized boolean
---@field unique boolean
---@field relationship? crap.RelationshipTarget
---@field min_length? integer
---@field max_length? integer
---@field min? number
---@field max? number
---@field has_many? true
---@field min_date? string
---@field max_date? string
---@field language? string
---@field features? any[]
---@field picker? string
---@field collection? string Of a join
---@field on? string Of a join
---@field options? crap.SelectOption[]
---@field fields? crap.SchemaField[]
---@field blocks? crap.SchemaBlock[]

---@class crap.SchemaBlock
---@field type string
---@field label? string
---@field group? string
---@field image_url? string
---@field fields crap.SchemaField[]

---@class crap.Schema
crap.schema = {}

---@param slug string
---@return crap.SchemaCollection|nil
function crap.schema.get_collection(slug) end

---@param slug string
---@return crap.SchemaGlobal|nil
function crap.schema.get_global(slug) end

---@return crap.SchemaEntry[]
function crap.schema.list_collections() end

---@return crap.SchemaEntry[]
function crap.schema.list_globals() end

---@class crap.RichtextNode
---@field label? string
---@field inline? boolean
---@field attrs? crap.Field[] Scalar types only
---@field searchable_attrs? string[] Names of attrs
---@field render? fun(attrs: table<string, any>): string HTML

---@class crap.Richtext
crap.richtext = {}

--- Adds a node of the project's own. From init.lua and definition files.
---@param name string Letters, digits and underscores
---@param spec crap.RichtextNode
function crap.richtext.register_node(name, spec) end

--- A rich text as HTML; nodes of the project are rendered by their functions.
---@param content string HTML, or a document as JSON
---@return string
function crap.richtext.render(content) end

---@class crap.Pages
crap.pages = {}

--- Accepted and listed; a job host shows no pages.
---@param slug string
---@param options? table<string, any>
function crap.pages.register(slug, options) end

---@return string[]
function crap.pages.list() end

---@class crap.TemplateData
crap.template_data = {}

--- Accepted and listed; a job host renders no templates.
---@param name string
---@param fn fun(...: any): any
function crap.template_data.register(name, fn) end

---@return string[]
function crap.template_data.list() end
