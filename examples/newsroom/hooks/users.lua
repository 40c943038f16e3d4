local M = {}

-- The run is queued in the transaction that saves the user: both are there, or neither.
function M.after_change(ctx)
  if ctx.operation == "create" then
    local job_id = crap.jobs.queue("send_welcome_email", {
      user_id = ctx.data.id,
      email = ctx.data.email,
    })
    crap.log.info("Queued welcome email job: " .. job_id)
  end
  return ctx
end

return M
