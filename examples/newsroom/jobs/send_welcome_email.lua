local M = {}

-- A real newsroom would send the mail here. An effect outside the database may happen twice, so do it first and write afterwards.
function M.run(ctx)
  crap.collections.update("users", ctx.data.user_id, { welcomed = true })
  local result = { sent_to = ctx.data.email, attempt = ctx.job.attempt }
  crap.log.info("Result: " .. crap.json.encode(result))
  return result
end

crap.jobs.define("send_welcome_email", {
  handler = "jobs.send_welcome_email.run",
  queue = "mail",
  retries = 3,
  timeout = 30,
  concurrency = 2,
  labels = { singular = "Send Welcome Email" },
})

return M
