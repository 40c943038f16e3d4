// A host in a process of its own that may kill itself (SIGKILL): argv = folder, mode.
// Modes: "run" goes on until it is killed; "drain" ends when nothing is due; "at:thread:N" and "at:main:N" kill before the Nth statement
// that the worker thread, or the main thread from its start on, gives to SQLite. Prints "started", and a line for each statement counted at the end.
import { join } from 'node:path';

const dist = new URL('../../dist/', import.meta.url);
const { createHost } = await import(new URL('host/host.js', dist).href);
const { loadProject } = await import(new URL('host/load-project-thread.js', dist).href);
const { watchStatements } = await import(new URL('store/sqlite/database.js', dist).href);

const [dir, mode = 'run'] = process.argv.slice(2);
const [, place, at] = /^at:(thread|main):(\d+)$/.exec(mode) ?? [];
const drain = mode !== 'run';
process.env.MOONLIGHTER_TEST_KILL_AT = place === 'thread' ? at : '0';
const { config, moonlighter, registry, generation } = await loadProject(dir);
const databasePath = join(dir, 'data', 'crap.db');
const workerEntry = new URL('killed-thread.mjs', import.meta.url);
const host = createHost({ projectDir: dir, databasePath, config, moonlighter, registry, generation, drain, workerEntry, cron: !place });
let statements = 0;
if (place === 'main') {
  watchStatements(() => {
    if (++statements === Number(at)) process.kill(process.pid, 'SIGKILL');
  });
}
await host.start();
process.stdout.write('started\n');
await host.drained;
await host.stop('drained');
