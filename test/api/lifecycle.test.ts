/** The edges of an embedded host's life: starting and stopping, waiting, listeners and logs of the application, promises that nobody handles. */
import { relative } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  type AnyJob,
  type CreateHostOptions,
  createHost,
  defineJob,
  type EmbeddedHost,
  type HostLog,
  type Json,
  type StandardSchema,
} from '../../src/index.js';
import { createProject } from '../support/project.js';

const hosts: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.stop()));
});

async function open<const Jobs extends readonly AnyJob[]>(options: CreateHostOptions<Jobs>): Promise<EmbeddedHost<Jobs>> {
  const host = await createHost<Jobs>({ threads: 1, ...options });
  hosts.push(host);
  return host;
}

const ok = defineJob({ slug: 'ok', handler: ({ data }) => data });

/** A handler that waits until its signal is aborted, and tells when it began. */
function waiting(slug: string, more: { timeoutMs?: number } = {}) {
  let begin = () => {};
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const reasons: unknown[] = [];
  const job = defineJob({
    slug,
    ...more,
    handler: ({ signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          reasons.push(signal.reason);
          reject(signal.reason);
        });
        begin();
      }),
  });
  return { job, begun, reasons };
}

describe('start and stop', () => {
  it('starts once; after stop it neither starts nor answers, and says so', async () => {
    const host = await open({ jobs: [ok] });
    await host.start();
    await expect(host.start()).rejects.toMatchObject({ code: 'HOST_STARTED', remedy: 'call start once' });
    expect(host.running).toBe(true);
    await host.stop();
    await host.stop();
    await expect(host.start()).rejects.toMatchObject({ code: 'HOST_STOPPED', remedy: 'make another host' });
    for (const late of [host.jobs.runs(), host.snapshot(), host.eval('return 1'), host.verify(), host.jobs.wait('x')]) {
      await expect(late).rejects.toMatchObject({ code: 'HOST_STOPPED' });
    }
  });

  it('two calls at once start it once', async () => {
    const host = await open({ jobs: [ok] });
    const both = await Promise.allSettled([host.start(), host.start()]);
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(host.running).toBe(true);
  });

  it('stopped before it was started, it is closed all the same', async () => {
    const host = await open({ jobs: [ok] });
    await host.stop();
    await expect(host.start()).rejects.toMatchObject({ code: 'HOST_STOPPED' });
  });

  it('one that cannot start is closed: its methods say so, and nothing keeps the process', async () => {
    const project = await createProject({
      'crap.toml': '[hooks]\non_init = ["hooks.boom.go"]\n',
      'hooks/boom.lua': 'return { go = function() error("boom") end }',
    });
    const host = await open({ project: project.dir });
    await expect(host.start()).rejects.toThrow(/boom/);
    expect(host.running).toBe(false);
    await expect(host.jobs.runs()).rejects.toMatchObject({ code: 'HOST_STOPPED' });
    await project.dispose();
  });

  it('what was queued before the start is executed after it, in the order of its rank', async () => {
    const host = await open({ jobs: [ok] });
    const first = await host.enqueue('ok', { n: 1 });
    const second = await host.enqueue('ok', { n: 2 }, { priority: 5 });
    expect((await host.jobs.run(first.id)).status).toBe('pending');
    await host.start();
    const [one, two] = [await host.jobs.wait(first.id), await host.jobs.wait(second.id)];
    expect([one.status, two.status]).toEqual(['completed', 'completed']);
    expect(Date.parse(two.started_at!)).toBeLessThanOrEqual(Date.parse(one.started_at!));
  });

  it('takes a project by a path from the current folder', async () => {
    const project = await createProject({
      'jobs/a.lua': 'crap.jobs.define("a", { handler = "jobs.a.run" })\nreturn { run = function() return 5 end }',
    });
    const host = await open({ project: relative(process.cwd(), project.dir) });
    await host.start();
    expect(await host.jobs.wait((await host.enqueue('a' as never)).id)).toMatchObject({ result: 5 });
    expect(await host.check()).toMatchObject({ ok: true, dir: project.dir });
    await host.stop();
    await project.dispose();
  });
});

