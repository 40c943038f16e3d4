---@meta
-- Options of fields, by type. `crap.Field` is any of them.

---@alias crap.FieldType "text"|"number"|"textarea"|"richtext"|"select"|"radio"|"checkbox"|"date"|"email"|"json"|"code"|"relationship"|"upload"|"array"|"group"|"blocks"|"row"|"collapsible"|"tabs"|"join"

--- What every field takes.
---@class crap.FieldBase
---@field name string Letters, digits and single underscores
---@field type? crap.FieldType Set by the factory. Default `"text"`
---@field hidden? boolean Never in results. Default false
---@field admin? crap.FieldAdmin
---@field hooks? crap.FieldHooks
---@field access? crap.FieldAccess
---@field validate? crap.FunctionRef Called as `fn(value, ctx)`: a text is the message, false a general one, anything else fine
---@field mcp? crap.McpOptions

--- What fields with a value take.
---@class crap.ValueField: crap.FieldBase
---@field required? boolean Default false
---@field required_when? crap.FunctionRef Generation 10
---@field required_locales? string|string[] Generation 10
---@field unique? boolean Default false
---@field index? boolean Default false
---@field localized? boolean One value for each locale. Default false
---@field default_value? string|number|boolean

--- Shown by the admin pages; free-form.
---@class crap.FieldAdmin
---@field label? crap.Label
---@field description? crap.Label
---@field placeholder? crap.Label
---@field hidden? boolean
---@field readonly? boolean
---@field width? string
---@field position? string
---@field condition? string A function that says whether the field is shown
---@field template? string A relative path
---@field extra? table<string, any>
---@field [string] any

--- Functions by event, called as `fn(value, ctx)`; what they return is the new value.
---@class crap.FieldHooks
---@field before_validate? crap.FunctionRef[]
---@field before_change? crap.FunctionRef[]
---@field after_change? crap.FunctionRef[]
---@field after_read? crap.FunctionRef[]

--- Rules of a field; one that is missing allows.
---@class crap.FieldAccess
---@field read? crap.FunctionRef Else the field is left out of results
---@field create? crap.FunctionRef Else the value given is dropped
---@field update? crap.FunctionRef Else the value given is dropped

---@class crap.TextField: crap.ValueField
---@field has_many? boolean A list of texts. Default false
---@field min_length? integer Characters
---@field max_length? integer Characters
---@field min_rows? integer With has_many
---@field max_rows? integer With has_many

---@class crap.NumberField: crap.ValueField
---@field has_many? boolean A list of numbers. Default false
---@field min? number
---@field max? number
---@field integer? boolean Whole numbers only; generation 10. Default false
---@field min_rows? integer With has_many
---@field max_rows? integer With has_many

---@class crap.TextareaField: crap.ValueField
---@field min_length? integer Characters
---@field max_length? integer Characters

---@class crap.RichtextField: crap.ValueField
---@field min_length? integer Characters
---@field max_length? integer Characters

---@class crap.SelectOption
---@field label? crap.Label Default: the value
---@field value string

---@class crap.SelectField: crap.ValueField
---@field options? crap.SelectOption[]
---@field has_many? boolean Several of the options. Default false
---@field min_rows? integer With has_many
---@field max_rows? integer With has_many

---@class crap.RadioField: crap.ValueField
---@field options? crap.SelectOption[]

---@class crap.CheckboxField: crap.ValueField

---@class crap.DateField: crap.ValueField
---@field min_date? string `"2026-01-31"`
---@field max_date? string `"2026-12-31"`
---@field picker_appearance? "dayOnly"|"dayAndTime"|"timeOnly"|"monthOnly"
---@field timezone? boolean Keep the zone beside the instant, as `<name>_tz`; with `"dayAndTime"` only. Default false
---@field default_timezone? string IANA name

---@class crap.EmailField: crap.ValueField
---@field min_length? integer Characters
---@field max_length? integer Characters

---@class crap.JsonField: crap.ValueField

---@class crap.CodeField: crap.ValueField
---@field min_length? integer Characters
---@field max_length? integer Characters

---@class crap.RelationshipTarget
---@field collection string|string[] Several: a polymorphic reference, `"collection/id"`
---@field has_many? boolean Default false
---@field max_depth? integer Levels that reads replace by documents at most

---@class crap.RelationshipField: crap.ValueField
---@field relationship? crap.RelationshipTarget
---@field relation_to? string Deprecated: `relationship.collection`
---@field has_many? boolean Beside `relation_to` only
---@field min_rows? integer With has_many
---@field max_rows? integer With has_many

---@class crap.UploadTarget
---@field collection string A collection with `upload`
---@field has_many? boolean Default false
---@field max_depth? integer Levels that reads replace by documents at most

---@class crap.UploadField: crap.ValueField
---@field relationship? crap.UploadTarget
---@field relation_to? string Deprecated: `relationship.collection`
---@field has_many? boolean Beside `relation_to` only
---@field min_rows? integer With has_many
---@field max_rows? integer With has_many

---@class crap.ArrayField: crap.ValueField
---@field fields? crap.Field[]
---@field min_rows? integer
---@field max_rows? integer

---@class crap.GroupField: crap.FieldBase
---@field fields? crap.Field[]
---@field localized? boolean All of its fields. Default false

---@class crap.BlockDefinition
---@field type string What stands in `_block_type`
---@field label? crap.Label
---@field label_field? string
---@field group? string
---@field image_url? string
---@field fields? crap.Field[]

---@class crap.BlocksField: crap.ValueField
---@field blocks? crap.BlockDefinition[]
---@field min_rows? integer
---@field max_rows? integer

--- Layout only: its fields belong to the level around it.
---@class crap.RowField: crap.FieldBase
---@field fields? crap.Field[]

--- Layout only: its fields belong to the level around it.
---@class crap.CollapsibleField: crap.FieldBase
---@field fields? crap.Field[]

---@class crap.TabDefinition
---@field label string
---@field description? string
---@field fields? crap.Field[]

--- Layout only: its fields belong to the level around it.
---@class crap.TabsField: crap.FieldBase
---@field tabs? crap.TabDefinition[]

--- The documents of another collection that refer to this one; nothing is stored. Filled by reads with depth above 0.
---@class crap.JoinField: crap.FieldBase
---@field collection string
---@field on string The field over there

---@alias crap.Field crap.TextField|crap.NumberField|crap.TextareaField|crap.RichtextField|crap.SelectField|crap.RadioField|crap.CheckboxField|crap.DateField|crap.EmailField|crap.JsonField|crap.CodeField|crap.RelationshipField|crap.UploadField|crap.ArrayField|crap.GroupField|crap.BlocksField|crap.RowField|crap.CollapsibleField|crap.TabsField|crap.JoinField
