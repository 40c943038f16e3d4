/** Init: a new project folder that runs at once: one collection, one hook that queues, one job. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { RefusedError } from '../domain/errors.js';
import { writeScaffold } from './scaffold.js';

export interface InitReport {
  dir: string;
  files: string[];
}

/** RefusedError PROJECT_EXISTS when the folder holds a crap.toml already. */
export function initProject(dir: string, cwd: string): InitReport {
  const target = resolve(cwd, dir);
  if (existsSync(join(target, 'crap.toml'))) {
    throw new RefusedError('PROJECT_EXISTS', `there is a project in ${target} already`, {
      remedy: 'name another folder: moonlighter init <dir>',
      details: { dir: target },
    });
  }
  return { dir: target, files: writeScaffold(target, FILES) };
}

const FILES: Record<string, string> = {
  'crap.toml': `# Settings that crap-cms and Moonlighter share. Everything has a default.

[access]
# true: what has no access function is denied, except in job handlers, which have full access.
default_deny = false

[jobs]
# Runs at a time, over all hosts.
max_concurrent = 10
# Finished runs are removed after this; "" keeps them.
auto_purge = "7d"
`,
  'moonlighter.toml': `# Settings of Moonlighter alone; crap-cms does not read this file. docs/configuration.md lists them all.

[server]
host = "127.0.0.1"
port = 7878
`,
  '.gitignore': 'data/\n',
  'collections/messages.lua': `crap.collections.define("messages", {
  labels = { singular = "Message", plural = "Messages" },
  fields = {
    crap.fields.text({ name = "text", required = true }),
    crap.fields.number({ name = "length" }),
  },
  hooks = {
    -- Runs in the transaction of the write: the document and the run it queues become visible together, or not at all.
    after_change = { "hooks.messages.after_change" },
  },
})
`,
  'hooks/messages.lua': `local M = {}

function M.after_change(ctx)
  if ctx.operation == "create" then
    crap.jobs.queue("measure_message", { id = ctx.data.id })
  end
  return ctx
end

return M
`,
  'jobs/measure_message.lua': `local M = {}

-- One transaction: what it writes and its completion are committed together.
function M.run(ctx)
  local message = crap.collections.find_by_id("messages", ctx.data.id)
  crap.collections.update("messages", message.id, { length = #message.text })
  return { length = #message.text }
end

crap.jobs.define("measure_message", {
  handler = "jobs.measure_message.run",
  retries = 2,
  timeout = 30,
  labels = { singular = "Measure Message" },
})

return M
`,
};
