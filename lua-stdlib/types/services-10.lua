---@meta
-- What projects of the later generation may register although this host does not serve it.

--- Accepted while the project loads, with a warning: mails go out as `[email]` of crap.toml says.
---@param name string
---@param provider? table
function crap.email.register(name, provider) end
