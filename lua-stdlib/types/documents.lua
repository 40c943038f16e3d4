---@meta
-- Documents, and the tables that calls on them take and give.

--- A document as calls return it. NULL values are absent.
---@class crap.Document
---@field id string
---@field created_at? string ISO 8601 in UTC; collections with timestamps only
---@field updated_at? string ISO 8601 in UTC; collections with timestamps only
---@field _status? crap.Status Collections with drafts only
---@field _deleted_at? string Documents in the trash only
---@field [string] any

---@alias crap.Status "draft"|"published"

--- Operators of a filter; several in one table must all hold.
---@class crap.FilterOperators
---@field equals? string|number|boolean
---@field not_equals? string|number|boolean NULL never matches
---@field like? string `%` and `_` are wildcards; ASCII letters match in either case
---@field contains? string
---@field greater_than? string|number
---@field less_than? string|number
---@field greater_than_or_equal? string|number
---@field less_than_or_equal? string|number
---@field ["in"]? (string|number|boolean)[]
---@field not_in? (string|number|boolean)[]
---@field exists? boolean Has a value
---@field not_exists? boolean Has none

---@alias crap.FilterValue string|number|boolean|crap.FilterOperators

--- Conditions by field; all must hold. `group.leaf` and `array.leaf` lead into containers, `or` takes alternatives.
---@class crap.Where
---@field ["or"]? crap.Where[] At least one of these groups must hold
---@field [string] crap.FilterValue

--- Options that every call on documents takes.
---@class crap.AccessOptions
---@field override_access? boolean Leave out access rules. Default: true in job handlers, migrations and `eval`, else false
---@field overrideAccess? boolean The same, as the earlier generation spells it

---@class crap.CountQuery: crap.AccessOptions
---@field where? crap.Where
---@field search? string Words that the document must contain, as prefixes
---@field draft? boolean Drafts too. Default false
---@field locale? string Default: the default locale

---@class crap.FindQuery: crap.CountQuery
---@field order_by? string A column, `-` in front for descending. Default `-created_at`, or `id` without timestamps
---@field orderBy? string The same as `order_by`
---@field limit? integer Default `[pagination] default_limit` (20), from 1 to `max_limit` (1000)
---@field page? integer From 1; wins over `offset`
---@field offset? integer Rows to skip. Default 0
---@field depth? integer Levels of references to replace by documents. Default 0, in generation 10 `[depth] default_depth`
---@field select? string[] Top-level fields to give; `id` always comes too
---@field trash? boolean Deleted documents instead. Default false
---@field after_cursor? string Only with `[pagination] mode = "cursor"`
---@field afterCursor? string The same as `after_cursor`
---@field before_cursor? string Only with `[pagination] mode = "cursor"`
---@field beforeCursor? string The same as `before_cursor`

---@class crap.FindByIdOptions: crap.AccessOptions
---@field depth? integer As in find
---@field select? string[] Top-level fields to give; `id` always comes too
---@field locale? string Default: the default locale; `"all"` gives a table of locales for each localized field
---@field draft? boolean The newest draft instead of what is published. Default false

---@class crap.WriteOptions: crap.AccessOptions
---@field hooks? boolean Run hooks. Default true
---@field events? boolean Accepted; whether the write is announced. Default true

---@class crap.CreateOptions: crap.WriteOptions
---@field draft? boolean Create a draft; `required` is not checked. Default false
---@field locale? string Default: the default locale

---@class crap.UpdateOptions: crap.CreateOptions
---@field unpublish? boolean Take the document back to a draft; data is ignored. Default false

---@class crap.DeleteOptions: crap.WriteOptions
---@field force_hard_delete? boolean Remove the row also where the collection has a trash. Default false
---@field forceHardDelete? boolean The same as `force_hard_delete`

---@class crap.ValidateOptions: crap.AccessOptions
---@field id? string The document that an update is meant for; without it the data is checked as for a create
---@field draft? boolean As for a draft. Default false
---@field locale? string Default: the default locale

--- Which documents a bulk call works on; nothing means all.
---@class crap.BulkQuery
---@field where? crap.Where
---@field locale? string Of delete_many, in generation 8

---@class crap.VersionsQuery: crap.AccessOptions
---@field limit? integer Default: all
---@field offset? integer Default 0

--- Where a result stands among all matches. Keys answer in both spellings; pairs shows those of the project's generation.
---@class crap.PaginationInfo
---@field total_docs integer All matches
---@field totalDocs integer
---@field limit integer
---@field has_next_page boolean
---@field hasNextPage boolean
---@field has_prev_page boolean
---@field hasPrevPage boolean
---@field page? integer From 1; in page mode, as the six below
---@field total_pages? integer
---@field totalPages? integer
---@field page_start? integer Number of the first row, from 1
---@field pageStart? integer
---@field prev_page? integer
---@field prevPage? integer
---@field next_page? integer
---@field nextPage? integer
---@field start_cursor? string In cursor mode, as the one below; absent on an empty page
---@field startCursor? string
---@field end_cursor? string
---@field endCursor? string

---@class crap.FindResult
---@field documents crap.Document[]
---@field pagination crap.PaginationInfo

---@class crap.CreateManyResult
---@field created integer
---@field documents crap.Document[]

---@class crap.UpdateManyResult
---@field modified integer

---@class crap.DeleteManyResult
---@field deleted integer
---@field skipped integer Left alone because other documents refer to them

---@class crap.Verdict
---@field valid boolean
---@field errors? table<string, string> Message by field, where it is not valid

---@class crap.Version
---@field id string
---@field version integer From 1, never used again
---@field status crap.Status
---@field latest boolean

---@class crap.VersionList
---@field docs? crap.Version[] Newest first; generation 8
---@field documents? crap.Version[] Newest first; generation 10
---@field pagination crap.PaginationInfo
