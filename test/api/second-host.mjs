/** A process with a host of its own on the database that it is given; it ends when its input does. */
import { createHost, defineJob } from '../../dist/index.js';

const adds = defineJob({
  slug: 'adds',
  concurrency: 8,
  handler: ({ data }) => {
    console.log('took one');
    return { data, by: process.pid };
  },
});
const host = await createHost({ database: process.argv[2], jobs: [adds], threads: 1 });
await host.start();
console.log('started');
await new Promise((resolve) => process.stdin.resume().once('end', resolve));
await host.stop();
