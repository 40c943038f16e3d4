// Another process that queues runs when it is told to: the project stays open, so that what is measured is queueing and not starting.
import { openProject } from '../dist/operations/open-project.js';
import { triggerRun } from '../dist/operations/trigger-run.js';

const dir = process.argv[2];
const opened = await openProject({ config: dir, cwd: dir, env: {} });
process.send({ ready: true });
process.on('message', async (message) => {
  if (message === 'end') {
    await opened.close();
    process.disconnect();
    return;
  }
  const at = performance.timeOrigin + performance.now();
  const { id } = await triggerRun(opened, { slug: 'noop' });
  process.send({ id, at });
});