describe('wait', () => {
  it('hears the end from the host: hundreds wait and none is missed', async () => {
    const host = await open({ jobs: [defineJob({ slug: 'many', concurrency: 20, handler: ({ data }) => data })], concurrency: 20 });
    await host.start();
    const queued = await host.enqueueMany(Array.from({ length: 200 }, (_, n) => ({ job: 'many' as const, data: { n } })));
    const ends = await Promise.all(queued.map(({ id }) => host.jobs.wait(id)));
    expect(ends.map(({ result }) => (result as { n: number }).n)).toEqual(Array.from({ length: 200 }, (_, n) => n));
  });

  it('sees what another process does to a run: it is swept for', async () => {
    const host = await open({ jobs: [ok] });
    const other = await open({ database: host.databasePath, jobs: [ok] });
    const { id } = await host.enqueue('ok', { n: 1 });
    const end = host.jobs.wait(id);
    await other.start();
    expect(await end).toMatchObject({ status: 'completed', result: { n: 1 } });
    const { id: cancelled } = await host.enqueueIn(60_000, 'ok');
    const gone = host.jobs.wait(cancelled);
    await other.jobs.cancel(cancelled);
    expect(await gone).toMatchObject({ status: 'cancelled' });
  });

  it('rejects for a run that is not there or is removed, with the reason of its signal, and when the host stops', async () => {
    const host = await open({ jobs: [ok] });
    await expect(host.jobs.wait('nothing')).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
    const { id } = await host.enqueueIn(60_000, 'ok');
    const abort = new AbortController();
    const given = host.jobs.wait(id, abort.signal);
    abort.abort(new Error('enough'));
    await expect(given).rejects.toThrow('enough');
    await expect(host.jobs.wait(id, AbortSignal.abort(new Error('before')))).rejects.toThrow('before');
    const left = host.jobs.wait(id);
    left.catch(() => {});
    await host.stop();
    await expect(left).rejects.toMatchObject({ code: 'HOST_STOPPED' });
  });
});

describe('[BOUNDARY] what the application brings', () => {
  it('a listener that throws, or rejects, is told of in the log, and runs go on', async () => {
    const host = await open({ jobs: [ok] });
    const lines: string[] = [];
    host.on('log', ({ line }) => {
      lines.push(line.text);
      throw new Error('in the log itself');
    });
    host.on('attempt:finished', () => {
      throw new Error('careless');
    });
    host.on('attempt:started', (async () => Promise.reject(new Error('later'))) as () => void);
    await host.start();
    for (let n = 0; n < 3; n++) expect(await host.jobs.wait((await host.enqueue('ok', { n })).id)).toMatchObject({ status: 'completed' });
    expect(lines).toContain('a listener of the application threw: careless');
    expect(lines).toContain('a listener of the application threw: later');
  });

  it('on, once and off: each listener as often as it was put on', async () => {
    const host = await open({ jobs: [ok] });
    let [always, first] = [0, 0];
    const hear = () => void always++;
    host.on('attempt:finished', hear).once('attempt:finished', () => void first++);
    await host.start();
    await host.enqueueMany([{ job: 'ok' }, { job: 'ok' }]);
    await host.idle();
    expect([always, first]).toEqual([2, 1]);
    host.off('attempt:finished', hear);
    await host.enqueue('ok');
    await host.idle();
    expect(always).toBe(2);
  });

  it('Regression: who waited for a host to be idle waited for ever when it was stopped before, or meanwhile', async () => {
    const { job, begun } = waiting('long');
    const host = await open({ jobs: [job] });
    await host.start();
    await host.enqueue('long');
    await begun;
    const idle = host.idle();
    await Promise.all([expect(idle).rejects.toMatchObject({ code: 'HOST_STOPPED' }), host.stop({ grace: 0 })]);
    await expect(host.idle()).rejects.toMatchObject({ code: 'HOST_STOPPED' });
  });

  it('a log of its own is attached to the events, and may throw too', async () => {
    const told: string[] = [];
    const log: HostLog = {
      line() {},
      attach: (events) => {
        events.on('attempt:started', () => {
          throw new Error('of the log');
        });
        events.on('attempt:finished', ({ run }) => told.push(run.slug)).on('log', ({ line }) => told.push(line.text));
      },
    };
    const host = await open({ jobs: [ok], log });
    await host.start();
    await host.enqueue('ok');
    await host.idle();
    expect(told).toEqual(['a listener of the application threw: of the log', 'ok']);
  });

  it('the signal says why: timed_out, cancelled, released; what an aborted handler rejects with afterwards reaches nobody', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    try {
      const [late, stopped, given] = [waiting('late', { timeoutMs: 100 }), waiting('stopped'), waiting('given')];
      const host = await open({ jobs: [late.job, stopped.job, given.job], concurrency: 5 });
      await host.start();
      await host.jobs.wait((await host.enqueue('late')).id);
      const { id } = await host.enqueue('stopped');
      await stopped.begun;
      await host.jobs.cancel(id, { wait: true });
      await host.enqueue('given');
      await given.begun;
      await host.stop({ grace: 0 });
      expect([late, stopped, given].map(({ reasons }) => (reasons[0] as { reason: string }).reason)).toEqual([
        'timed_out',
        'cancelled',
        'released',
      ]);
      // Unhandled rejections are told after the microtasks of the turn.
      await new Promise((resolve) => setImmediate(resolve));
      expect(unhandled).toEqual([]);
    } finally {
      process.off('unhandledRejection', note);
    }
  });
});

