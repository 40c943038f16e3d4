/** 'document:changed': what runs, jobs of the application and its own calls wrote, told when it is committed and only while somebody listens. */
import { afterEach, describe, expect, it } from 'vitest';
import { createHost, defineJob, type HostEvents } from '../../src/index.js';
import { createProject, type ProjectFolder } from '../support/project.js';

type Changed = HostEvents['document:changed'];

const FILES = {
  'collections/notes.lua': `crap.collections.define("notes", {
    fields = { { name = "title", type = "text", unique = true }, { name = "count", type = "number" } },
    hooks = { before_broadcast = { "hooks.notes.public" } } })`,
  'hooks/notes.lua': 'return { public = function(ctx) if ctx.data.title == "private" then return nil end return ctx end }',
  'hooks/start.lua': 'return { seed = function() crap.collections.create("notes", { title = "seed" }, { overrideAccess = true }) end }',
  'jobs/write.lua': `crap.jobs.define("write", { handler = "jobs.write.run" })
    return { run = function(ctx)
      crap.collections.create("notes", { title = ctx.data.title, count = 2 })
      if ctx.data.fail then error("undone") end
    end }`,
};

let folder: ProjectFolder;
let stop: (() => Promise<void>) | undefined;
afterEach(async () => {
  await stop?.();
  stop = undefined;
  await folder.dispose();
});

async function open() {
  folder = await createProject({ 'crap.toml': '[access]\ndefault_deny = false\n[hooks]\non_init = ["hooks.start.seed"]\n', ...FILES });
  const inline = defineJob({
    slug: 'inline',
    handler: async (ctx) => {
      await ctx.collection('notes').create({ title: 'inline' });
      await ctx
        .collection('notes')
        .create({ title: 'inline' })
        .catch(() => {});
    },
  });
  const host = await createHost({ threads: 1, project: folder.dir, jobs: [inline] });
  stop = () => host.stop();
  const changed: Changed[] = [];
  const listener = (change: Changed) => {
    changed.push(change);
  };
  // By the host's event: the row says completed before what the thread told has come.
  const run = async (slug: 'write' | 'inline', data: object) => {
    const ended = new Map<string, () => void>();
    const hear = ({ run: { id } }: { run: { id: string } }) => (ended.get(id) ?? (() => ended.set(id, () => {})))();
    host.on('attempt:finished', hear);
    const { id } = await host.enqueue(slug as 'inline', data as never);
    if (!ended.has(id)) await new Promise<void>((resolve) => ended.set(id, resolve));
    host.off('attempt:finished', hear);
    return (await host.jobs.run(id)).status;
  };
  return { host, changed, listener, run };
}

describe('changed documents', () => {
  it('are told of on_init, of runs in threads, of jobs of the application and of its own calls', async () => {
    const { host, changed, listener, run } = await open();
    host.on('document:changed', listener);
    await host.start();
    expect(await run('write', { title: 'lua' })).toBe('completed');
    expect(await run('write', { title: 'undone', fail: true })).toBe('failed');
    expect(await run('write', { title: 'private' })).toBe('completed');
    expect(await run('inline', {})).toBe('completed');
    await host.collection('notes').create({ title: 'own' });
    expect(changed.map(({ data }) => data?.['title'])).toEqual(['seed', 'lua', 'inline', 'own']);
    expect(changed[1]).toEqual({
      collection: 'notes',
      isGlobal: false,
      operation: 'create',
      id: changed[1]?.data?.['id'],
      data: expect.objectContaining({ title: 'lua', count: 2 }),
    });
  });

  it('are not told to who has left, and copied for nobody', async () => {
    const { host, changed, listener, run } = await open();
    await host.start();
    expect(await run('write', { title: 'before' })).toBe('completed');
    host.on('document:changed', listener);
    expect(await run('write', { title: 'between' })).toBe('completed');
    host.off('document:changed', listener);
    expect(await run('write', { title: 'after' })).toBe('completed');
    expect(changed.map(({ data }) => data?.['title'])).toEqual(['between']);
  });
});
