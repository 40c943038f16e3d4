// A worker thread whose writes fail with the SQLite code that stands in the file `fault` of the project folder, while it is there.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { workerData } from 'node:worker_threads';

const dist = new URL('../../dist/', import.meta.url);
const { watchStatements } = await import(new URL('store/sqlite/database.js', dist).href);
const fault = join(workerData.projectDir, 'fault');

watchStatements((sql) => {
  if (/^\s*(INSERT|UPDATE|DELETE|COMMIT|BEGIN IMMEDIATE)/i.test(sql) && existsSync(fault)) {
    const code = readFileSync(fault, 'utf8');
    throw Object.assign(new Error(`simulated ${code}`), { code });
  }
});
await import(new URL('worker/thread.js', dist).href);
