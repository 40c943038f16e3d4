-- Files as scripts see them: read whole when they are opened, written through. Where a script may read and write, the host says.
local host = ...
local read_file, write_file = host.read_file, host.write_file
local error, type, tostring, select, setmetatable, tonumber = error, type, tostring, select, setmetatable, tonumber
local find, sub, match = string.find, string.sub, string.match

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

-- A file that is only written keeps its size, not its content.
local function put(self, text)
  if self.writes == "a" or self.at == self.size + 1 then
    local ok, message, number = write_file(self.path, text, "append")
    if not ok then
      return nil, message, number
    end
    self.content = self.readable and self.content .. text or self.content
    self.size = self.size + #text
    self.at = self.size + 1
    return true
  end
  local content = sub(self.content, 1, self.at - 1) .. text .. sub(self.content, self.at + #text)
  local ok, message, number = write_file(self.path, content, "replace")
  if not ok then
    return nil, message, number
  end
  self.content, self.size, self.at = content, #content, self.at + #text
  return true
end

function file:read(...)
  open_file(self, "read")
  if not self.readable then
    return nil, "Bad file descriptor", 9
  end
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
  if not self.readable then
    error("Bad file descriptor", 2)
  end
  return function()
    return read_one(self, format or "l")
  end
end

function file:seek(whence, offset)
  open_file(self, "seek")
  local base = whence == "set" and 0 or whence == "end" and self.size or self.at - 1
  local at = base + (offset or 0) + 1
  -- Beyond its end a file would have a hole; a file that is only written does not know what stands before its end.
  if at < 1 or self.writes and (at > self.size + 1 or not self.readable and at <= self.size) then
    return nil, "Invalid argument", 22
  end
  self.at = at
  return at - 1
end

function file:close()
  open_file(self, "close")
  self.closed = true
  self.content = nil
  return true
end

-- Written at once: nothing is lost when a run is stopped or a script forgets to close.
function file:write(...)
  open_file(self, "write")
  if not self.writes then
    return nil, "files of a project are read-only; keep data in a collection", 13
  end
  for i = 1, select("#", ...) do
    local piece = select(i, ...)
    if type(piece) ~= "string" and type(piece) ~= "number" then
      error("bad argument #" .. i .. " to 'write' (string expected, got " .. type(piece) .. ")", 2)
    end
    local ok, message, number = put(self, tostring(piece))
    if not ok then
      return nil, message, number
    end
  end
  return self
end

function file:flush()
  open_file(self, "flush")
  return self
end

function file:setvbuf()
  open_file(self, "setvbuf")
  return true
end

-- Which of read, write and create a mode asks for.
local function open(path, mode)
  if type(path) ~= "string" then
    error("bad argument #1 to 'open' (string expected, got " .. type(path) .. ")", 3)
  end
  mode = mode or "r"
  local letter, plus = match(mode, "^([rwa])(%+?)b?$")
  if not letter then
    error("bad argument #2 to 'open' (invalid mode)", 3)
  end
  local writes = (letter ~= "r" or plus ~= "") and letter or nil
  local readable = letter == "r" or plus ~= ""
  local content, message, number = "", nil, nil
  if letter == "r" or letter == "a" and readable then
    content, message, number = read_file(path)
    if not content and (letter == "r" or number ~= 2) then
      return nil, message, number
    end
    content = content or ""
  end
  local size = #content
  if writes then
    local ok
    ok, message, number = write_file(path, "", letter == "w" and "replace" or "append", letter == "r")
    if not ok then
      return nil, message, number
    end
    size = readable and size or number
  end
  local at = letter == "a" and not readable and size + 1 or 1
  return setmetatable({ path = path, content = content, size = size, at = at, writes = writes, readable = readable, closed = false }, file)
end
host.open_file = open
