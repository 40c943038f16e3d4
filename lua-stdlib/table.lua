-- table.sort with a comparator, in Lua, so that the comparator may wait and be preempted: the algorithm and the messages of PUC Lua.
local sort = table.sort
local error, type, pcall, getmetatable = error, type, pcall, getmetatable
local find, gsub = string.find, string.gsub
local random = math.random

-- Arrays larger than this take a random pivot.
local RANDOM_LIMIT = 100

local function invalid()
  error("invalid order function for sorting", 0)
end

local function partition(a, lo, up, pivot, less)
  local i, j = lo, up - 1
  while true do
    i = i + 1
    while less(a[i], pivot) do
      if i == up - 1 then
        invalid()
      end
      i = i + 1
    end
    j = j - 1
    while less(pivot, a[j]) do
      if j < i then
        invalid()
      end
      j = j - 1
    end
    if j < i then
      a[up - 1], a[i] = a[i], a[up - 1]
      return i
    end
    a[i], a[j] = a[j], a[i]
  end
end

local function quicksort(a, lo, up, less)
  while lo < up do
    if less(a[up], a[lo]) then
      a[lo], a[up] = a[up], a[lo]
    end
    if up - lo == 1 then
      return
    end
    local p = up - lo > RANDOM_LIMIT and random(lo + (up - lo) // 4, up - (up - lo) // 4) or (lo + up) // 2
    if less(a[p], a[lo]) then
      a[p], a[lo] = a[lo], a[p]
    elseif less(a[up], a[p]) then
      a[p], a[up] = a[up], a[p]
    end
    if up - lo == 2 then
      return
    end
    local pivot = a[p]
    a[p], a[up - 1] = a[up - 1], a[p]
    p = partition(a, lo, up, pivot, less)
    if p - lo < up - p then
      quicksort(a, lo, p - 1, less)
      lo = p + 1
    else
      quicksort(a, p + 1, up, less)
      up = p - 1
    end
  end
end

-- Results of a library function called under pcall: messages that carry a position get that of the script's line, and the function its name.
local function relay(name, level, ok, ...)
  if ok then
    return ...
  end
  local e = ...
  if type(e) ~= "string" or find(e, "^attempt to ") then
    error(e, 0)
  end
  error((gsub(e, "^(bad argument #%d+ to )'%?'", "%1'" .. name .. "'")), level)
end

table.sort = function(...)
  local t, less = ...
  if type(less) ~= "function" or (type(t) ~= "table" and getmetatable(t) == nil) then
    return relay("sort", 2, pcall(sort, ...))
  end
  local n = #t
  if n > 1 then
    if n >= 2147483647 then
      error("bad argument #1 to 'sort' (array too big)", 2)
    end
    quicksort(t, 1, n, less)
  end
end
