/** A small project for tests of commands: a collection, a hook that queues, jobs that succeed, fail and come due. */
import { createProject, type ProjectFolder } from '../support/project.js';

export const FILES: Record<string, string> = {
  'collections/notes.lua': `crap.collections.define("notes", {
  fields = {
    crap.fields.text({ name = "title", required = true }),
    crap.fields.number({ name = "stars" }),
  },
  hooks = { after_change = { "hooks.notes.after_change" } },
})
`,
  'hooks/notes.lua': `local M = {}
function M.after_change(ctx)
  if ctx.operation == "create" then crap.jobs.queue("echo", { id = ctx.data.id }) end
  return ctx
end
return M
`,
  'jobs/echo.lua': `local M = {}
function M.run(ctx)
  crap.log.info("echoing")
  return { got = ctx.data }
end
function M.fail() error("no luck today") end
function M.count() return crap.collections.count("notes") end
crap.jobs.define("echo", { handler = "jobs.echo.run", labels = { singular = "Echo" } })
crap.jobs.define("broken", { handler = "jobs.echo.fail", queue = "slow" })
crap.jobs.define("weekly", { handler = "jobs.echo.count", schedule = "0 8 * * 1" })
return M
`,
};

export function notesProject(more: Record<string, string> = {}): Promise<ProjectFolder> {
  return createProject({ ...FILES, ...more });
}
