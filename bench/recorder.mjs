// Which statements an operation sends to SQLite, and the same statements in a bare better-sqlite3.
import { Database } from '../dist/store/sqlite/database.js';

/**
 * @typedef {{ how: 'all' | 'get' | 'run', sql: string, params: unknown[] }} Recorded
 */

/** Runs `body` and gives the statements of all connections meanwhile, in order; begin and commit left out. @returns {Promise<Recorded[]>} */
export async function record(body) {
  const statements = [];
  const originals = {
    all: Database.prototype.all,
    get: Database.prototype.get,
    run: Database.prototype.run,
    runRaw: Database.prototype.runRaw,
  };
  let inside = false;
  for (const [name, original] of Object.entries(originals)) {
    Database.prototype[name] = function (sql, params = []) {
      if (!inside && !/^(BEGIN|COMMIT|ROLLBACK$)/.test(sql)) {
        statements.push({ how: name === 'runRaw' ? 'run' : name, sql, params: [...params] });
      }
      const outer = inside;
      inside = true;
      try {
        return original.call(this, sql, params);
      } finally {
        inside = outer;
      }
    };
  }
  try {
    await body();
  } finally {
    Object.assign(Database.prototype, originals);
  }
  return statements;
}

/** The check of the deadline that scans carry calls JavaScript once a row: bare SQL would not. */
function withoutTick(sql) {
  return sql.replaceAll('ml_tick() AND ', '').replaceAll(' WHERE ml_tick()', '');
}

/**
 * A function that executes recorded statements on a bare connection, with `id` in the place of the recorded one; it returns what the
 * first one gave.
 * @param {import('better-sqlite3').Database} bare @param {Recorded[]} statements @param {string} recordedId
 */
export function replay(bare, statements, recordedId) {
  const prepared = statements.map(({ how, sql, params }) => ({
    how,
    statement: bare.prepare(withoutTick(sql)),
    params,
    ids: params.flatMap((value, i) => (value === recordedId ? [i] : [])),
  }));
  return (id) => {
    let first;
    for (const { how, statement, params, ids } of prepared) {
      for (const i of ids) params[i] = id;
      const given = statement[how](...params);
      first ??= given;
    }
    return first;
  };
}
