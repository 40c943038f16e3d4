-- crap.fields: each factory sets `type` in the table that it is given and returns that table.
local host = __crap_host
local type = type

for _, name in ipairs(host.field_types()) do
  crap.fields[name] = function(spec)
    if type(spec) ~= "table" then
      host.check_table(spec)
    end
    spec.type = name
    return spec
  end
end
