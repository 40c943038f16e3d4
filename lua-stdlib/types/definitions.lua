---@meta
-- Definitions of collections and globals.

---@class crap.CollectionDefinition
---@field labels? crap.Labels
---@field timestamps? boolean Keep created_at and updated_at. Default true
---@field admin? crap.CollectionAdmin
---@field fields? crap.Field[]
---@field hooks? crap.CollectionHooks
---@field access? crap.CollectionAccess
---@field auth? boolean|crap.AuthOptions Users that log in; adds an `email` field
---@field upload? boolean|crap.UploadOptions Files; adds filename, mime_type, filesize, url and image fields
---@field live? boolean|crap.FunctionRef|crap.LiveOptions Announce changes, of a function only those that it allows. Default true
---@field versions? boolean|crap.VersionsOptions Keep versions; true: with drafts, without a limit
---@field indexes? crap.Index[] Over several columns
---@field soft_delete? boolean Keep a trash. Default false
---@field soft_delete_retention? string How long the trash is kept: `"30d"`, `"12h"`
---@field mcp? crap.McpOptions

---@class crap.GlobalDefinition
---@field labels? crap.Labels
---@field fields? crap.Field[]
---@field hooks? crap.CollectionHooks
---@field access? crap.GlobalAccess
---@field live? boolean|crap.FunctionRef|crap.LiveOptions Announce changes, of a function only those that it allows. Default true
---@field versions? boolean|crap.VersionsOptions
---@field mcp? crap.McpOptions

---@class crap.CollectionAdmin
---@field use_as_title? string The field that stands for a document in lists
---@field default_sort? string Of the admin pages; calls from Lua do not use it
---@field hidden? boolean
---@field list_searchable_fields? string[] The columns of the full-text search. Default: all texts

--- Functions by event, called in the order of the list. A table that a hook returns replaces `data` and `context`; nil changes nothing.
---@class crap.CollectionHooks
---@field before_validate? crap.FunctionRef[]
---@field before_change? crap.FunctionRef[]
---@field after_change? crap.FunctionRef[]
---@field before_read? crap.FunctionRef[]
---@field after_read? crap.FunctionRef[]
---@field before_delete? crap.FunctionRef[]
---@field after_delete? crap.FunctionRef[]
---@field before_broadcast? crap.FunctionRef[]

--- A rule that is missing denies, unless `[access] default_deny = false`.
---@class crap.GlobalAccess
---@field read? crap.FunctionRef
---@field update? crap.FunctionRef

---@class crap.CollectionAccess: crap.GlobalAccess
---@field create? crap.FunctionRef
---@field delete? crap.FunctionRef
---@field trash? crap.FunctionRef Moving to the trash and back. Default: `update`
---@field draft? crap.FunctionRef Generation 10. Default: `update`
---@field versions? crap.FunctionRef Generation 10. Default: `update`
---@field unlock? crap.FunctionRef Generation 10
---@field admin? crap.FunctionRef Generation 10
---@field mcp? crap.FunctionRef Generation 10

---@class crap.AuthOptions
---@field enabled? boolean Generation 10. Default true
---@field methods? table<string, any> Generation 10
---@field token_expiry? integer Seconds. Default 7200
---@field disable_local? boolean No passwords. Default false
---@field verify_email? boolean Default false
---@field forgot_password? boolean Default true
---@field strategies? crap.AuthStrategy[]
---@field mfa? string `"email"`
---@field mfa_when? crap.FunctionRef Generation 10
---@field password_policy? table<string, any> Generation 10

---@class crap.AuthStrategy
---@field name string
---@field authenticate crap.FunctionRef The function that finds the user

---@class crap.UploadOptions
---@field mime_types? string[] `"image/*"` stands for all of a kind
---@field max_file_size? integer|string Bytes, or a text like `"10MB"`
---@field image_sizes? crap.ImageSize[]
---@field admin_thumbnail? string Name of an image size
---@field format_options? table<"webp"|"avif", boolean|table>

---@class crap.ImageSize
---@field name string
---@field width? integer Pixels
---@field height? integer Pixels
---@field fit? "cover"|"contain"|"inside"|"fill"

---@class crap.LiveOptions
---@field mode? string
---@field filter? crap.FunctionRef

---@class crap.VersionsOptions
---@field drafts? boolean Default true
---@field max_versions? integer Older ones are removed; 0: none. Default 0

---@class crap.Index
---@field fields string[]
---@field unique? boolean Default false

---@class crap.McpOptions
---@field description? string
