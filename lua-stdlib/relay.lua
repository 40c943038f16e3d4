-- What the twins of library functions share.
local host = ...
local find, gsub = string.find, string.gsub

-- Results of a library function called under pcall: its messages get the position of the script's line and the function's name. Errors of
-- metamethods come with a position of their own.
host.relay = function(name, level, ok, ...)
  if ok then
    return ...
  end
  local e = ...
  if type(e) ~= "string" or find(e, "^attempt to ") or find(e, "^[^\n]-:%d+: ") then
    error(e, 0)
  end
  error((gsub(e, "^(bad argument #%d+ to )'%?'", "%1'" .. name .. "'")), level)
end
