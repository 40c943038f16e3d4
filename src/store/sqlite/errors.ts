/** Turns errors of the driver into the host's, by SQLite's result code, never by message text. */
import { RunAbort, StoreUnavailableError } from '../../domain/errors.js';
import { SqlError } from '../db.js';

/** Result numbers behind the driver's names, for the reference's `Error code n` texts. */
const NUMBERS: Record<string, number> = {
  SQLITE_ERROR: 1,
  SQLITE_BUSY: 5,
  SQLITE_LOCKED: 6,
  SQLITE_CONSTRAINT: 19,
  SQLITE_MISMATCH: 20,
  SQLITE_BUSY_SNAPSHOT: 517,
  SQLITE_CONSTRAINT_CHECK: 275,
  SQLITE_CONSTRAINT_FOREIGNKEY: 787,
  SQLITE_CONSTRAINT_NOTNULL: 1299,
  SQLITE_CONSTRAINT_PRIMARYKEY: 1555,
  SQLITE_CONSTRAINT_UNIQUE: 2067,
};

interface Unavailable {
  code: string;
  text: string;
  remedy: string;
  retryable: boolean;
}

const UNAVAILABLE: [RegExp, Unavailable][] = [
  [
    /^SQLITE_(BUSY|LOCKED)/,
    { code: 'DATABASE_BUSY', text: 'is locked by another program', remedy: 'end what holds the lock, or try again', retryable: true },
  ],
  [
    /^SQLITE_FULL/,
    { code: 'DATABASE_FULL', text: 'cannot grow: the disk is full', remedy: 'free space on its disk; nothing was lost', retryable: true },
  ],
  [
    /^SQLITE_(READONLY|PERM|AUTH)/,
    {
      code: 'DATABASE_READ_ONLY',
      text: 'cannot be written',
      remedy: 'give this user write access to the file and its folder',
      retryable: false,
    },
  ],
  [
    /^SQLITE_(CORRUPT|NOTADB)/,
    {
      code: 'DATABASE_CORRUPT',
      text: 'is no SQLite database, or is damaged',
      remedy: 'check [database] path in crap.toml, or restore a backup',
      retryable: false,
    },
  ],
  [
    /^SQLITE_CANTOPEN/,
    {
      code: 'DATABASE_UNAVAILABLE',
      text: 'cannot be opened',
      remedy: 'check that the path exists and that this user may read and write it',
      retryable: true,
    },
  ],
  [
    /^SQLITE_(IOERR|NOMEM|PROTOCOL)/,
    { code: 'DATABASE_UNAVAILABLE', text: 'cannot be read or written now', remedy: 'check its disk', retryable: true },
  ],
];

/** The driver's code of an error, undefined for anything else. */
function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && code.startsWith('SQLITE_') ? code : undefined;
}

export function isBusy(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'SQLITE_BUSY' || code === 'SQLITE_BUSY_RECOVERY' || code === 'SQLITE_LOCKED';
}

/** Another commit came between the snapshot and this write. */
export function isStaleSnapshot(error: unknown): boolean {
  return codeOf(error) === 'SQLITE_BUSY_SNAPSHOT';
}

/** What to throw for an error that a statement or `open` threw. Errors of our own pass through. */
export function translate(error: unknown, path: string, sql = ''): unknown {
  if (error instanceof RunAbort) return error;
  const code = codeOf(error);
  if (code === undefined) return error;
  const text = (error as Error).message;
  for (const [pattern, facts] of UNAVAILABLE) {
    if (!pattern.test(code)) continue;
    return new StoreUnavailableError(facts.code, `the database ${path} ${facts.text} (${text})`, {
      remedy: facts.remedy,
      retryable: facts.retryable,
      details: { path, sqlite: code },
      cause: error,
    });
  }
  return new SqlError(text, code, NUMBERS[code], sql, { cause: error });
}
