-- The later generation's way to write calls: crap.collections.<slug>.find(…), crap.globals.<slug>.get(), and typing helpers
-- that hand back what they get. In both generations: a name that the earlier one does not have cannot mean something else there.
local host = __crap_host

local function identity(value)
  return value
end

crap.any = {
  collection_hook = identity,
  field_hook = identity,
  access = identity,
  auth_strategy = identity,
  job_handler = identity,
  row_label = identity,
  display_condition = identity,
  route_handler = identity,
}

local function bound(space, name, slug)
  return function(...)
    return space[name](slug, ...)
  end
end

-- One table a slug, made when it is first named; `methods` are looked up in the namespace when called.
local function install(space, methods, defined)
  local accessors = {}
  setmetatable(space, {
    __index = function(_, slug)
      local accessor = accessors[slug]
      if accessor then
        return accessor
      end
      if not defined(slug) then
        return nil
      end
      accessor = {
        hook = identity,
        field_hook = identity,
        read_hook = identity,
        condition = identity,
        access = identity,
        auth_strategy = identity,
        row_label = identity,
      }
      for _, name in ipairs(methods) do
        if rawget(space, name) then
          accessor[name] = bound(space, name, slug)
        end
      end
      accessors[slug] = accessor
      return accessor
    end,
  })
end

install(crap.collections, {
  "find", "find_by_id", "count", "create", "update", "delete", "undelete", "unpublish", "validate", "create_many",
  "update_many", "delete_many", "list_versions", "restore_version", "ref_count",
}, host.has_collection)
install(crap.globals, { "get", "update", "unpublish", "validate", "list_versions", "restore_version" }, host.has_global)
