// Enqueues one run from another process and wakes the hosts: argv = database, slug. Prints the instant of its commit.
const dist = new URL('../../dist/', import.meta.url);
const { openDatabase } = await import(new URL('store/sqlite/database.js', dist).href);
const { noQueue, readNow, writeTransaction } = await import(new URL('store/sqlite/short-transaction.js', dist).href);
const { sqliteStore } = await import(new URL('store/sqlite/store.js', dist).href);
const { runAsync } = await import(new URL('domain/op.js', dist).href);
const { wakeHosts } = await import(new URL('host/waker.js', dist).href);

const [path, slug] = process.argv.slice(2);
const database = openDatabase({ path });
const request = { slug, data: '{}', queue: 'default', maxAttempts: 1, scheduledBy: 'cli' };
await runAsync(writeTransaction(database, noQueue, 'child', (db) => sqliteStore.enqueue(db, request, Date.now())));
const committed = Date.now();
await wakeHosts(readNow(database, (db) => sqliteStore.listHosts(db)));
database.close();
process.stdout.write(`${committed}\n`);
