/**
 * The application's own better-sqlite3 client as a Db: what is written through it belongs to the application's transaction. Only clients of
 * the same copy of the package are taken: two copies in one process corrupt each other's locks on a file.
 */
import { realpathSync } from 'node:fs';
import SqliteDatabase, { type Database as Driver, type Statement } from 'better-sqlite3';
import { RefusedError } from '../../domain/errors.js';
import type { Op } from '../../domain/op.js';
import type { Db, Row, SqlValue } from '../db.js';
import { bound, read, sqliteDialect } from './database.js';
import { translate } from './errors.js';

/** RefusedError CLIENT_FOREIGN, CLIENT_OTHER_FILE or CLIENT_NO_TRANSACTION. `path`: the host's database. */
export function clientDb(client: unknown, path: string): Db {
  if (!(client instanceof SqliteDatabase)) {
    throw new RefusedError('CLIENT_FOREIGN', 'the client is not of the better-sqlite3 that Moonlighter uses', {
      remedy:
        'have one copy of better-sqlite3 installed (npm ls better-sqlite3): two copies in one process corrupt the locks of a shared file',
    });
  }
  const driver = client as Driver;
  if (!sameFile(driver.name, path)) {
    throw new RefusedError('CLIENT_OTHER_FILE', `the client is open on ${driver.name}, the host on ${path}`, {
      remedy: "give createHost the application's database, or open the client on the host's",
    });
  }
  if (!driver.inTransaction) {
    throw new RefusedError('CLIENT_NO_TRANSACTION', 'the client is not in a transaction', {
      remedy: 'begin one (client.transaction(…)), or call host.enqueue',
    });
  }
  return new ClientDb(driver);
}

function sameFile(one: string, other: string): boolean {
  try {
    return realpathSync(one) === realpathSync(other);
  } catch {
    // In memory, or gone.
    return false;
  }
}

class ClientDb implements Db {
  readonly dialect = sqliteDialect;
  readonly tick = '1';
  readonly #driver: Driver;
  #depth = 0;

  constructor(driver: Driver) {
    this.#driver = driver;
  }

  *all(sql: string, params: readonly SqlValue[] = []): Op<Row[]> {
    return this.#do(sql, (statement) => (statement.safeIntegers(true).all(...bound(params)) as Row[]).map(read));
  }

  *get(sql: string, params: readonly SqlValue[] = []): Op<Row | undefined> {
    return this.#do(sql, (statement) => {
      const row = statement.safeIntegers(true).get(...bound(params)) as Row | undefined;
      return row && read(row);
    });
  }

  *run(sql: string, params: readonly SqlValue[] = []): Op<number> {
    return this.#do(sql, (statement) => statement.run(...bound(params)).changes);
  }

  *savepoint<T>(body: () => Op<T>): Op<T> {
    const name = `ml_client_${++this.#depth}`;
    this.#driver.exec(`SAVEPOINT ${name}`);
    try {
      const result = yield* body();
      this.#driver.exec(`RELEASE ${name}`);
      return result;
    } catch (error) {
      if (this.#driver.inTransaction) this.#driver.exec(`ROLLBACK TO ${name}; RELEASE ${name}`);
      throw error;
    } finally {
      this.#depth--;
    }
  }

  #do<T>(sql: string, body: (statement: Statement) => T): T {
    try {
      return body(this.#driver.prepare(sql));
    } catch (error) {
      throw translate(error, this.#driver.name, sql);
    }
  }
}
