-- io within the sandbox: print-like output, and reading files of the project. Everything else says what to do instead.
local host = ...
local read_file, print_line = host.read_file, host.print
local error, type, tostring, select, setmetatable, tonumber = error, type, tostring, select, setmetatable, tonumber
local find, sub, match = string.find, string.sub, string.match

local function refused(name, remedy)
  return function()
    error("io." .. name .. " is not available to a project: " .. remedy, 2)
  end
end

local file = {}
file.__index = file
file.__name = "FILE*"
file.__metatable = false

function file.__tostring(self)
  return self.closed and "file (closed)" or "file (" .. self.path .. ")"
end

local function open_file(self, name)
  if type(self) ~= "table" or self.content == nil and not self.closed then
    error("bad argument #1 to '" .. name .. "' (FILE* expected)", 3)
  end
  if self.closed then
    error("attempt to use a closed file", 3)
  end
end

local function read_line(self, keep)
  if self.at > #self.content then
    return nil
  end
  local stop = find(self.content, "\n", self.at, true)
  local line = sub(self.content, self.at, stop and (keep and stop or stop - 1) or nil)
  self.at = (stop or #self.content) + 1
  return line
end

local function read_one(self, format)
  if type(format) == "number" then
    if self.at > #self.content then
      return nil
    end
    local text = sub(self.content, self.at, self.at + format - 1)
    self.at = self.at + #text
    return text
  end
  local letter = match(tostring(format), "^%*?(.)")
  if letter == "a" then
    local rest = sub(self.content, self.at)
    self.at = #self.content + 1
    return rest
  elseif letter == "l" then
    return read_line(self, false)
  elseif letter == "L" then
    return read_line(self, true)
  elseif letter == "n" then
    local _, stop, number = find(self.content, "^%s*([+-]?[%w.+-]+)", self.at)
    if not stop then
      return nil
    end
    self.at = stop + 1
    return tonumber(number)
  end
  error("bad argument #1 to 'read' (invalid format)", 3)
end

function file:read(...)
  open_file(self, "read")
  local n = select("#", ...)
  if n == 0 then
    return read_line(self, false)
  end
  local out = {}
  for i = 1, n do
    out[i] = read_one(self, (select(i, ...)))
    if out[i] == nil then
      break
    end
  end
  return table.unpack(out, 1, n)
end

function file:lines(format)
  open_file(self, "lines")
  return function()
    return read_one(self, format or "l")
  end
end

function file:seek(whence, offset)
  open_file(self, "seek")
  local base = whence == "set" and 0 or whence == "end" and #self.content or self.at - 1
  self.at = base + (offset or 0) + 1
  return self.at - 1
end

function file:close()
  open_file(self, "close")
  self.closed = true
  self.content = nil
  return true
end

function file:write()
  return nil, "files of a project are read-only; keep data in a collection", 13
end

local function open(path, mode)
  if type(path) ~= "string" then
    error("bad argument #1 to 'open' (string expected, got " .. type(path) .. ")", 3)
  end
  if mode ~= nil and not match(mode, "^r%+?b?$") and not match(mode, "^[wa]%+?b?$") then
    error("bad argument #2 to 'open' (invalid mode)", 3)
  end
  if mode ~= nil and (sub(mode, 1, 1) ~= "r" or find(mode, "+", 1, true)) then
    return nil, path .. ": files are read-only to a project; keep data in a collection", 13
  end
  local content, message, number = read_file(path)
  if not content then
    return nil, message, number
  end
  return setmetatable({ path = path, content = content, at = 1, closed = false }, file)
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
