-- string.gsub with a function: in Lua, so that the function may wait and be preempted; results and messages of PUC Lua.
local host = ...
local relay = host.relay
local gsub, find, sub, byte = string.gsub, string.find, string.sub, string.byte
local concat = table.concat
local error, type, pcall, tostring, tonumber, select, mathtype = error, type, pcall, tostring, tonumber, select, math.type

-- The replacement of one match, or the match itself for nil and false.
local function replaced(fn, s, first, last, ...)
  local value
  if select("#", ...) == 0 then
    value = fn(sub(s, first, last))
  else
    value = fn(...)
  end
  if not value then
    return sub(s, first, last)
  end
  if type(value) == "string" then
    return value
  end
  if type(value) == "number" then
    return tostring(value)
  end
  -- Above this function stand `take` and gsub itself.
  error("invalid replacement value (a " .. type(value) .. ")", 4)
end

local function textual(value)
  return type(value) == "string" or type(value) == "number"
end

string.gsub = function(...)
  local s, pattern, fn, limit = ...
  local whole = limit == nil or mathtype(tonumber(limit)) == "integer"
  if type(fn) ~= "function" or not whole or not textual(s) or not textual(pattern) then
    return relay("gsub", 2, pcall(gsub, ...))
  end
  s, pattern = tostring(s), tostring(pattern)
  local most = limit == nil and #s + 1 or tonumber(limit)
  local anchored = byte(pattern, 1) == 94
  local out, count, at, last_end = {}, 0, 1, 0
  -- `last_end` is the end of the last match: an empty match right behind it does not count, as in PUC Lua.
  while count < most do
    local function take(first, last, ...)
      if first == nil then
        return false
      end
      if last < first and first - 1 == last_end and count > 0 then
        -- An empty match where the last one ended: one character is kept and the search goes on behind it.
        if first > #s then
          return false
        end
        out[#out + 1] = sub(s, at, first)
        at = first + 1
        return true
      end
      out[#out + 1] = sub(s, at, first - 1)
      count = count + 1
      out[#out + 1] = replaced(fn, s, first, last, ...)
      at, last_end = last + 1, last
      return true
    end
    if not take(relay("gsub", 3, pcall(find, s, pattern, at))) or anchored or at > #s + 1 then
      break
    end
  end
  out[#out + 1] = sub(s, at)
  return concat(out), count
end
