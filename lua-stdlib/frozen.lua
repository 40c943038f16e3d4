-- Tables that scripts may read and not change: what they hold is empty and looks everything up in the real table. Runs of one slot share
-- them, so a write would change what another run's calls do. Last of all files: it puts the libraries away.
local host = ...
local error, type, tostring, next, rawget, rawset, setmetatable, getmetatable = error, type, tostring, next, rawget, rawset, setmetatable, getmetatable

-- Frozen table -> the real one.
local real = setmetatable({}, { __mode = "k" })

local function refuse(name, key, level)
  local place = type(key) == "string" and name .. "." .. key or name .. "[" .. tostring(key) .. "]"
  error("attempt to change '" .. place .. "': " .. name .. " is read-only; keep functions of your own in a module or a global", level + 1)
end

-- `writable`: names that may be written all the same.
local function freeze(name, t, writable)
  if real[t] then
    return t
  end
  local frozen = {}
  local function following(_, key)
    return next(t, key)
  end
  real[frozen] = t
  return setmetatable(frozen, {
    __index = t,
    __newindex = function(_, key, value)
      if writable and writable[key] then
        t[key] = value
      else
        refuse(name, key, 2)
      end
    end,
    __pairs = function()
      return following, frozen, nil
    end,
    __len = function()
      return #t
    end,
    __metatable = false,
  })
end

_G.rawset = function(...)
  local t, key = ...
  if real[t] then
    refuse("a library", key, 2)
  end
  return rawset(...)
end

_G.rawget = function(...)
  local t, key = ...
  local behind = real[t]
  if behind then
    return rawget(behind, key)
  end
  return rawget(...)
end

host.keep("freeze", function(t, key, name)
  if type(t[key]) == "table" then
    t[key] = freeze(name, t[key])
  end
end)

-- What a walk with pairs or next does not meet stands in a table behind; it is found by name all the same.
host.keep("hide", function(t, names)
  t = real[t] or t
  local behind = {}
  for i = 1, #names do
    behind[names[i]] = t[names[i]]
    t[names[i]] = nil
  end
  setmetatable(t, { __index = behind, __metatable = false })
end)

io.stdin = freeze("io.stdin", io.stdin)
io.stdout = freeze("io.stdout", io.stdout)
io.stderr = io.stdout

local loaded = package.loaded
-- A project may add to the path as it does in the reference; modules are found in its folder whatever it says.
local writable = { package = { path = true, cpath = true } }
for _, name in ipairs({ "string", "table", "math", "os", "io", "coroutine", "utf8", "package" }) do
  local frozen = freeze(name, _G[name], writable[name])
  _G[name] = frozen
  loaded[name] = frozen
end

-- The metatable of strings keeps the real table; scripts see a frozen copy.
local metatable = getmetatable("")
local shown = {}
for key, value in next, metatable do
  shown[key] = value
end
shown.__index = _G.string
metatable.__metatable = freeze("the metatable of strings", shown)
