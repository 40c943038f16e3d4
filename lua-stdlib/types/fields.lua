---@meta
-- crap.fields: each factory sets `type` and hands back the very table that it gets.

---@class crap.Fields
crap.fields = {}

--- A line of text.
---@param options crap.TextField
---@return crap.TextField
function crap.fields.text(options) end

--- A number.
---@param options crap.NumberField
---@return crap.NumberField
function crap.fields.number(options) end

--- Text of several lines.
---@param options crap.TextareaField
---@return crap.TextareaField
function crap.fields.textarea(options) end

--- Formatted text, stored as HTML or as a JSON document.
---@param options crap.RichtextField
---@return crap.RichtextField
function crap.fields.richtext(options) end

--- One of the options, or several.
---@param options crap.SelectField
---@return crap.SelectField
function crap.fields.select(options) end

--- One of the options.
---@param options crap.RadioField
---@return crap.RadioField
function crap.fields.radio(options) end

--- Yes or no.
---@param options crap.CheckboxField
---@return crap.CheckboxField
function crap.fields.checkbox(options) end

--- An instant, a day, a time or a month, as text.
---@param options crap.DateField
---@return crap.DateField
function crap.fields.date(options) end

--- An address.
---@param options crap.EmailField
---@return crap.EmailField
function crap.fields.email(options) end

--- Any JSON.
---@param options crap.JsonField
---@return crap.JsonField
function crap.fields.json(options) end

--- Source text.
---@param options crap.CodeField
---@return crap.CodeField
function crap.fields.code(options) end

--- A reference to documents of one collection or several.
---@param options crap.RelationshipField
---@return crap.RelationshipField
function crap.fields.relationship(options) end

--- A reference to an uploaded file.
---@param options crap.UploadField
---@return crap.UploadField
function crap.fields.upload(options) end

--- A list of rows with the same fields.
---@param options crap.ArrayField
---@return crap.ArrayField
function crap.fields.array(options) end

--- Fields under one name.
---@param options crap.GroupField
---@return crap.GroupField
function crap.fields.group(options) end

--- A list of rows of different types.
---@param options crap.BlocksField
---@return crap.BlocksField
function crap.fields.blocks(options) end

--- Fields side by side.
---@param options crap.RowField
---@return crap.RowField
function crap.fields.row(options) end

--- Fields that can be folded away.
---@param options crap.CollapsibleField
---@return crap.CollapsibleField
function crap.fields.collapsible(options) end

--- Fields in tabs.
---@param options crap.TabsField
---@return crap.TabsField
function crap.fields.tabs(options) end

--- The documents that refer to this one.
---@param options crap.JoinField
---@return crap.JoinField
function crap.fields.join(options) end
