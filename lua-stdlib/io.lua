-- io within the sandbox: print-like output, and files (io-files.lua). Everything else says what to do instead.
local host = ...
local open, print_line = host.open_file, host.print
local error, type, tostring, select, setmetatable = error, type, tostring, select, setmetatable
local find, sub = string.find, string.sub

local function refused(name, remedy)
  return function()
    error("io." .. name .. " is not available to a project: " .. remedy, 2)
  end
end

local pending = ""
local function write(self, ...)
  for i = 1, select("#", ...) do
    pending = pending .. tostring((select(i, ...)))
  end
  while true do
    local stop = find(pending, "\n", 1, true)
    if not stop then
      break
    end
    print_line(sub(pending, 1, stop - 1))
    pending = sub(pending, stop + 1)
  end
  return self
end

local stdin = setmetatable({}, {
  __name = "FILE*",
  __metatable = false,
  __index = { standard = true, read = refused("stdin:read", "a job has no terminal"), lines = refused("stdin:lines", "a job has no terminal") },
})
local stdout = setmetatable({}, { __name = "FILE*", __metatable = false, __index = { standard = true, write = write, flush = function() end, close = function() end } })

local library
library = {
  open = function(path, mode)
    return open(path, mode)
  end,
  lines = function(path, format)
    local handle, message = open(path)
    if not handle then
      error(message, 2)
    end
    return handle:lines(format)
  end,
  write = function(...)
    return write(library.stdout, ...)
  end,
  type = function(value)
    if type(value) == "table" and getmetatable(value) == false and (value.standard or value.path) then
      return value.closed and "closed file" or "file"
    end
    return nil
  end,
  stdin = stdin,
  stdout = stdout,
  stderr = stdout,
  read = refused("read", "a job has no terminal"),
  popen = refused("popen", "processes cannot be started from a script"),
  tmpfile = refused("tmpfile", "keep data in a collection"),
  input = refused("input", "open the file with io.open"),
  output = refused("output", "files are read-only; print or crap.log writes to the log"),
  close = refused("close", "close the file itself: file:close()"),
  flush = function() end,
}
io = library
package.loaded.io = library

local warning = false

-- Off until a script says warn("@on"), as in Lua; then warnings stand among what is printed.
warn = function(...)
  local n = select("#", ...)
  local parts = {}
  for i = 1, n == 0 and 1 or n do
    local part = select(i, ...)
    if type(part) ~= "string" and type(part) ~= "number" then
      error("bad argument #" .. i .. " to 'warn' (string expected, got " .. (n == 0 and "no value" or type(part)) .. ")", 2)
    end
    parts[i] = part
  end
  local message = table.concat(parts)
  if n == 1 and sub(message, 1, 1) == "@" then
    if message == "@on" or message == "@off" then
      warning = message == "@on"
    end
  elseif warning then
    print_line("Lua warning: " .. message)
  end
end

print = function(...)
  local n = select("#", ...)
  local parts = {}
  for i = 1, n do
    parts[i] = tostring((select(i, ...)))
  end
  print_line(table.concat(parts, "\t"))
end
