---@meta
-- crap.globals in generation 10.

--- Runs the hooks and checks of an update without the write.
---@param slug string
---@param data table
---@param options? crap.ValidateOptions
---@return crap.Verdict
function crap.globals.validate(slug, data, options) end

--- Makes a published global a draft again.
---@param slug string
---@param options? crap.GlobalUpdateOptions
---@return crap.Document
function crap.globals.unpublish(slug, options) end

--- The versions of a global, newest first, without their content.
---@param slug string
---@param options? crap.VersionsQuery
---@return crap.VersionList
function crap.globals.list_versions(slug, options) end

--- Writes a version's content into the global.
---@param slug string
---@param version_id string As list_versions shows it
---@param options? crap.AccessOptions
---@return crap.Document
function crap.globals.restore_version(slug, version_id, options) end
