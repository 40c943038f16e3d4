-- require and the package library over the project's folder, in Lua, so that a module may wait while it loads.
local host = ...
local find_module, search_path, load, project = host.find_module, host.search_path, host.load, host.project()
local error, pairs, type, tostring, select = error, pairs, type, tostring, select
local concat, sort = table.concat, table.sort

-- Lua looks up the names of functions for its messages in a table of its own; scripts see another, with frozen libraries in it.
local names, loaded, preload = package.loaded, {}, {}
for name, library in pairs(names) do
  loaded[name] = library
end

local function preloaded(name)
  local loader = preload[name]
  if loader == nil then
    return "\n\tno field package.preload['" .. name .. "']"
  end
  return loader, ":preload:"
end

local function from_project(name)
  local path, source = find_module(name)
  if not path then
    return source
  end
  local chunk, message = load(source, "@" .. path)
  if not chunk then
    error("error loading module '" .. name .. "' from file '" .. path .. "':\n\t" .. message, 0)
  end
  return chunk, path
end

local function none()
  return nil
end

local searchers = { preloaded, from_project, none }

local function find_loader(name)
  local tried = ""
  for i = 1, #searchers do
    local loader, extra = searchers[i](name)
    if type(loader) == "function" then
      return loader, extra
    elseif type(loader) == "string" then
      tried = tried .. loader
    end
  end
  error("module '" .. name .. "' not found:" .. tried, 3)
end

-- How often each module was begun and has not ended: modules that require each other would go on until the stack is full, which takes
-- half a minute of loading. One that raised counts too, and begins anew after it was refused.
local begun, NESTED = {}, 200

local function endless()
  local names = {}
  for name, times in pairs(begun) do
    if times >= NESTED - 1 then
      names[#names + 1] = "'" .. name .. "'"
    end
  end
  begun = {}
  sort(names)
  error("C stack overflow: a module is required again before it is loaded: " .. concat(names, ", "), 3)
end

function require(...)
  local name = ...
  if type(name) == "number" then
    name = tostring(name)
  elseif type(name) ~= "string" then
    local found = select("#", ...) == 0 and "no value" or type(name)
    error("bad argument #1 to 'require' (string expected, got " .. found .. ")", 2)
  end
  local known = loaded[name]
  if known then
    return known
  end
  local loader, extra = find_loader(name)
  local times = (begun[name] or 0) + 1
  begun[name] = times
  if times > NESTED then
    endless()
  end
  local value = loader(name, extra)
  begun[name] = nil
  if value ~= nil then
    loaded[name], names[name] = value, value
  elseif loaded[name] == nil then
    loaded[name] = true
  end
  return loaded[name], extra
end

package = {
  loaded = loaded,
  preload = preload,
  searchers = searchers,
  searchpath = function(name, path, separator, replacement)
    return search_path(name, path, separator, replacement)
  end,
  path = project .. "/?.lua;" .. project .. "/?/init.lua",
  cpath = "",
  config = "/\n;\n?\n!\n-\n",
}
loaded.package = package

local require = require
host.keep("require", require)

-- For the host's references: the module when it is a function, else one of its fields; nothing when it cannot be required.
host.keep("lookup", function(module, field)
  local found = require(module)
  if field == nil then
    return type(found) == "function" and found or false
  end
  if type(found) ~= "table" then
    return nil
  end
  local fn = found[field]
  return type(fn) == "function" and fn or false
end)

