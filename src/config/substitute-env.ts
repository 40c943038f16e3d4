/** `${NAME}` and `${NAME:-default}` inside the texts of a configuration file (Lua API 1.4). */
import { TomlDate } from 'smol-toml';
import type { Problem } from '../domain/errors.js';
import { isTable, type TomlFile, type TomlTable, type TomlValue } from './toml-file.js';
import { lineOfKey } from './toml-lines.js';

export type Environment = Readonly<Record<string, string | undefined>>;

const REFERENCE = /\$\{([^}:]*)(?::-([^}]*))?\}/g;

/** The values with every reference replaced; a default counts where the variable is unset or empty. Adds a problem for each that is neither. */
export function substituteEnv(file: TomlFile, env: Environment, problems: Problem[]): TomlTable {
  return substitute(file.values, []) as TomlTable;

  function substitute(value: TomlValue, path: readonly string[]): TomlValue {
    if (typeof value === 'string') return replace(value, path);
    if (Array.isArray(value)) return value.map((item) => substitute(item, path));
    if (!isTable(value) || value instanceof TomlDate) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, substitute(inner, [...path, key])]));
  }

  function replace(text: string, path: readonly string[]): string {
    return text.replace(REFERENCE, (whole, name: string, fallback: string | undefined) => {
      const value = env[name];
      if (value !== undefined && (value !== '' || fallback === undefined)) return value;
      if (fallback !== undefined) return fallback;
      problems.push({
        severity: 'error',
        code: 'CONFIG_ENV_MISSING',
        message: `Environment variable '${name}' referenced in ${file.name} is not set (use \${${name}:-default} for a fallback)`,
        file: file.name,
        line: lineOfKey(file.text, path),
        field: path.join('.'),
        remedy: `set ${name}, or write \${${name}:-default}`,
      });
      return whole;
    });
  }
}
