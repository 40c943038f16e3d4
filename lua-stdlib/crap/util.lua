-- crap.util: the helpers that need nothing from the host. deep_merge makes a new table: a with b laid over it, tables in both merged too.
local util = crap.util
function util.deep_merge(a, b)
  local out = {}
  for k, v in pairs(a) do
    out[k] = v
  end
  for k, v in pairs(b) do
    if type(v) == "table" and type(out[k]) == "table" then
      out[k] = util.deep_merge(out[k], v)
    else
      out[k] = v
    end
  end
  return out
end

function util.pick(t, keys)
  local out = {}
  for _, k in ipairs(keys) do
    out[k] = t[k]
  end
  return out
end

function util.omit(t, keys)
  local out = util.clone(t)
  for _, k in ipairs(keys) do
    out[k] = nil
  end
  return out
end

function util.keys(t)
  local out = {}
  for k in pairs(t) do
    out[#out + 1] = k
  end
  return out
end

function util.values(t)
  local out = {}
  for _, v in pairs(t) do
    out[#out + 1] = v
  end
  return out
end

function util.map(t, fn)
  local out = {}
  for i, v in ipairs(t) do
    out[i] = fn(v, i)
  end
  return out
end

function util.find(t, fn)
  for i, v in ipairs(t) do
    if fn(v, i) then
      return v
    end
  end
  return nil
end

function util.includes(t, value)
  for _, v in pairs(t) do
    if v == value then
      return true
    end
  end
  return false
end

function util.is_empty(t)
  return next(t) == nil
end

function util.filter(t, fn)
  local out = {}
  for i, v in ipairs(t) do
    if fn(v, i) then
      out[#out + 1] = v
    end
  end
  return out
end

-- Shallow.
function util.clone(t)
  local out = {}
  for k, v in pairs(t) do
    out[k] = v
  end
  return out
end

function util.trim(s)
  return (s:match("^%s*(.-)%s*$"))
end

-- The pieces between separators; empty pieces are left out.
function util.split(s, sep)
  if sep == "" then
    error("crap.util.split: the separator must not be empty", 2)
  end
  local out, from = {}, 1
  while true do
    local first, last = s:find(sep, from, true)
    local piece = s:sub(from, first and first - 1)
    if piece ~= "" then
      out[#out + 1] = piece
    end
    if not first then
      return out
    end
    from = last + 1
  end
end

function util.starts_with(s, prefix)
  return s:sub(1, #prefix) == prefix
end

function util.ends_with(s, suffix)
  return suffix == "" or s:sub(-#suffix) == suffix
end

-- The first n bytes, less what would be a part of a UTF-8 character.
local function head(s, n)
  while n > 0 and s:find("^[\x80-\xBF]", n + 1) do
    n = n - 1
  end
  return s:sub(1, n)
end

-- At most max bytes, the suffix included; a suffix that does not fit is left out.
function util.truncate(s, max, suffix)
  suffix = suffix or "..."
  if #s <= max then
    return s
  end
  if #suffix > max then
    return head(s, math.max(max, 0))
  end
  return head(s, max - #suffix) .. suffix
end
