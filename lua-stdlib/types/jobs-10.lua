---@meta
-- crap.jobs in generation 10: what jobs and runs there are.

---@alias crap.RunStatus "pending"|"running"|"completed"|"failed"|"stale"|"cancelled"

---@class crap.JobInfo
---@field slug string
---@field handler string
---@field schedule? string
---@field queue string
---@field retries integer
---@field timeout integer Seconds
---@field concurrency integer
---@field skip_if_running boolean
---@field priority integer
---@field label? string

---@class crap.Run
---@field id string
---@field slug string
---@field status crap.RunStatus
---@field queue string
---@field data? any
---@field result? any
---@field error? string
---@field attempt integer
---@field max_attempts integer
---@field priority integer
---@field unique_key? string
---@field scheduled_by? string
---@field created_at? string ISO 8601 in UTC
---@field started_at? string
---@field completed_at? string

---@class crap.ListRunsOptions
---@field slug? string
---@field status? crap.RunStatus
---@field limit? integer Default 50, at most 1000
---@field offset? integer Default 0

---@class crap.RunList
---@field runs crap.Run[] Newest first
---@field total integer Without limit and offset

--- The jobs whose access rule lets the caller read, by slug.
---@return crap.JobInfo[]
function crap.jobs.list() end

---@param id string
---@return crap.Run|nil
function crap.jobs.get_run(id) end

---@param options? crap.ListRunsOptions
---@return crap.RunList
function crap.jobs.list_runs(options) end

--- Cancels a run that is pending; false when it is not, or is not there.
---@param id string
---@return boolean cancelled
function crap.jobs.cancel_run(id) end