describe('a schema that converts', () => {
  const input = z.object({
    n: z.coerce.number(),
    tags: z.array(z.string()).default(['none']),
    by: z.string().transform((text) => `${text}!`),
  });
  const seen = [{ n: 5, tags: ['none'], by: 'ada!' }];

  it('does so once, for inline and module jobs, on each attempt from what was queued', async () => {
    const attempts: unknown[] = [];
    const inline = defineJob({
      slug: 'inline',
      input,
      retries: 1,
      backoff: [0],
      handler: ({ data }) => {
        attempts.push(data);
        if (attempts.length === 1) throw new Error('again');
        return data;
      },
    });
    const module = defineJob({ slug: 'module', input, handler: new URL('./odd.mjs', import.meta.url), exportName: 'echo' });
    const host = await open({ jobs: [inline, module] });
    await host.start();
    const data = { n: '5', by: 'ada' };
    expect(await host.jobs.wait((await host.enqueue(inline, data)).id)).toMatchObject({ data, result: seen[0], attempt: 2 });
    expect(attempts).toEqual([...seen, ...seen]);
    expect(await host.jobs.wait((await host.enqueue(module, data)).id)).toMatchObject({ data, result: seen[0] });
  });

  it('[STOP] one that never answers ends at the timeout, when the run is cancelled and when the host stops', async () => {
    let asked = () => {};
    const input = z.unknown().refine((data) => {
      if (Object.keys(data as object).length === 0) return true;
      asked();
      return new Promise<boolean>(() => {});
    });
    // Queued by Lua, which does not ask the schema.
    const [quick, slow] = [100, 60_000].map((timeoutMs, i) => defineJob({ slug: `s${i}`, input, timeoutMs, handler: () => 1 }));
    const host = await open({ jobs: [quick!, slow!], concurrency: 5 });
    await host.start();
    const queue = async (slug: string) => {
      const begun = new Promise<void>((resolve) => {
        asked = resolve;
      });
      const [id] = await host.eval(`return crap.jobs.queue("${slug}", { wait = true })`);
      await begun;
      return id as string;
    };
    expect(await host.jobs.wait(await queue('s0'))).toMatchObject({ status: 'failed', error: 'timeout after 0.1s' });
    const cancelled = await queue('s1');
    expect(await host.jobs.cancel(cancelled, { wait: true })).toEqual({ id: cancelled, outcome: 'cancelled' });
    const ends: unknown[] = [];
    host.on('attempt:finished', ({ outcome, next }) => ends.push([outcome, next]));
    await queue('s1');
    await host.stop({ grace: 0 });
    expect(ends).toEqual([['released', 'pending']]);
  });

  it('one that fails itself spends an attempt; wrong data ends the run at once', async () => {
    let asked = 0;
    const input: StandardSchema<Json> = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate(value) {
          const { what } = value as { what: string };
          if (what === 'wrong') return { issues: [{ message: 'that is wrong' }] };
          if (++asked < 2) throw new Error('the service is away');
          return { value: what };
        },
      },
    };
    const job = defineJob({ slug: 'job', input, retries: 3, backoff: [0], handler: ({ data }) => data });
    const host = await open({ jobs: [job] });
    await host.start();
    const [id] = await host.eval('return crap.jobs.queue("job", { what = "once" })');
    expect(await host.jobs.wait(id as string)).toMatchObject({ status: 'completed', attempt: 2, result: 'once' });
    const [wrong] = await host.eval('return crap.jobs.queue("job", { what = "wrong" })');
    expect(await host.jobs.wait(wrong as string)).toMatchObject({
      status: 'failed',
      attempt: 1,
      error: expect.stringContaining('that is wrong'),
    });
  });
});
