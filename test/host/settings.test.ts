import { expect, it } from 'vitest';
import { defaultCrapConfig } from '../../src/config/crap-config.js';
import { defaultMoonlighterConfig } from '../../src/config/moonlighter-config.js';
import { hostSettings } from '../../src/host/settings.js';

const LONGEST_TIMER_MS = 2 ** 31 - 1;

it('Regression: periods longer than a timer of Node can be are its longest, not none', () => {
  const crap = defaultCrapConfig();
  const moonlighter = defaultMoonlighterConfig();
  const days = 60 * 86_400;
  const settings = hostSettings(
    { ...crap, jobs: { ...crap.jobs, poll_interval: days, cron_interval: days, heartbeat_interval: days } },
    { ...moonlighter, jobs: { ...moonlighter.jobs, lease: days, shutdown_grace: days } },
    undefined,
  );
  const { pollMs, prunePeriodMs, heartbeatMs, leaseMs, shutdownGraceMs } = settings;
  expect([pollMs, prunePeriodMs, heartbeatMs, leaseMs, shutdownGraceMs]).toEqual(Array(5).fill(LONGEST_TIMER_MS));
});

it('keeps what fits, in milliseconds; --concurrency raises the cap and limits this host alone', () => {
  const settings = hostSettings(defaultCrapConfig(), defaultMoonlighterConfig(), 25);
  expect(settings).toMatchObject({ pollMs: 1_000, leaseMs: 30_000, shutdownGraceMs: 10_000, maxConcurrent: 25, ownLimit: 25 });
  expect(settings.purgeAfterMs).toBe(7 * 86_400_000);
});
