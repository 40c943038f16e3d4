-- What the host calls by itself: refs whose module is loaded, and the registered hooks of an event.
local host = __crap_host
local loaded, rawequal, type = package.loaded, rawequal, type

-- What a ref that has been resolved before names: a module that is the function, or a function in a module.
local function function_of(ref, module, name)
  local whole = loaded[ref]
  if type(whole) == "function" then
    return whole
  end
  local found = loaded[module]
  if type(found) == "table" then
    local fn = found[name]
    if type(fn) == "function" then
      return fn
    end
  end
end

host.keep("call_loaded", function(ref, module, name, ...)
  local fn = function_of(ref, module, name)
  if fn then
    return fn(...)
  end
  return host.missing()
end)

-- `unset`: names of fields without a value, those of groups as tables.
local function watch(t, unset, note)
  for key, inner in pairs(unset) do
    if type(inner) == "table" and type(t[key]) == "table" then
      watch(t[key], inner, note)
    end
  end
  setmetatable(t, {
    __index = function(_, key)
      if unset[key] == true then
        note()
      end
    end,
    __metatable = false,
  })
end

-- Calls an access rule, a function or a ref that has been resolved before: whether it read an unset field of the user, and its answer.
host.keep("call_watching", function(rule, module, name, argument, unset)
  local fn = type(rule) == "function" and rule or function_of(rule, module, name)
  if not fn then
    return host.missing()
  end
  local read = false
  watch(argument.user, unset, function()
    read = true
  end)
  local answer = fn(argument)
  return read, answer
end)

host.lists = {}
local sent = {}

-- Hands the functions of an event to the host when they are not those that it has.
host.keep("collect_hooks", function(event)
  local list, last = host.lists[event], sent[event]
  local n = #list
  local same = last ~= nil and #last == n
  for i = 1, same and n or 0 do
    if not rawequal(list[i], last[i]) then
      same = false
      break
    end
  end
  if same then
    return
  end
  local copy = {}
  for i = 1, n do
    copy[i] = list[i]
  end
  sent[event] = copy
  host.hooks_changed(event, copy)
end)
