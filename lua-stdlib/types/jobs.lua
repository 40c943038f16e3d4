---@meta
-- crap.jobs: what a project does in the background.

---@class crap.Jobs
crap.jobs = {}

---@class crap.JobDefinition
---@field handler crap.FunctionRef `"jobs.digest.run"`
---@field schedule? string Cron, five fields or six with seconds first: `"0 8 * * 1"`. Default: none
---@field timezone? string IANA name. Default: `[jobs] timezone`, else UTC
---@field queue? string Default `"default"`
---@field retries? integer Further attempts after failures. Default 0
---@field timeout? integer Seconds that an attempt may take. Default 60
---@field concurrency? integer Runs of this job at a time, over all hosts. Default 1
---@field skip_if_running? boolean Leave out an instant of the schedule while a run is running. Default true
---@field priority? integer Higher first. Default 0
---@field labels? crap.Labels
---@field access? crap.FunctionRef Asked on queue from hooks and on trigger. Default: open
---@field transaction? boolean|"immediate" One transaction, as a writer from the start, or (false) one for each call. Default true, in generation 10 false
---@field key_concurrency? integer Runs of one `key` at a time, in the order of queueing. Default 1
---@field rate_limit? crap.RateLimit
---@field backoff? crap.FunctionRef|(number|string)[]|crap.BackoffCurve Wait after a failure: seconds for the first, second …; a curve; or a function. Default `min(5 * 2^(attempt - 1), 300)` seconds
---@field retention? crap.Duration|crap.Retention How long ended runs are kept. Default `[jobs] auto_purge`
---@field on_lost? "retry"|"stale" Of a run whose host is gone. Default `"retry"`
---@field misfire? "skip"|"once"|"all" Of instants of the schedule that nobody was there to run. Default `"skip"`
---@field misfire_limit? integer Instants that `misfire = "all"` runs at most. Default 100
---@field dst? crap.DstPolicy
---@field jitter? crap.Duration Each instant is run up to this much later. Default 0
---@field from? string ISO 8601; no instant of the schedule before it
---@field until? string ISO 8601; no instant of the schedule from it on
---@field max_instructions? integer Lua instructions of one attempt. Default `[hooks] max_instructions` where crap.toml writes it
---@field max_memory? integer|string Bytes, or a text such as `"64MB"`, that Lua may take for one attempt. Default that of the configuration

--- Seconds, or a text: `"30s"`, `"5m"`, `"2h"`, `"7d"`.
---@alias crap.Duration number|string

---@class crap.RateLimit
---@field limit integer Attempts that begin
---@field per crap.Duration within this time, over all hosts

--- `min(base * factor^(attempt - 1), max)`, spread by `jitter`.
---@class crap.BackoffCurve
---@field base? crap.Duration Default 5
---@field factor? number Default 2
---@field max? crap.Duration Default 300
---@field jitter? number From 0 to 1. Default 0

---@class crap.Retention
---@field completed? crap.Duration
---@field failed? crap.Duration
---@field stale? crap.Duration
---@field cancelled? crap.Duration

--- Local times that do not exist when clocks go forward, and those that come twice when they go back.
---@class crap.DstPolicy
---@field gap? "skip"|"before"|"after" Default `"skip"`
---@field overlap? "first"|"second"|"both" Default `"first"`

--- Defines a job, or replaces the definition of one. New ones only from definition files and init.lua.
---@param slug string
---@param config crap.JobDefinition
function crap.jobs.define(slug, config) end

---@class crap.QueueOptions
---@field priority? integer Higher first. Default: the definition's
---@field delay? crap.Duration
---@field run_at? number|string Unix seconds, or ISO 8601; not beside `delay`
---@field unique? string|crap.UniqueKey While a run of the job with this key is pending or running, its id is given instead of a new run
---@field key? string|integer Runs of one key run one after the other (`key_concurrency`)
---@field after? string[] Ids of runs that must have completed before
---@field after_failure? "cancel"|"run" What becomes of the run when one of `after` fails. Default `"cancel"`

---@class crap.UniqueKey
---@field key string
---@field within? crap.Duration Counts runs queued within this time, whatever became of them
---@field replace? boolean The pending run is replaced by the new one

--- Asks for a run. It is there when the transaction commits, and gone when that rolls back.
---@param slug string
---@param data? table Handed to the handler as `ctx.data`. Default `{}`
---@param options? crap.QueueOptions
---@return string id
function crap.jobs.queue(slug, data, options) end

--- Asks for one run for each data, all or none.
---@param slug string
---@param list table[]
---@param options? crap.QueueOptions
---@return string[] ids In the order of the list
function crap.jobs.queue_many(slug, list, options) end

--- From a handler: ends the attempt here, undoes what it wrote, and tries again later. No attempt is spent.
---@param delay crap.Duration
---@param reason? string
function crap.jobs.retry_later(delay, reason) end

--- From a handler: ends the attempt here and undoes what it wrote; the run has failed, whatever retries are left.
---@param reason? string
function crap.jobs.discard(reason) end
