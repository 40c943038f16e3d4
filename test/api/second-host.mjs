/** A process with a host of its own on the database that it is given. Its runs wait for the first line of its input; it ends when its input does. */
import { createHost, defineJob } from '../../dist/index.js';

const told = new Promise((resolve) => process.stdin.once('data', resolve));
const adds = defineJob({
  slug: 'adds',
  concurrency: 8,
  handler: async ({ data }) => {
    console.log('took one');
    await told;
    return { data, by: process.pid };
  },
});
const host = await createHost({ database: process.argv[2], jobs: [adds], threads: 1, concurrency: 4 });
await host.start();
console.log('started');
await new Promise((resolve) => process.stdin.resume().once('end', resolve));
await host.stop();
