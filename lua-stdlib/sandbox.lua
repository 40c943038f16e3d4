-- Removes what a project must not reach (Lua API 1.5), and adds the functions of older Lua versions that the reference still has.
-- `fengari` is an engine's own door to its host.
for _, name in ipairs({ "load", "loadstring", "loadfile", "dofile", "debug", "fengari" }) do
  _G[name] = nil
end
package.loaded.debug = nil
package.loaded.fengari = nil
string.dump = nil

local os_kept = { clock = true, date = true, difftime = true, time = true }
for name in pairs(os) do
  if not os_kept[name] then
    os[name] = nil
  end
end

local exp, log, floor, abs = math.exp, math.log, math.floor, math.abs
math.pow = math.pow or function(x, y)
  return (x + 0.0) ^ y
end
math.cosh = math.cosh or function(x)
  return (exp(x) + exp(-x)) / 2
end
math.sinh = math.sinh or function(x)
  return (exp(x) - exp(-x)) / 2
end
math.tanh = math.tanh or function(x)
  local e = exp(2 * x)
  return e == math.huge and 1.0 or (e - 1) / (e + 1)
end
math.log10 = math.log10 or function(x)
  return log(x, 10)
end
math.atan2 = math.atan2 or math.atan
math.ldexp = math.ldexp or function(m, e)
  return m * 2.0 ^ e
end
math.frexp = math.frexp
  or function(x)
    if x == 0 or x ~= x or x == math.huge or x == -math.huge then
      return x + 0.0, 0
    end
    local e = floor(log(abs(x), 2)) + 1
    local m = x / 2.0 ^ e
    if abs(m) >= 1 then
      m, e = m / 2, e + 1
    elseif abs(m) < 0.5 then
      m, e = m * 2, e - 1
    end
    return m, e
  end

-- An engine whose host collects garbage has nothing to do here; the answers are those of a collector at rest.
if not pcall(collectgarbage, "count") then
  local answers = { collect = 0, count = 0.0, step = true, isrunning = true, incremental = "incremental", generational = "incremental" }
  for _, name in ipairs({ "stop", "restart", "setpause", "setstepmul" }) do
    answers[name] = 0
  end
  collectgarbage = function(option)
    local answer = answers[option == nil and "collect" or option]
    if answer == nil then
      error("bad argument #1 to 'collectgarbage' (invalid option '" .. tostring(option) .. "')", 2)
    end
    return answer
  end
end
