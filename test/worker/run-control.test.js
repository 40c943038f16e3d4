import { describe, expect, it } from 'vitest';
import { RunAbort } from '../../src/domain/errors.js';
import { waitFor } from '../../src/domain/op.js';
import { drive, RunControl } from '../../src/worker/run-control.js';

const forever = (cancelled = () => {}) => ({ reason: 'sleep', start: () => new Promise(() => {}), cancel: cancelled });
describe('run control', () => {
  it('drives an Op through its waits, values down and rejections in', async () => {
    const seen = [];
    function* op() {
      const one = yield* waitFor({ reason: 'http', start: async () => 1 });
      try {
        yield* waitFor({ reason: 'http', start: () => Promise.reject(new Error('refused')) });
      } catch (error) {
        return `${one} ${error.message}`;
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
      (function* () {
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
      (function* () {
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
