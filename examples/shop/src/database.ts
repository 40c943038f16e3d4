/** The shop's own tables, in the same SQLite file as the host's. */
import Sqlite, { type Database } from 'better-sqlite3';

export function openShop(path: string): Database {
  const client = new Sqlite(path);
  client.pragma('journal_mode = WAL');
  client.pragma('busy_timeout = 5000');
  client.exec(`
    CREATE TABLE IF NOT EXISTS products (name TEXT PRIMARY KEY, stock INTEGER NOT NULL CHECK (stock >= 0));
    CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, product TEXT NOT NULL, email TEXT NOT NULL);
    INSERT OR IGNORE INTO products VALUES ('lamp', 3), ('desk', 0);
  `);
  return client;
}
