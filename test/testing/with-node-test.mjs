/** A test as a user of node:test writes it, over the built package. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defineJob } from '../../dist/index.js';
import { assertEnqueued, createTestHost } from '../../dist/testing.js';

test('a job is queued and done', async () => {
  const { host, drain, stop } = await createTestHost({ jobs: [defineJob({ slug: 'double', handler: ({ data }) => data.n * 2 })] });
  await host.enqueue('double', { n: 21 });
  await assertEnqueued(host, 'double', { data: { n: 21 } });
  const [run] = await drain();
  assert.equal(run.result, 42);
  await stop();
});
