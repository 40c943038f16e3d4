// The thread of a worker that says how long it stands still: on the channel "standstill" it is asked by "begin" and "end", and answers the latter in ms.
import { BroadcastChannel } from 'node:worker_threads';
import { watchStandstill } from './standstill.mjs';

const channel = new BroadcastChannel('standstill');
channel.unref();
let watch;
channel.onmessage = ({ data }) => {
  if (data === 'begin') watch = watchStandstill();
  else if (data === 'end' && watch) {
    watch.stop();
    channel.postMessage(watch.longest);
    watch = undefined;
  }
};
await import('../../dist/worker/thread.js');
