---@meta
-- crap.collections: documents of the project. All calls but `define` and `config` need a database: a handler, a hook, a migration.

---@class crap.Collections
crap.collections = {}

--- Defines a collection, or replaces the definition of one. New ones only from definition files and init.lua.
---@param slug string Lowercase letters, digits and underscores
---@param config crap.CollectionDefinition
function crap.collections.define(slug, config) end

--- Definitions as tables, for plugins that read, append and define again. Bounds, indexes and some targets are not kept.
---@class crap.CollectionConfig
crap.collections.config = {}

---@param slug string
---@return crap.CollectionDefinition|nil
function crap.collections.config.get(slug) end

---@return table<string, crap.CollectionDefinition> By slug
function crap.collections.config.list() end

--- Documents that match, one page of them.
---@param slug string
---@param query? crap.FindQuery
---@return crap.FindResult
function crap.collections.find(slug, query) end

--- One document, or nil when there is none.
---@param slug string
---@param id string
---@param options? crap.FindByIdOptions
---@return crap.Document|nil
function crap.collections.find_by_id(slug, id, options) end

--- How many documents match; runs no hooks.
---@param slug string
---@param query? crap.CountQuery
---@return integer
function crap.collections.count(slug, query) end

--- Creates a document: access, hooks, validation, hooks, the row, hooks.
---@param slug string
---@param data table
---@param options? crap.CreateOptions
---@return crap.Document
function crap.collections.create(slug, data, options) end

--- Changes the fields that `data` names. Lists replace all rows of their field.
---@param slug string
---@param id string
---@param data table
---@param options? crap.UpdateOptions
---@return crap.Document
function crap.collections.update(slug, id, data, options) end

--- Deletes a document, or moves it to the trash where the collection has one.
---@param slug string
---@param id string
---@param options? crap.DeleteOptions
---@return true
function crap.collections.delete(slug, id, options) end

--- Brings a document back from the trash.
---@param slug string
---@param id string
---@param options? crap.AccessOptions
---@return true
function crap.collections.undelete(slug, id, options) end

--- Makes a published document a draft again.
---@param slug string
---@param id string
---@param options? crap.WriteOptions
---@return crap.Document
function crap.collections.unpublish(slug, id, options) end

--- Runs the hooks and checks of a write without the write.
---@param slug string
---@param data table
---@param options? crap.ValidateOptions
---@return crap.Verdict
function crap.collections.validate(slug, data, options) end

--- Creates several documents, all or none.
---@param slug string
---@param items table[]
---@param options? crap.CreateOptions
---@return crap.CreateManyResult
function crap.collections.create_many(slug, items, options) end

--- Changes every document that matches, all or none.
---@param slug string
---@param query crap.BulkQuery
---@param data table
---@param options? crap.UpdateOptions
---@return crap.UpdateManyResult
function crap.collections.update_many(slug, query, data, options) end

--- Deletes every document that matches and that no other refers to.
---@param slug string
---@param query crap.BulkQuery
---@param options? crap.DeleteOptions
---@return crap.DeleteManyResult
function crap.collections.delete_many(slug, query, options) end

--- The versions of a document, newest first, without their content.
---@param slug string
---@param id string
---@param options? crap.VersionsQuery
---@return crap.VersionList
function crap.collections.list_versions(slug, id, options) end

--- Writes a version's content into its document.
---@param slug string
---@param id string
---@param version_id string As list_versions shows it
---@param options? crap.AccessOptions
---@return crap.Document
function crap.collections.restore_version(slug, id, version_id, options) end

--- How many references lead to a document; 0 when it is not there.
---@param slug string
---@param id string
---@param options? crap.AccessOptions Asked in generation 10 only
---@return integer
function crap.collections.ref_count(slug, id, options) end
