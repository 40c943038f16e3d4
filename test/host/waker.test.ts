import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { askActivity } from '../../src/host/ask-activity.js';
import { probeSocket, Waker, wakeHosts } from '../../src/host/waker.js';

const idle = { host: 'h', pid: 1, running: [], writer: null, writers_waiting: 0, memory: 1 };

describe('waker', () => {
  it('[EXPLAIN] says what its host is doing', async () => {
    const waker = new Waker({ wake: () => {}, cancel: () => {}, meet: () => {}, activity: () => idle, attempt: () => undefined });
    await waker.start();
    const { path } = waker;
    expect(await askActivity(path)).toEqual(idle);
    await waker.stop();
    expect(await askActivity(path)).toBeUndefined();
    expect(await askActivity('')).toBeUndefined();
  });

  it('is woken through its socket, which nobody else may open, and is gone after stop', async () => {
    let woken = () => {};
    const wake = new Promise<void>((resolve) => {
      woken = resolve;
    });
    const waker = new Waker({ wake: () => woken(), cancel: () => {}, meet: () => {}, activity: () => idle, attempt: () => undefined });
    await waker.start();
    const { path } = waker;
    expect(Buffer.byteLength(path)).toBeLessThan(104);
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
    expect(await wakeHosts([{ id: 'h', socket: path }])).toEqual({ dead: [] });
    await wake;
    expect(await probeSocket(path)).toBe('alive');
    await waker.stop();
    expect(await probeSocket(path)).toBe('unknown');
  });

  it('finds a killed host dead at once and a stopped one alive', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ml-test-'));
    const path = join(folder, 's');
    const script = `require('net').createServer(() => {}).listen(${JSON.stringify(path)}, () => console.log('up'))`;
    const child = spawn(process.execPath, ['-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      await once(child.stdout, 'data');
      expect(await probeSocket(path)).toBe('alive');
      child.kill('SIGSTOP');
      expect(await probeSocket(path, 200)).toBe('alive');
      child.kill('SIGKILL');
      await once(child, 'exit');
      expect(await probeSocket(path)).toBe('dead');
      expect(await wakeHosts([{ id: 'gone', socket: path }])).toEqual({ dead: ['gone'] });
    } finally {
      child.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('Regression: leaves a socket behind that refuses where the row of its host stays, so that others need not wait for the lease', async () => {
    const waker = new Waker({ wake: () => {}, cancel: () => {}, meet: () => {}, activity: () => idle, attempt: () => undefined });
    await waker.start();
    const { path } = waker;
    await waker.stop(true);
    try {
      expect(await probeSocket(path)).toBe('dead');
    } finally {
      rmSync(dirname(path), { recursive: true });
    }
  });

  it('Regression: a host row without a socket is judged as one that cannot be asked', async () => {
    expect(await probeSocket('')).toBe('unknown');
    expect(await wakeHosts([{ id: 'x', socket: '' }])).toEqual({ dead: [] });
  });

  it('survives a client that talks nonsense', async () => {
    const waker = new Waker({ wake: () => {}, cancel: () => {}, meet: () => {}, activity: () => idle, attempt: () => undefined });
    await waker.start();
    expect(await probeSocket(waker.path, 1000, 'x'.repeat(10_000))).toBe('alive');
    expect(await probeSocket(waker.path)).toBe('alive');
    await waker.stop();
  });
});
