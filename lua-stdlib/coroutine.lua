-- Twins of the coroutine library that pass a host's yield outward, unseen by the script, and that know which coroutines are the host's own.
local host = ...
local yielding, pass, is_root = host.yielding, host.pass, host.is_root
local create, resume, yield, running, close, isyieldable, status =
  coroutine.create, coroutine.resume, coroutine.yield, coroutine.running, coroutine.close, coroutine.isyieldable, coroutine.status
local error, type, select = error, type, select

local function expected(what, n, name, level, ...)
  local found = select("#", ...) == 0 and "no value" or type((...))
  error("bad argument #" .. n .. " to '" .. name .. "' (" .. what .. " expected" .. (what == "coroutine" and "" or ", got " .. found) .. ")", level + 1)
end

local function settled(co, ...)
  if yielding() then
    pass()
    return settled(co, resume(co))
  end
  return ...
end

coroutine.resume = function(...)
  local co = ...
  if type(co) ~= "thread" then
    expected("coroutine", 1, "resume", 2, ...)
  end
  return settled(co, resume(...))
end

local function unwrapped(co, ok, ...)
  if yielding() then
    pass()
    return unwrapped(co, resume(co))
  end
  if ok then
    return ...
  end
  local e = ...
  if close and status(co) == "dead" then
    -- Runs pending closes; a new error in one of them takes the place of the first.
    local closed, problem = close(co)
    if not closed then
      e = problem
    end
  end
  if type(e) == "string" then
    error(e, 2)
  end
  error(e, 0)
end

coroutine.wrap = function(...)
  local f = ...
  if type(f) ~= "function" then
    expected("function", 1, "wrap", 2, ...)
  end
  local co = create(f)
  return function(...)
    return unwrapped(co, resume(co, ...))
  end
end

coroutine.yield = function(...)
  local co, main = running()
  if main or is_root(co) then
    error("attempt to yield from outside a coroutine", 0)
  end
  return yield(...)
end

coroutine.running = function()
  local co, main = running()
  return co, main or is_root(co)
end

coroutine.isyieldable = function(co)
  local asked = co or running()
  if is_root(asked) then
    return false
  end
  return isyieldable(asked)
end
