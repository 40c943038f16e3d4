import { describe, expect, it } from 'vitest';
import { afterFailure, afterLoss, afterRelease } from '../../src/host/retry.js';

describe('retry rules', () => {
  it('backs off 5, 10, 20 … 300 s while attempts are left, then fails', () => {
    const delays = [1, 2, 3, 4, 5, 6, 7, 8].map((attempt) => {
      const next = afterFailure(attempt, 9, 1_000);
      return next.status === 'pending' ? (next.dueAt - 1_000) / 1000 : next.status;
    });
    expect(delays).toEqual([5, 10, 20, 40, 80, 160, 300, 300]);
    expect(afterFailure(1, 2, 0)).toMatchObject({ spendsAttempt: true });
    expect(afterFailure(1, 1, 0)).toEqual({ status: 'failed' });
    expect(afterFailure(9, 9, 0)).toEqual({ status: 'failed' });
  });

  it('a curve that grows beyond every number ends at its maximum, one that starts at 0 stays there', () => {
    const curve = (base: number) => ({ kind: 'curve' as const, base, factor: 100, max: 300, jitter: 0 });
    expect(afterFailure(400, 999, 0, curve(1))).toMatchObject({ dueAt: 300_000 });
    expect(afterFailure(400, 999, 0, curve(0))).toMatchObject({ dueAt: 0 });
  });

  it('gives a released run back at once without spending its attempt', () => {
    expect(afterRelease(7)).toEqual({ status: 'pending', dueAt: 7, spendsAttempt: false });
    expect(afterRelease(7, 10)).toEqual({ status: 'pending', dueAt: 17, spendsAttempt: false });
  });

  it('repeats a lost run twice, never spending an attempt, and ends it at the third loss in a row', () => {
    expect(afterLoss(1, 0, 'stale')).toEqual({ status: 'pending', dueAt: 0, spendsAttempt: false });
    expect(afterLoss(2, 0, 'stale')).toEqual({ status: 'pending', dueAt: 5_000, spendsAttempt: false });
    expect(afterLoss(3, 0, 'stale')).toEqual({ status: 'stale' });
    expect(afterLoss(3, 0, 'failed')).toEqual({ status: 'failed' });
  });
});

it('[ONCE] a job with on_lost = "stale" is not run again after the first loss', () => {
  expect(afterLoss(1, 0, 'stale', 'stale')).toEqual({ status: 'stale' });
  expect(afterLoss(1, 0, 'failed', 'stale')).toEqual({ status: 'stale' });
});
