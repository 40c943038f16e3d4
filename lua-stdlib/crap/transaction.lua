-- crap.transaction: fn's results are returned as they are.
local host = __crap_host
local pack, type, unpack = table.pack, type, table.unpack

function crap.transaction(fn)
  if type(fn) ~= "function" then
    host.transaction(fn)
  end
  local results
  host.transaction(function()
    results = pack(fn())
  end)
  return unpack(results, 1, results.n)
end
