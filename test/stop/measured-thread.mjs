// The thread of a worker that says what its memory holds: on the channel "memory" it answers "ask" with figures in bytes, after everything that can be
// collected has been.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { BroadcastChannel } from 'node:worker_threads';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');
const channel = new BroadcastChannel('memory');
channel.unref();
channel.onmessage = ({ data }) => {
  if (data !== 'ask') return;
  for (let i = 0; i < 3; i++) collect();
  const { heapUsed, external } = process.memoryUsage();
  channel.postMessage({ heapUsed, external });
};
await import('../../dist/worker/thread.js');
