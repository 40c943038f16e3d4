-- `crap.null`, the value of JSON null: one, true as a condition, equal to itself only, "null" as text.
local host = ...

local mt = host.null_metatable()
mt.__name = "null"
mt.__metatable = false

function mt.__tostring()
  return "null"
end
