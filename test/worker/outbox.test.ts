/** Messages between threads: several of one turn in one, never out of order, nothing held back from a thread that must know at once. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Outbox, type Several } from '../../src/worker/outbox.js';

const isSeveral = (sent: number | Several<number>): sent is Several<number> => typeof sent === 'object';

it('posts what can wait at the end of the turn, in one message', async () => {
  const sent: (number | Several<number>)[] = [];
  const outbox = new Outbox<number>((message) => sent.push(message));
  outbox.postSoon(1);
  outbox.postSoon(2);
  expect(sent).toEqual([]);
  await Promise.resolve();
  expect(sent).toEqual([{ type: 'several', messages: [1, 2] }]);
  outbox.postSoon(3);
  await Promise.resolve();
  expect(sent.slice(1)).toEqual([3]);
});

it('posts at once what cannot wait, with what waits before it', async () => {
  const sent: (number | Several<number>)[] = [];
  const outbox = new Outbox<number>((message) => sent.push(message));
  outbox.post(1);
  outbox.postSoon(2);
  outbox.post(3);
  expect(sent).toEqual([1, { type: 'several', messages: [2, 3] }]);
  await Promise.resolve();
  expect(sent).toHaveLength(2);
});

it('keeps the order, whatever waits', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom('post', 'postSoon', 'turn')), async (acts) => {
      const sent: number[] = [];
      const outbox = new Outbox<number>((message) => void (isSeveral(message) ? sent.push(...message.messages) : sent.push(message)));
      let next = 0;
      for (const act of acts) {
        if (act === 'post') {
          outbox.post(next++);
          expect(sent).toHaveLength(next);
        } else if (act === 'postSoon') outbox.postSoon(next++);
        else await Promise.resolve();
      }
      await Promise.resolve();
      expect(sent).toEqual([...Array(next).keys()]);
    }),
  );
});
