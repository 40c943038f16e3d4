/** What is left of an adapter whose set-up failed: nothing. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { build } from '../../src/compat/bg-jobs.js';
import { createQueues } from '../../src/compat/joystick.js';
import { inmemoryjobs, New } from '../../src/compat/lazyjobs.js';
import { createWorker } from '../../src/compat/quickdapp.js';

let folder: string;
const before = process.env['TMPDIR'];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ml-'));
  process.env['TMPDIR'] = folder;
});
afterEach(() => {
  if (before === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = before;
  rmSync(folder, { recursive: true, force: true });
});

const HANDLER = async () => ({ ok: true as const, value: '' });

it.each([
  [
    'bg-jobs',
    () =>
      build({
        queues: [
          {
            name: 'q',
            workers: [
              { job_name: 'sendMail', handler: HANDLER },
              { job_name: 'send-mail', handler: HANDLER },
            ],
          },
        ],
      }),
  ],
  ['joystick', () => createQueues({ q: { jobs: { sendMail: { run: () => {} }, 'send.mail': { run: () => {} } } } } as never)],
  ['quickdapp', () => createWorker({ app: () => ({}), jobs: { removeOldWorkerJobs: { run: async () => {} } } })],
  [
    'lazyjobs',
    () =>
      New({
        Backend: inmemoryjobs.New(),
        Define: () => {
          throw new Error('of the application');
        },
      }),
  ],
])('Regression: a host that %s could not set up was left open, with its folder', async (_name, make) => {
  await expect(make()).rejects.toThrow();
  expect(readdirSync(folder)).toEqual([]);
});
