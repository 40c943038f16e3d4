import { describe, expect, it } from 'vitest';
import { HostError } from '../../src/domain/errors.js';
import { FairWriteQueue } from '../../src/host/write-queue.js';
import type { WriteGrant } from '../../src/store/writer.js';
import { SIGNAL_GIVEN_UP } from '../../src/worker/protocol.js';
import { WriteQueueClient } from '../../src/worker/write-queue-client.js';

const tick = () => new Promise((resolve) => setImmediate(resolve));
const ask = (queue: FairWriteQueue | WriteQueueClient, owner: string) => queue.request(owner).start() as Promise<WriteGrant>;

/** Two clients wired to one queue without threads. */
function wire(queue: FairWriteQueue, worker: number): WriteQueueClient {
  const client: WriteQueueClient = new WriteQueueClient((message) => {
    if (message.type === 'write-requested')
      queue.requestFor(worker, message.ticket, message.owner, () => client.granted(message.ticket), message.signal);
    if (message.type === 'write-released') queue.releaseFor(worker, message.ticket);
  });
  return client;
}

describe('write queue', () => {
  it('grants to one at a time, first come first served, the host first', async () => {
    const queue = new FairWriteQueue();
    const a = wire(queue, 1);
    const b = wire(queue, 2);
    const order: string[] = [];
    const first = await ask(a, 'a1');
    const rest = [ask(b, 'b1'), ask(a, 'a2'), ask(queue, 'host'), ask(b, 'b2')].map((promise, i) =>
      promise.then(async (grant) => {
        order.push(['b1', 'a2', 'host', 'b2'][i] ?? '');
        expect(queue.holder?.owner).toBe(order.at(-1));
        await tick();
        grant.release();
      }),
    );
    await tick();
    expect(order).toEqual([]);
    expect(queue.waiting).toBe(4);
    first.release();
    await Promise.all(rest);
    expect(order).toEqual(['host', 'b1', 'a2', 'b2']);
    expect(queue.holder).toBeUndefined();
  });

  it('[FAIR] serves ten thousand in the order of their coming, those that withdraw left out, the host before them all', async () => {
    const queue = new FairWriteQueue();
    const clients = [wire(queue, 1), wire(queue, 2)];
    const first = await ask(clients[0]!, 'first');
    const order: number[] = [];
    const waits = Array.from({ length: 10_000 }, (_, i) => clients[i % 2]!.request(`${i}`));
    const served = waits.map((wait, i) =>
      (wait.start() as Promise<WriteGrant>).then((grant) => {
        order.push(i);
        grant.release();
      }),
    );
    expect(queue.waiting).toBe(10_000);
    const begun = performance.now();
    for (let i = 9_999; i >= 0; i -= 2) waits[i]!.cancel?.();
    expect(queue.waiting).toBe(5_000);
    const host = ask(queue, 'host').then((grant) => {
      order.push(-1);
      grant.release();
    });
    first.release();
    await Promise.all([host, ...served.filter((_, i) => i % 2 === 0)]);
    expect(order).toEqual([-1, ...Array.from({ length: 5_000 }, (_, i) => 2 * i)]);
    expect([queue.waiting, queue.holder]).toEqual([0, undefined]);
    expect(performance.now() - begun).toBeLessThan(2_000);
  });

  it('releases twice without letting two in', async () => {
    const queue = new FairWriteQueue();
    const client = wire(queue, 1);
    const first = await ask(client, 'one');
    first.release();
    const second = await ask(client, 'two');
    first.release();
    expect(queue.holder?.owner).toBe('two');
    second.release();
    expect(queue.holder).toBeUndefined();
  });

  it('[ONCE] tells the tickets of two threads apart: neither lets go of what the other holds', async () => {
    const queue = new FairWriteQueue();
    const a = wire(queue, 1);
    const b = wire(queue, 2);
    const held = await ask(a, 'a1');
    const waiting = b.request('b1');
    void waiting.start();
    waiting.cancel?.();
    expect(queue.holder).toMatchObject({ owner: 'a1', worker: 1 });
    queue.releaseFor(1, 99);
    expect(queue.holder).toMatchObject({ owner: 'a1', worker: 1 });
    held.release();
    expect(queue.holder).toBeUndefined();
  });

  it("[ONCE] the host's own acts that let go twice let nobody else in", async () => {
    const queue = new FairWriteQueue();
    const first = await ask(queue, 'one');
    const rest = [ask(queue, 'two'), ask(queue, 'three')];
    first.release();
    await rest[0];
    first.release();
    await tick();
    expect([queue.holder?.owner, queue.waiting]).toEqual(['two', 1]);
  });

  it('[FAIR] passes over a thread that has given up, although it has not said so yet', async () => {
    const queue = new FairWriteQueue();
    const held = await ask(queue, 'host');
    const signal = new SharedArrayBuffer(4);
    let granted = 0;
    queue.requestFor(1, 1, 'gave up', () => granted++, signal);
    const next = ask(wire(queue, 2), 'next');
    Atomics.store(new Int32Array(signal), 0, SIGNAL_GIVEN_UP);
    held.release();
    await next;
    expect([queue.holder?.owner, granted]).toEqual(['next', 0]);
    queue.releaseFor(1, 1);
    expect(queue.holder?.owner).toBe('next');
  });

  it('lets go of everything a dead thread held or asked for', async () => {
    const queue = new FairWriteQueue();
    const a = wire(queue, 1);
    const b = wire(queue, 2);
    await ask(a, 'a1');
    void ask(a, 'a2');
    const waiting = ask(b, 'b1');
    queue.workerGone(1);
    await waiting;
    expect(queue.holder).toMatchObject({ owner: 'b1', worker: 2 });
    expect(queue.waiting).toBe(0);
  });

  it('forgets a cancelled request, also when its grant is on the way', async () => {
    const queue = new FairWriteQueue();
    const a = wire(queue, 1);
    const held = await ask(a, 'a1');
    const wait = a.request('a2');
    void wait.start();
    wait.cancel?.();
    const third = ask(a, 'a3');
    held.release();
    await third;
    expect(queue.holder?.owner).toBe('a3');

    let deliver: (() => void) | undefined;
    const late: WriteQueueClient = new WriteQueueClient((message) => {
      if (message.type === 'write-requested')
        queue.requestFor(9, message.ticket, message.owner, () => {
          deliver = () => late.granted(message.ticket);
        });
      if (message.type === 'write-released') queue.releaseFor(9, message.ticket);
    });
    const lateWait = late.request('late');
    void lateWait.start();
    (await third).release();
    expect(queue.holder?.owner).toBe('late');
    lateWait.cancel?.();
    expect(queue.holder).toBeUndefined();
    deliver?.();
    expect(queue.holder).toBeUndefined();
  });

  it('gives up blocking after its bound with WRITE_LOCK_BUSY and leaves the queue usable', async () => {
    const queue = new FairWriteQueue();
    const a = wire(queue, 1);
    const b = wire(queue, 2);
    const held = await ask(a, 'a1');
    let thrown: unknown;
    try {
      b.request('b1').block?.();
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(HostError);
    expect((thrown as HostError).code).toBe('WRITE_LOCK_BUSY');
    held.release();
    expect(queue.holder).toBeUndefined();
    const blocked = b.request('b2').block?.() as WriteGrant;
    expect(queue.holder?.owner).toBe('b2');
    blocked.release();
    expect(queue.holder).toBeUndefined();
  });
});
