-- table.sort with a comparator, in Lua, so that the comparator may wait and be preempted: the algorithm and the messages of PUC Lua.
local host = ...
local relay = host.relay
local sort = table.sort
local error, type, pcall, getmetatable = error, type, pcall, getmetatable

-- Arrays larger than this take a random pivot, from a sequence of its own: that of math.random belongs to the script.
local RANDOM_LIMIT = 100
local seed = 1

local function pivot_of(lo, up)
  if up - lo <= RANDOM_LIMIT then
    return (lo + up) // 2
  end
  seed = seed * 16807 % 2147483647
  local quarter = (up - lo) // 4
  return lo + quarter + seed % (2 * quarter)
end

-- The final place of the pivot; nothing when the order function is invalid.
local function partition(a, lo, up, pivot, less)
  local i, j = lo, up - 1
  while true do
    i = i + 1
    while less(a[i], pivot) do
      if i == up - 1 then
        return nil
      end
      i = i + 1
    end
    j = j - 1
    while less(pivot, a[j]) do
      if j < i then
        return nil
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

-- false when the order function is invalid.
local function quicksort(a, lo, up, less)
  while lo < up do
    if less(a[up], a[lo]) then
      a[lo], a[up] = a[up], a[lo]
    end
    if up - lo == 1 then
      return true
    end
    local p = pivot_of(lo, up)
    if less(a[p], a[lo]) then
      a[p], a[lo] = a[lo], a[p]
    elseif less(a[up], a[p]) then
      a[p], a[up] = a[up], a[p]
    end
    if up - lo == 2 then
      return true
    end
    local pivot = a[p]
    a[p], a[up - 1] = a[up - 1], a[p]
    p = partition(a, lo, up, pivot, less)
    if not p then
      return false
    end
    local valid
    if p - lo < up - p then
      valid = quicksort(a, lo, p - 1, less)
      lo = p + 1
    else
      valid = quicksort(a, p + 1, up, less)
      up = p - 1
    end
    if not valid then
      return false
    end
  end
  return true
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
    if not quicksort(t, 1, n, less) then
      error("invalid order function for sorting", 2)
    end
  end
end
