-- crap.template_data: accepted and listed; a job host renders no templates.
local host = __crap_host
local functions, names = {}, {}

function crap.template_data.register(name, fn)
  host.check_template_data(name, fn)
  name = tostring(name)
  if not functions[name] then
    names[#names + 1] = name
  end
  functions[name] = fn
end

function crap.template_data.list()
  return table.move(names, 1, #names, 1, {})
end
