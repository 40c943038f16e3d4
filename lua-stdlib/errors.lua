-- The metatable of host errors: their text wherever a script uses them as text.
local host = ...
local text, field = host.error_text, host.error_field
local rawequal, type, tostring = rawequal, type, tostring
local string = string

local mt = host.error_metatable()

local function textual(value)
  return type(value) == "userdata" and text(value) or value
end

host.keep("tostring", tostring)

mt.__name = "error"
mt.__metatable = false
mt.__tostring = text

function mt.__index(e, key)
  local value = field(e, key)
  if value ~= nil then
    return value
  end
  local method = string[key]
  if method == nil then
    return nil
  end
  return function(self, ...)
    return method(rawequal(self, e) and text(e) or self, ...)
  end
end

function mt.__concat(a, b)
  return textual(a) .. textual(b)
end

function mt.__len(e)
  return #text(e)
end

function mt.__lt(a, b)
  return tostring(a) < tostring(b)
end

function mt.__le(a, b)
  return tostring(a) <= tostring(b)
end
