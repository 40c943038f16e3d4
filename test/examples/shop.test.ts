/** The sample application, compiled and started as its README says, asked over HTTP on loopback. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { RunningCommand } from '../scenarios/support.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'ml-shop-'));
let shop: RunningCommand;
let url: string;

beforeAll(async () => {
  const compiled = spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', 'examples/shop'], { cwd: root, encoding: 'utf8' });
  expect([compiled.stdout, compiled.status]).toEqual(['', 0]);
  shop = new RunningCommand(
    spawn(process.execPath, ['examples/shop/dist/server.js', '0', join(folder, 'shop.db')], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );
  await shop.until((printed) => printed.includes('The shop is open'));
  url = /http:\/\/127\.0\.0\.1:\d+/.exec(shop.stdout)![0];
}, 60_000);
afterAll(async () => {
  expect(await shop.stop()).toBe(0);
  rmSync(folder, { recursive: true, force: true });
});

const order = (product: string) =>
  fetch(`${url}/orders`, {
    method: 'POST',
    body: JSON.stringify({ product, email: 'ada@example.com' }),
    headers: { 'content-type': 'application/json' },
  });
const json = async <T>(path: string) => (await (await fetch(url + path)).json()) as T;

it('[ONCE] an order brings its run, which brings the label; one that is rolled back brings neither', async () => {
  const placed = await order('lamp');
  expect(placed.status).toBe(201);
  const { order: id, run } = (await placed.json()) as { order: number; run: string };
  expect(await json(`/runs/${run}`)).toMatchObject({ slug: 'confirm_order', status: 'completed', result: { confirmed: id } });

  const before = await json<object[]>('/orders');
  const refused = await order('desk');
  expect([refused.status, await refused.json()]).toEqual([409, { error: 'there is no desk left' }]);
  expect(await json('/orders')).toEqual(before);
  const runs = await json<{ id: string; slug: string }[]>('/runs');
  expect(runs.filter(({ slug }) => slug === 'confirm_order').length).toBe(1);
  const label = runs.find(({ slug }) => slug === 'print_label')!;
  expect(await json(`/runs/${label.id}`)).toMatchObject({ status: 'completed', result: { label: expect.stringMatching(/^[0-9a-f]{8}$/) } });
});
