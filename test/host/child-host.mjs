// A host in a process of its own, over a project folder whose database is in place: argv = folder, [drain]. Prints
// "started", and a line for each attempt that begins and for each that completes.
import { join } from 'node:path';

const dist = new URL('../../dist/', import.meta.url);
const { createHost } = await import(new URL('host/host.js', dist).href);
const { loadProject } = await import(new URL('host/load-project-thread.js', dist).href);

const [dir, mode] = process.argv.slice(2);
const { config, moonlighter, registry, generation } = await loadProject(dir);
const databasePath = join(dir, 'data', 'crap.db');
const host = createHost({ projectDir: dir, databasePath, config, moonlighter, registry, generation, drain: mode === 'drain' });
let completed = 0;
let begun = 0;
host.events.on('attempt:started', () => process.stdout.write(`begun ${++begun}\n`));
host.events.on('attempt:finished', (e) => {
  if (e.outcome === 'completed') process.stdout.write(`completed ${++completed}\n`);
});
await host.start();
process.stdout.write('started\n');
await host.drained;
await host.stop('drained');
