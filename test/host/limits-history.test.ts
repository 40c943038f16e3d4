/** By which limits hosts have claimed is on record, so that `verify` judges what was by what counted. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import type { Host } from '../../src/host/host.js';
import { loadProject } from '../../src/host/load-project-thread.js';
import { openProject } from '../../src/operations/open-project.js';
import { verify } from '../../src/operations/verify.js';
import { hostOf, job, RunningHost } from './running.js';

let running: RunningHost | undefined;
let second: Host | undefined;
afterEach(async () => {
  await second?.stop('test over', 0);
  second = undefined;
  await running?.dispose();
  running = undefined;
});

const definition = (options: string) => job('wait', options, 'crap.sleep(0.05)');

it('[CAPS] Regression: a limit that is lowered makes no breach of what was before, and nothing is written for a run', async () => {
  running = await RunningHost.start({ 'moonlighter.toml': '[workers]\nthreads = 1\n', ...definition('concurrency = 4') });
  const { folder, databasePath } = running;
  await running.enqueue('wait', [{}, {}, {}, {}]);
  await running.ended(4);
  expect(running.rows('SELECT count(*) AS n FROM _ml_limits')).toEqual([{ n: 1 }]);
  await running.host.stop('a new version');
  for (const [name, text] of Object.entries(definition('rate_limit = { limit = 2, per = "1h" }')))
    writeFileSync(join(folder.dir, name), text);

  second = hostOf(await loadProject(folder.dir), databasePath);
  await second.start();
  const two = new Promise<void>((resolve) => {
    let ended = 0;
    second!.events.on('attempt:finished', () => ++ended === 2 && resolve());
  });
  await running.enqueue('wait', [{}, {}, {}]);
  second.wake();
  await two;
  const opened = await openProject({ cwd: folder.dir, env: {} });
  try {
    expect(await verify(opened)).toMatchObject({ ok: true, attempts: 6, notes: [] });
    expect(running.rows('SELECT until IS NULL AS open FROM _ml_limits ORDER BY since')).toEqual([{ open: 0 }, { open: 1 }]);
    // Judged by the definitions of today alone, as it was before they were on record, yesterday looks like a breach.
    running.rows('DELETE FROM _ml_limits RETURNING id');
    expect((await verify(opened)).breaches.map(({ code }) => code)).toEqual(['LIMIT_EXCEEDED', 'RATE_EXCEEDED']);
  } finally {
    await opened.close();
  }
});
