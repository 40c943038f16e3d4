/** 24 hours of a day in which much goes wrong, in seconds. MOONLIGHTER_TEST_SEED repeats one; the seed is printed. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { simulate } from './day.js';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

it('[DURABLE] [ONCE] [CAPS] [TICK] 24 hours with dying hosts, failing commits, slow acts and clock jumps keep every promise', async () => {
  const seed = Number(process.env['MOONLIGHTER_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 32));
  const began = performance.now();
  const { report, deaths, jumps, edits, missing, wrong, statuses, outcomes } = await simulate(seed, 24);
  const seconds = (performance.now() - began) / 1000;
  process.stdout.write(
    `simulated day, seed ${seed}: ${deaths} deaths of hosts, ${jumps} jumps of the clock, ${edits} edits; ${report.runs} runs ${JSON.stringify(statuses)}, ` +
      `${report.attempts} attempts ${JSON.stringify(outcomes)}, ${report.ticks} ticks, ${report.breaches.length} breaches; ${seconds.toFixed(1)} s\n`,
  );
  expect({ seed, missing, wrong, breaches: report.breaches }).toEqual({ seed, missing: [], wrong: [], breaches: [] });
  expect(deaths).toBeGreaterThan(3);
  expect(edits).toBeGreaterThan(3);
  expect(report.ticks).toBeGreaterThan(3_000);
  expect(statuses['pending'] ?? 0).toBeLessThan(20);
}, 240_000);

it('the same seed gives the same day', async () => {
  const facts = async () => {
    const { report, ...rest } = await simulate(4711, 2);
    return { ...rest, runs: report.runs, attempts: report.attempts, ticks: report.ticks };
  };
  expect(await facts()).toEqual(await facts());
}, 240_000);
