import { describe, expect, it } from 'vitest';
import { RunAbort } from '../../src/domain/errors.js';
import { type Op, waitFor } from '../../src/domain/op.js';
import { drive, RunControl } from '../../src/worker/run-control.js';

const forever = (cancelled: () => void = () => {}) => ({ reason: 'sleep', start: () => new Promise(() => {}), cancel: cancelled });

describe('run control', () => {
  it('drives an Op through its waits, values down and rejections in', async () => {
    const seen: string[] = [];
    function* op(): Op<string> {
      const one = yield* waitFor<number>({ reason: 'http', start: async () => 1 });
      try {
        yield* waitFor({ reason: 'http', start: () => Promise.reject(new Error('refused')) });
      } catch (error) {
        return `${one} ${(error as Error).message}`;
      }
      return 'unreached';
    }
    expect(await drive(op(), new RunControl(), (wait) => seen.push(wait.reason))).toBe('1 refused');
    expect(seen).toEqual(['http', 'http']);
  });

  it('[STOP] cancels the wait under way and throws the reason into the Op', async () => {
    const control = new RunControl();
    let cancelled = 0;
    const running = drive(
      (function* (): Op<void> {
        yield* waitFor(forever(() => cancelled++));
      })(),
      control,
    );
    control.stop('timed_out');
    control.stop('released');
    await expect(running).rejects.toMatchObject({ name: 'RunAbort', reason: 'timed_out' });
    expect(cancelled).toBe(1);
  });

  it('[STOP] ends an Op that catches its stop and goes on waiting', async () => {
    const control = new RunControl();
    let caught = 0;
    let unwound = false;
    const running = drive(
      (function* (): Op<void> {
        try {
          for (;;) {
            try {
              yield* waitFor(forever());
            } catch {
              caught++;
            }
          }
        } finally {
          unwound = true;
        }
      })(),
      control,
    );
    control.stop('cancelled');
    await expect(running).rejects.toBeInstanceOf(RunAbort);
    expect(caught).toBeGreaterThan(1);
    expect(unwound).toBe(true);
  });

  it('[STOP] the first reason counts, and whoever listens is told once', () => {
    const control = new RunControl();
    const told: string[] = [];
    control.onStop((reason) => told.push(reason));
    control.stop('timed_out', { code: 'X', message: 'first' });
    control.stop('released');
    expect([control.reason, control.error?.message, told]).toEqual(['timed_out', 'first', ['timed_out']]);
  });

  it('[STOP] begins no wait once stopped', async () => {
    const control = new RunControl();
    control.stop('released');
    let begun = false;
    const wait = {
      reason: 'http',
      start: async () => {
        begun = true;
      },
    };
    await expect(drive(waitFor(wait), control)).rejects.toMatchObject({ reason: 'released' });
    expect(begun).toBe(false);
  });
});
