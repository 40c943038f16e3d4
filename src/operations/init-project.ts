/** Init: a new project folder that runs at once: one collection, one hook that queues, one job, as `make` writes them. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { RefusedError } from '../domain/errors.js';
import { collectionText } from './make-collection.js';
import { hookText } from './make-hook.js';
import { jobText } from './make-job.js';
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

const HOOK = 'hooks.messages.measure';

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
  'collections/messages.lua': collectionText({
    slug: 'messages',
    fields: [
      { name: 'text', type: 'text', options: ['required'] },
      { name: 'length', type: 'number', options: [] },
    ],
    more: ['hooks = {', `  after_change = { "${HOOK}" },`, '},'],
  }),
  'hooks/messages/measure.lua': hookText({
    type: 'collection',
    event: 'after_change',
    ref: HOOK,
    body: ['if ctx.operation == "create" then', '  crap.jobs.queue("measure_message", { id = ctx.data.id })', 'end', 'return ctx'],
  }),
  'jobs/measure_message.lua': jobText({
    slug: 'measure_message',
    retries: 2,
    timeout: 30,
    body: [
      'local message = crap.collections.find_by_id("messages", context.data.id)',
      'crap.collections.update("messages", message.id, { length = #message.text })',
      'return { length = #message.text }',
    ],
  }),
};
