-- Tables with second names: those stand in the metatable's __index. A second name that is written stays one; other new keys are the table's.
local host = ...
local rawget, rawset, getmetatable = rawget, rawset, getmetatable

host.keep("write_shadowed", function(t, key, value)
  local behind = getmetatable(t).__index
  if rawget(behind, key) ~= nil then
    rawset(behind, key, value)
  else
    rawset(t, key, value)
  end
end)
