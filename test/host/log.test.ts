import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { ClaimedRun } from '../../src/domain/run.js';
import { HostEmitter, type HostEvents } from '../../src/host/events.js';
import { createHostLog, duration, type HostLogOptions } from '../../src/host/log.js';

const run: ClaimedRun = {
  id: 'r1',
  slug: 'digest',
  queue: 'default',
  data: '{}',
  claim: 1,
  attempt: 2,
  maxAttempts: 3,
  priority: 0,
  uniqueKey: null,
  scheduledBy: null,
  createdAt: 0,
};
const finished: HostEvents['attempt:finished'] = {
  run,
  outcome: 'completed',
  committed: true,
  durationMs: 12.5,
  error: undefined,
  next: 'completed',
  retryAt: undefined,
};

function capture(options: Omit<HostLogOptions, 'stream'>): { events: HostEmitter; lines(): string[] } {
  let text = '';
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += chunk;
      done();
    },
  });
  const events = new HostEmitter();
  createHostLog({ stream, ...options }).attach(events);
  return { events, lines: () => text.trimEnd().split('\n').filter(Boolean) };
}

describe('host log', () => {
  it("prints one line at the start and one at the end of a run, in the reference's words", () => {
    const { events, lines } = capture({ format: 'text' });
    const error = { code: 'LUA_RUNTIME', message: 'runtime error: boom' };
    events.emit('attempt:started', { run, worker: 1 });
    events.emit('attempt:finished', finished);
    events.emit('attempt:finished', { ...finished, outcome: 'failed', committed: false, error, next: 'pending', retryAt: 1 });
    events.emit('attempt:finished', { ...finished, outcome: 'failed', committed: false, error, next: 'failed' });
    events.emit('attempt:finished', {
      ...finished,
      outcome: 'timed_out',
      committed: false,
      error: { code: 'RUN_TIMED_OUT', message: 'timeout after 1s' },
      next: 'failed',
    });
    expect(lines().map((line) => line.replace(/^\S+ /, ''))).toEqual([
      'INFO  Executing job r1 (digest) attempt 2/3',
      'INFO  Job r1 (digest) completed in 12.5ms',
      'WARN  Job r1 (digest) failed (attempt 2/3), will retry: runtime error: boom',
      'ERROR Job r1 (digest) failed permanently: runtime error: boom',
      'ERROR Job r1 (digest) timed out after 1s',
    ]);
  });

  it('prints JSON lines with the facts apart, and nothing below its level', () => {
    const { events, lines } = capture({ format: 'json', level: 'warn' });
    events.emit('attempt:finished', finished);
    events.emit('writer:suspended', {
      run: 'r1',
      slug: 'digest',
      reason: 'http',
      fromStart: false,
      file: 'jobs/all.lua',
      line: 9,
      again: false,
    });
    expect(lines()).toHaveLength(1);
    const line = JSON.parse(lines()[0]!) as Record<string, unknown>;
    expect(line).toMatchObject({ level: 'warn', run: 'r1', slug: 'digest', file: 'jobs/all.lua', line: 9 });
    expect(line.msg).toContain('at jobs/all.lua:9');
    expect(line.msg).toContain('transaction = false');
  });

  it('Regression: a writer from its start was told to have written, and a cancelled run of a dead host to run again', () => {
    const { events, lines } = capture({ format: 'json', level: 'warn' });
    events.emit('writer:suspended', {
      run: 'r',
      slug: 'a',
      reason: 'http',
      fromStart: true,
      file: undefined,
      line: undefined,
      again: false,
    });
    events.emit('run:rescued', { run: 'r', slug: 'a', next: 'cancelled', host: 'gone' });
    const [suspended, rescued] = lines().map((line) => (JSON.parse(line) as { msg: string }).msg);
    expect(suspended).toContain('from its first read on');
    expect(suspended).not.toContain('after it has written');
    expect(rescued).toBe('Cancelled job r (a): its host is gone');
  });

  it('prints durations as the reference does', () => {
    expect([0.80216, 12, 999.5, 2197.204253].map(duration)).toEqual(['802.16µs', '12ms', '999.5ms', '2.197204s']);
  });
});
