-- crap.hooks: one live list an event. The host reads it when an operation comes to that event.
local host = __crap_host
local hooks, lists = crap.hooks, host.lists
local rawequal, type = rawequal, type

local function event_name(event)
  if type(event) == "number" then
    return tostring(event)
  end
  return event
end

function hooks.register(event, fn)
  if (type(event) ~= "string" and type(event) ~= "number") or type(fn) ~= "function" then
    host.check_hook(event, fn)
  end
  event = event_name(event)
  host.known_event(event, "register")
  local list = lists[event]
  if not list then
    list = {}
    lists[event] = list
    host.hook_event(event)
  end
  list[#list + 1] = fn
end

function hooks.remove(event, fn)
  if (type(event) ~= "string" and type(event) ~= "number") or type(fn) ~= "function" then
    host.check_hook(event, fn)
  end
  event = event_name(event)
  host.known_event(event, "remove")
  local list = lists[event]
  for i = 1, list and #list or 0 do
    if rawequal(list[i], fn) then
      table.remove(list, i)
      return
    end
  end
end

function hooks.list(event)
  if type(event) ~= "string" and type(event) ~= "number" then
    host.check_event(event)
  end
  return lists[event_name(event)] or {}
end
