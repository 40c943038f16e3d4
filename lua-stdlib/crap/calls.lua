-- What the host calls by itself: refs whose module is loaded, and the registered hooks of an event.
local host = __crap_host
local loaded, rawequal, type = package.loaded, rawequal, type

-- Calls a ref that has been resolved before: a module that is the function, or a function in a module.
host.keep("call_loaded", function(ref, module, name, ...)
  local whole = loaded[ref]
  if type(whole) == "function" then
    return whole(...)
  end
  local found = loaded[module]
  if type(found) == "table" then
    local fn = found[name]
    if type(fn) == "function" then
      return fn(...)
    end
  end
  return host.missing()
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
