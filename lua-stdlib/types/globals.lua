---@meta
-- crap.globals: documents of which there is one each.

---@class crap.Globals
crap.globals = {}

--- Defines a global, or replaces the definition of one. New ones only from definition files and init.lua.
---@param slug string Lowercase letters, digits and underscores
---@param config crap.GlobalDefinition
function crap.globals.define(slug, config) end

--- Definitions as tables, as for collections.
---@class crap.GlobalConfig
crap.globals.config = {}

---@param slug string
---@return crap.GlobalDefinition|nil
function crap.globals.config.get(slug) end

---@return table<string, crap.GlobalDefinition> By slug
function crap.globals.config.list() end

---@class crap.GlobalOptions: crap.AccessOptions
---@field locale? string Default: the default locale; `"all"` on get gives a table of locales for each localized field
---@field draft? boolean Generation 10: the newest draft; on update: write one. Default false

---@class crap.GlobalUpdateOptions: crap.GlobalOptions
---@field hooks? boolean Run hooks. Default true
---@field events? boolean Accepted; whether the write is announced. Default true

--- The document of a global; its id is `"default"`.
---@param slug string
---@param options? crap.GlobalOptions
---@return crap.Document
function crap.globals.get(slug, options) end

--- Changes the fields that `data` names.
---@param slug string
---@param data table
---@param options? crap.GlobalUpdateOptions
---@return crap.Document
function crap.globals.update(slug, data, options) end
