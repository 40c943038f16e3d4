-- What happens when the newsroom opens: a few posts the first time, a new reader each time.
local M = {}

local FIRST_POSTS = {
  { title = "Moon rises over the harbour", status = "published" },
  { title = "Last week's tides", status = "expired" },
  { title = "Night ferry timetable", status = "draft" },
}

function M.open(ctx)
  if crap.collections.count("posts") == 0 then
    for _, post in ipairs(FIRST_POSTS) do
      crap.collections.create("posts", post)
    end
    crap.log.info("Created " .. #FIRST_POSTS .. " posts")
  end
  local number = crap.collections.count("users") + 1
  local user = crap.collections.create("users", {
    name = "Reader " .. number,
    email = "reader" .. number .. "@example.com",
  })
  crap.log.info("Created user " .. user.email .. " (" .. user.id .. ")")
end

return M
