/** Lines that a run writes faster than anybody reads them. */
import { describe, expect, it } from 'vitest';
import { LogStream, lineRead } from '../../src/worker/log-stream.js';
import type { FromWorker } from '../../src/worker/protocol.js';
import { RunLog } from '../../src/worker/run-log.js';

const line = (text: string) => ({ at: 1, level: 'info' as const, text });
type LogMessage = Extract<FromWorker, { type: 'log' }>;

describe('the stream', () => {
  it('[BOUNDARY] leaves out what would be more than a megabyte unread, says how much that was, and goes on when it is read', () => {
    const posted: LogMessage[] = [];
    const unread = new Int32Array(new SharedArrayBuffer(4));
    const stream = new LogStream((message) => posted.push(message as LogMessage), unread);
    for (let i = 0; i < 100; i++) stream.say('r', 's', line('x'.repeat(50_000)));
    const first = posted.length;
    expect(first).toBeGreaterThan(10);
    expect(first).toBeLessThan(30);
    // Lines of the host itself are never left out.
    stream.say(undefined, undefined, line('mine'));
    expect(posted.at(-1)).toMatchObject({ line: { text: 'mine' } });
    for (const message of posted.splice(0)) lineRead(unread, message);
    expect(unread[0]).toBe(0);
    stream.say('r', 's', line('after'));
    expect(posted.map((message) => message.line.text)).toEqual([
      `${100 - first} line(s) are left out here: they came faster than the host could write them`,
      'after',
    ]);
    posted.splice(0);
    for (let i = 0; i < 100; i++) stream.say('r', 's', line('x'.repeat(50_000)));
    stream.over('r', 's');
    expect(posted.at(-1)?.line.text).toMatch(/^\d+ line\(s\) are left out here/);
    const before = posted.length;
    stream.over('r', 's');
    expect(posted).toHaveLength(before);
  });

  it('shortens a line', () => {
    const posted: LogMessage[] = [];
    new LogStream((message) => posted.push(message as LogMessage), new Int32Array(1)).say('r', 's', line('y'.repeat(2_000_000)));
    expect(posted[0]!.line.text).toMatch(/^y{65536}… \(2000000 characters\)$/);
  });
});

describe('what is stored', () => {
  it('are a thousand lines at most', () => {
    const log = new RunLog();
    for (let i = 0; i < 5_000; i++) log.add(line(`${i}`));
    expect(log.lines).toHaveLength(1_001);
    expect(log.lines.at(-1)?.text).toBe('more than 1000 lines: the rest is not stored');
  });

  it('are a mebibyte at most', () => {
    const log = new RunLog();
    for (let i = 0; i < 500; i++) log.add(line('z'.repeat(100_000)));
    expect(log.lines.at(-1)?.text).toBe('more than 1 MiB: the rest is not stored');
    expect(log.lines.reduce((sum, { text }) => sum + text.length, 0)).toBeLessThan(1_100_000);
  });
});
