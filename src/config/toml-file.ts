/** A TOML file as values, with the line of every key; broken TOML is a problem with line and column, not an exception. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, TomlDate, TomlError } from 'smol-toml';
import { messageOf, type Problem } from '../domain/errors.js';

/** Values of a TOML file: integers are bigint, so that they can be told from floats. */
export type TomlValue = string | bigint | number | boolean | TomlDate | TomlValue[] | TomlTable;
export interface TomlTable {
  [key: string]: TomlValue;
}

export interface TomlFile {
  /** File name, relative to the project. */
  name: string;
  exists: boolean;
  text: string;
  values: TomlTable;
  problems: Problem[];
}

export function readToml(dir: string, name: string): TomlFile {
  const path = join(dir, name);
  const file: TomlFile = { name, exists: existsSync(path), text: '', values: {}, problems: [] };
  if (!file.exists) return file;
  try {
    file.text = readFileSync(path, 'utf8');
  } catch (error) {
    file.problems.push({
      severity: 'error',
      code: 'CONFIG_UNREADABLE',
      message: `Failed to read ${path}: ${messageOf(error)}`,
      file: name,
      remedy: 'make it a file that this user may read',
    });
    return file;
  }
  try {
    file.values = parse(file.text.replace(/^\uFEFF/, ''), { integersAsBigInt: true }) as TomlTable;
  } catch (error) {
    file.problems.push(syntaxProblem(name, error));
  }
  return file;
}

function syntaxProblem(file: string, error: unknown): Problem {
  const at = error instanceof TomlError ? { line: error.line, column: error.column } : undefined;
  const reason = messageOf(error)
    .split('\n')[0]!
    .replace(/^Invalid TOML document: /, '');
  return {
    severity: 'error',
    code: 'CONFIG_SYNTAX',
    message: `${file} is not valid TOML: ${reason}${at ? ` (line ${at.line}, column ${at.column})` : ''}`,
    file,
    line: at?.line,
    remedy: 'texts need quotes, a table begins with [name], and every key stands once',
  };
}

/** The value as plain data: integers and dates as crap.config.get shows them. */
export function plainValue(value: TomlValue): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (value instanceof TomlDate) return value.toISOString();
  if (Array.isArray(value)) return value.map(plainValue);
  if (typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plainValue(inner)]));
  return value;
}

export function isTable(value: TomlValue | undefined): value is TomlTable {
  return typeof value === 'object' && !Array.isArray(value) && !(value instanceof TomlDate);
}
