/** What zod found wrong with a file, as problems with line, field and remedy. */
import type { z } from 'zod';
import type { Problem } from '../domain/errors.js';
import { didYouMean, suggest } from '../domain/suggest.js';
import type { TomlFile } from './toml-file.js';
import { lineOfKey } from './toml-lines.js';

/** The keys that a section knows; undefined where any name is one. */
export type KnownKeys = (section: readonly string[]) => readonly string[] | undefined;

export function problemsOf(error: z.ZodError, file: TomlFile, knownKeys: KnownKeys): Problem[] {
  return error.issues.flatMap((issue) => {
    const path = issue.path.map(String);
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(file, path, key, knownKeys(path) ?? []));
    const message = issue.code === 'custom' ? issue.message : `expected a table, found another value`;
    return [valueProblem(file, path, message)];
  });
}

/** A wrong value at `path`: its message names the key. */
function valueProblem(file: TomlFile, path: readonly string[], message: string): Problem {
  const field = path.join('.');
  return {
    severity: 'error',
    code: 'CONFIG_VALUE',
    message: `${field}: ${message}`,
    file: file.name,
    line: lineOfKey(file.text, path),
    field,
    remedy: `correct ${field} in ${file.name}`,
  };
}

function unknownKey(file: TomlFile, section: readonly string[], key: string, known: readonly string[]): Problem {
  const near = suggest(key, known);
  const where = section.length > 0 ? ` in [${section.join('.')}]` : '';
  return {
    severity: 'error',
    code: 'CONFIG_UNKNOWN_KEY',
    message: `unknown field \`${key}\`${where}${didYouMean(key, known)}, expected one of ${known.map((name) => `\`${name}\``).join(', ')}`,
    file: file.name,
    line: lineOfKey(file.text, [...section, key]),
    field: [...section, key].join('.'),
    remedy: near === undefined ? 'remove the key' : `write ${near}`,
  };
}

/** The values without what is wrong in them, so that everything else keeps what is written: removes each issue's path. */
export function withoutFaults<T extends object>(values: T, error: z.ZodError): T {
  const copy = structuredClone(values) as Record<string, unknown>;
  for (const issue of error.issues) {
    const path = issue.path.map(String);
    if (issue.code === 'unrecognized_keys') for (const key of issue.keys) remove(copy, [...path, key]);
    else remove(copy, path);
  }
  return copy as T;
}

function remove(table: Record<string, unknown>, path: readonly string[]): void {
  let inner: unknown = table;
  for (const key of path.slice(0, -1)) inner = (inner as Record<string, unknown> | undefined)?.[key];
  if (typeof inner === 'object' && inner !== null && path.length > 0) delete (inner as Record<string, unknown>)[path.at(-1)!];
}
