local M = {}

function M.run(ctx)
  local readers = crap.collections.count("users")
  crap.log.info(readers .. " reader(s), " .. crap.collections.count("posts") .. " posts")
  return { readers = readers }
end

crap.jobs.define("count_readers", {
  handler = "jobs.count_readers.run",
  schedule = "*/5 * * * * *",  -- six fields: seconds first
  labels = { singular = "Count Readers" },
})

return M
