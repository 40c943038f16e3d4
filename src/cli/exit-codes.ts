/** Exit codes, in one table (docs/cli.md shows it). */
export const EXIT = {
  done: 0,
  failed: 1,
  /** Wrong usage, or a project that cannot be used. */
  usage: 2,
  notFound: 3,
  /** Access, a conflict with what is there, a limit. */
  refused: 4,
  /** The database or a server is unavailable. */
  unavailable: 5,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
