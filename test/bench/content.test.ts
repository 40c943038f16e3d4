/** The measurements of bench/ run, and operations cost no more than twice what is wanted: a busy machine passes, a regression does not. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const main = fileURLToPath(new URL('../../bench/main.mjs', import.meta.url));

interface Cost {
  statements: string[];
  ratio: number;
  fengariRatio: number;
  limit: number;
}

async function bench(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const [code] = (await once(child, 'close')) as [number];
  return { code, out, err };
}

it('find_by_id, create and find stay near the same SQL in bare better-sqlite3', { timeout: 120_000 }, async () => {
  const { code, out, err } = await bench('content', '--quick', '--json');
  expect(code, err).toBe(0);
  const { content } = JSON.parse(out) as { content: Record<string, Cost> };
  expect(Object.keys(content)).toEqual(['find_by_id', 'create', 'find_100']);
  for (const [name, { ratio, limit, fengariRatio }] of Object.entries(content)) {
    expect(ratio, `${name} on lua54`).toBeLessThan(2 * limit);
    expect(fengariRatio, `${name} on fengari`).toBeGreaterThan(0);
  }
  // Each reads with one statement; a page that is full is counted by another.
  expect(content['find_by_id']!.statements).toHaveLength(1);
  expect(content['find_100']!.statements).toHaveLength(2);
});

it('refuses a measurement that it does not know', async () => {
  const { code, err } = await bench('nothing');
  expect(code).toBe(2);
  expect(err).toMatch(/^bench: unknown 'nothing'; there are content, drain, latency /);
});
