import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import type { RunView } from '../../src/operations/run-view.js';
import { failJson, type RunningCli, runCli, runJson, startCli } from '../support/cli.js';
import type { ProjectFolder } from '../support/project.js';
import { notesProject } from './project.js';

let project: ProjectFolder | undefined;
let running: RunningCli | undefined;
afterEach(async () => {
  if (running && running.child.exitCode === null) {
    running.child.kill('SIGKILL');
    await running.ended;
  }
  running = undefined;
  await project?.dispose();
  project = undefined;
});

async function serve(files: Record<string, string> = {}, ...args: string[]): Promise<{ dir: string; url: string; host: RunningCli }> {
  project = await notesProject({ 'moonlighter.toml': '[workers]\nthreads = 1\n', ...files });
  running = startCli(['-C', project.dir, 'serve', '--port', '0', ...args]);
  const [, url] = await running.until(/(http:\/\/127\.0\.0\.1:\d+)\/healthz/);
  return { dir: project.dir, url: url!, host: running };
}

it('serve answers /healthz, executes what is triggered, and ends with 0 on SIGTERM', async () => {
  const { dir, url, host } = await serve();
  const health = await fetch(`${url}/healthz`);
  expect(health.status).toBe(200);
  expect(await health.json()).toMatchObject({ status: 'ok', scheduler: true, workers: 1 });
  expect((await fetch(`${url}/nothing`)).status).toBe(404);
  expect((await fetch(`${url}/healthz`, { method: 'POST' })).status).toBe(405);

  const run = await runJson<RunView>(['-C', dir, 'jobs', 'trigger', 'echo', '-d', '{"n":1}', '--wait']);
  expect(run).toMatchObject({ status: 'completed', attempt: 1, result: { got: { n: 1 } } });
  const failed = await runCli(['--json', '-C', dir, 'jobs', 'trigger', 'broken', '--wait']);
  expect(failed.code).toBe(1);
  expect(JSON.parse(failed.stdout)).toMatchObject({ status: 'failed' });

  host.child.kill('SIGTERM');
  const { code, stderr } = await host.ended;
  expect(code, stderr).toBe(0);
});

it('serve --no-scheduler answers and claims nothing', async () => {
  const { dir, url, host } = await serve({}, '--no-scheduler');
  expect(await (await fetch(`${url}/healthz`)).json()).toMatchObject({ status: 'ok', scheduler: false });
  const { id } = await runJson<{ id: string }>(['-C', dir, 'jobs', 'trigger', 'echo']);
  host.child.kill('SIGINT');
  expect((await host.ended).code).toBe(0);
  expect(await runJson<RunView>(['-C', dir, 'jobs', 'status', '--id', id])).toMatchObject({ status: 'pending' });
});

it('a port that is taken is named, and nothing is left running', async () => {
  project = await notesProject();
  const server: Server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  try {
    const { port } = server.address() as AddressInfo;
    const error = await runCli(['-C', project.dir, 'serve', '--port', String(port)]);
    expect(error.code).toBe(1);
    expect(error.stderr).toContain(`cannot listen on 127.0.0.1:${port}`);
    expect(error.stderr).toContain('--port');
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});

it('work --drain claims from the named queues only', async () => {
  project = await notesProject();
  const { dir } = project;
  await runJson(['-C', dir, 'jobs', 'trigger', 'echo']);
  await runJson(['-C', dir, 'jobs', 'trigger', 'broken']);
  const drained = await runCli(['-C', dir, 'work', '--drain', '--no-cron', '--queues', 'slow']);
  expect(drained.code, drained.stderr).toBe(0);
  const runs = await runJson<RunView[]>(['-C', dir, 'jobs', 'status']);
  expect(Object.fromEntries(runs.map((run) => [run.slug, run.status]))).toEqual({ echo: 'pending', broken: 'failed' });
});

it('a queue name that no job uses is warned about, with the nearest', async () => {
  project = await notesProject();
  const { code, stderr } = await runCli(['-C', project.dir, 'work', '--drain', '--queues', 'slow,sloww']);
  expect(code, stderr).toBe(0);
  expect(stderr).toContain("No job uses the queue 'sloww' of --queues (did you mean 'slow'?)");
  expect(stderr).not.toContain("the queue 'slow' ");
});

it('with --json the log of a host is JSON lines on stdout', async () => {
  project = await notesProject();
  await runJson(['-C', project.dir, 'jobs', 'trigger', 'echo']);
  const { stdout } = await runCli(['--json', '-C', project.dir, 'work', '--drain', '--no-cron']);
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { msg: string; slug?: string });
  expect(lines.some((line) => line.slug === 'echo' && /completed in/.test(line.msg))).toBe(true);
});

it('[STOP] Ctrl-C ends a chunk that loops with 130, and nothing of it stays', async () => {
  project = await notesProject();
  const { dir } = project;
  running = startCli(['-C', dir, 'eval', 'crap.collections.create("notes", { title = "x" }) print("looping") while true do end']);
  await running.until(/looping/);
  running.child.kill('SIGINT');
  expect((await running.ended).code).toBe(130);
  expect(await runJson(['-C', dir, 'eval', 'return crap.collections.count("notes")'])).toEqual({ value: 0 });
});

it('a wait for a run that nobody executes can be interrupted; the run stays', async () => {
  project = await notesProject();
  const { dir } = project;
  running = startCli(['-C', dir, 'jobs', 'trigger', 'echo', '--wait']);
  await running.until(/No host is running yet/);
  running.child.kill('SIGINT');
  expect((await running.ended).code).toBe(130);
  expect(await runJson<RunView[]>(['-C', dir, 'jobs', 'status'])).toMatchObject([{ slug: 'echo', status: 'pending' }]);
});

it('an on_init function that fails ends the start with its reason', async () => {
  project = await notesProject({
    'crap.toml': '[access]\ndefault_deny = false\n[hooks]\non_init = ["hooks.start.fail"]\n',
    'hooks/start.lua': 'return { fail = function() error("not today") end }\n',
  });
  const { code, stderr } = await runCli(['-C', project.dir, 'work', '--drain']);
  expect(code).toBe(1);
  expect(stderr).toContain('on_init hooks failed');
  expect(stderr).toContain('not today');
  expect(await failJson(['-C', project.dir, 'jobs', 'status', '--id', 'x'])).toMatchObject({ exit: 3 });
});

it('a live crap-cms on the same folder is named with what to do', async () => {
  project = await notesProject({ 'data/crap.pid': `${process.pid}\n` });
  const { code, stderr } = await runCli(['-C', project.dir, 'work', '--drain', '--no-cron']);
  expect(code).toBe(0);
  expect(stderr).toContain(`pid ${process.pid}`);
  expect(stderr).toContain('--no-cron');
});

it('the second signal ends a host at once with 130, whatever still runs; the run is not lost', async () => {
  const slow =
    'crap.jobs.define("slow", { handler = "jobs.slow.run" })\nreturn { run = function() crap.log.info("sleeping") crap.sleep(60) end }\n';
  const { dir, host } = await serve({ 'jobs/slow.lua': slow });
  const { id } = await runJson<{ id: string }>(['-C', dir, 'jobs', 'trigger', 'slow']);
  await host.until(/Executing job|sleeping/);
  host.child.kill('SIGTERM');
  await host.until(/waiting for 1 running job/);
  const again = setInterval(() => host.child.kill('SIGTERM'), 100);
  const { code } = await host.ended;
  clearInterval(again);
  expect(code).toBe(130);
  const run = await runJson<RunView>(['-C', dir, 'jobs', 'status', '--id', id]);
  expect(['pending', 'running']).toContain(run.status);
});
