-- Namespaces of the later generation that belong to a server for pages and files. What a project registers there while it loads is
-- accepted, with a warning; a call in a run says that it is not served here. There is no cache, so emptying it is done.
local host = __crap_host

if host.generation() < 10 then
  return
end

local function nothing() end

local function stand_in(namespace)
  return setmetatable({}, {
    __index = function(_, name)
      return function()
        return host.not_served(namespace, tostring(name))
      end
    end,
  })
end

crap.routes = stand_in("routes")
crap.storage = stand_in("storage")
crap.uploads = stand_in("uploads")
crap.cache = setmetatable({}, {
  __index = function()
    return nothing
  end,
})

function crap.email.register(name, provider)
  return host.not_served("email", "register")
end
