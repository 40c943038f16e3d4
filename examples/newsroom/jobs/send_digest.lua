local M = {}

function M.run(ctx)
  local result = crap.collections.find("posts", {
    where = { status = "expired" }
  })
  for _, post in ipairs(result.documents) do
    crap.log.info("In the digest: " .. post.title)
  end
  return { processed = result.pagination.totalDocs }
end

crap.jobs.define("send_digest", {
  handler = "jobs.send_digest.run",
  schedule = "0 8 * * 1",  -- Mondays at 8am
  retries = 2,
  timeout = 120,
  labels = { singular = "Send Digest" },
})

return M
