/** The write queue of a process without a host. */
import { expect, it } from 'vitest';
import type { WriteGrant } from '../../src/store/writer.js';
import { LocalWriteQueue } from '../../src/worker/local-write-queue.js';
import { drive, RunControl } from '../../src/worker/run-control.js';

function* holder(queue: LocalWriteQueue) {
  return (yield queue.request()) as WriteGrant;
}

it('grants in the order of the requests, one at a time', async () => {
  const queue = new LocalWriteQueue();
  const order: string[] = [];
  const first = await drive(holder(queue), new RunControl());
  const second = drive(holder(queue), new RunControl()).then((grant) => {
    order.push('second');
    return grant;
  });
  const third = drive(holder(queue), new RunControl()).then((grant) => {
    order.push('third');
    return grant;
  });
  order.push('first');
  first.release();
  first.release();
  (await second).release();
  (await third).release();
  expect(order).toEqual(['first', 'second', 'third']);
});

it('one that is stopped while it waits leaves its place', async () => {
  const queue = new LocalWriteQueue();
  const first = await drive(holder(queue), new RunControl());
  const control = new RunControl();
  const second = drive(holder(queue), control);
  const third = drive(holder(queue), new RunControl());
  control.stop('cancelled');
  await expect(second).rejects.toMatchObject({ reason: 'cancelled' });
  first.release();
  (await third).release();
});

it('Regression: a grant was lost, and every later writer with it, when its run was stopped in the moment between the grant and its arrival', async () => {
  const queue = new LocalWriteQueue();
  const first = await drive(holder(queue), new RunControl());
  const control = new RunControl();
  const second = drive(holder(queue), control);
  first.release();
  control.stop('timed_out');
  await expect(second).rejects.toMatchObject({ reason: 'timed_out' });
  (await drive(holder(queue), new RunControl())).release();
});
