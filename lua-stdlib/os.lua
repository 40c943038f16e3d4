-- os.time, os.date, os.clock, os.difftime over the host: 64-bit seconds, any year, the same on every engine.
local host = ...
local host_time, host_date, host_clock, message = host.time, host.date, host.clock, host.error_field
local pcall, error, type, pairs, tonumber, tostring = pcall, error, type, pairs, tonumber, tostring
local tointeger, floor, abs = math.tointeger, math.floor, math.abs

local function relay(ok, ...)
  if ok then
    return ...
  end
  local e = ...
  error(type(e) == "userdata" and message(e, "message") or e, 3)
end

local function seconds_of(value, n, name)
  local number = tonumber(value)
  if number == nil then
    error("bad argument #" .. n .. " to '" .. name .. "' (number expected, got " .. (value == nil and "no value" or type(value)) .. ")", 3)
  end
  local whole = tointeger(number)
  if whole == nil and number == floor(number) and abs(number) < 2 ^ 53 then
    -- Beyond the integers of an engine with 32 bits.
    whole = number
  end
  if whole == nil then
    error("bad argument #" .. n .. " to '" .. name .. "' (number has no integer representation)", 3)
  end
  return whole
end

os.time = function(fields)
  if fields == nil then
    return host_time()
  end
  if type(fields) ~= "table" then
    error("bad argument #1 to 'os.time' (table expected, got " .. type(fields) .. ")", 2)
  end
  local raw = {}
  for _, name in pairs({ "year", "month", "day", "hour", "min", "sec", "isdst" }) do
    raw[name] = fields[name]
  end
  local seconds, normal = relay(pcall(host_time, raw))
  for name, value in pairs(normal) do
    fields[name] = value
  end
  return seconds
end

os.date = function(format, time)
  if format ~= nil and type(format) ~= "string" and type(format) ~= "number" then
    error("bad argument #1 to 'os.date' (string expected, got " .. type(format) .. ")", 2)
  end
  return (relay(pcall(host_date, format and tostring(format), time ~= nil and seconds_of(time, 2, "os.date") or nil)))
end

os.clock = function()
  return host_clock()
end

os.difftime = function(a, b)
  return (seconds_of(a, 1, "os.difftime") - seconds_of(b, 2, "os.difftime")) + 0.0
end

-- Lua seeds itself from the second and an address; states of one second would throw the same dice.
math.randomseed(host.seed())
