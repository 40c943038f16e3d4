/** MOONLIGHTER_<SECTION>_<KEY>: the environment's values over those of moonlighter.toml. */
import type { Problem } from '../domain/errors.js';
import { didYouMean, suggest } from '../domain/suggest.js';
import { type MoonlighterConfig, moonlighterSchema, SETTINGS, type Setting } from './moonlighter-config.js';
import type { Environment } from './substitute-env.js';
import type { TomlValue } from './toml-file.js';

const PREFIX = 'MOONLIGHTER_';

/** `jobs`, `max_write_hold` -> `MOONLIGHTER_JOBS_MAX_WRITE_HOLD`. */
function environmentName(section: string, key: string): string {
  return `${PREFIX}${section}_${key}`.toUpperCase();
}

/** The configuration with what the environment says; an empty variable says nothing. Adds a problem for each wrong or unknown one. */
export function moonlighterEnvironment(written: MoonlighterConfig, env: Environment, problems: Problem[]): MoonlighterConfig {
  const config = structuredClone(written) as Record<string, Record<string, unknown>>;
  const names = new Set<string>();
  for (const [section, settings] of Object.entries(SETTINGS)) {
    for (const [key, setting] of Object.entries(settings as Record<string, Setting>)) {
      const name = environmentName(section, key);
      names.add(name);
      const value = env[name];
      if (value === undefined || value === '') continue;
      const result = moonlighterSchema.safeParse({ [section]: { [key]: tomlValue(value, setting.form) } });
      if (result.success) config[section]![key] = (result.data as unknown as typeof config)[section]![key];
      else problems.push(wrong(name, result.error.issues[0]?.message ?? 'invalid value'));
    }
  }
  problems.push(...unknown(env, names));
  return config as unknown as MoonlighterConfig;
}

function tomlValue(value: string, form: Setting['form']): TomlValue {
  if (form === 'integer' && /^\d+$/.test(value.trim())) return BigInt(value.trim());
  if (form !== 'list') return value;
  return value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function wrong(name: string, message: string): Problem {
  return {
    severity: 'error',
    code: 'CONFIG_VALUE',
    message: `${name}: ${message}`,
    field: name,
    remedy: `correct ${name} in the environment, or unset it`,
  };
}

/** Variables that begin with a section's name but are no setting; other MOONLIGHTER_ variables are not ours to judge. */
function unknown(env: Environment, names: ReadonlySet<string>): Problem[] {
  const prefixes = Object.keys(SETTINGS).map((section) => `${PREFIX}${section.toUpperCase()}_`);
  return Object.keys(env)
    .filter((name) => !names.has(name) && prefixes.some((prefix) => name.startsWith(prefix)))
    .map((name) => {
      const near = suggest(name, names);
      return {
        severity: 'warning',
        code: 'CONFIG_UNKNOWN_KEY',
        message: `${name} is no setting${didYouMean(name, names)}`,
        field: name,
        remedy: near === undefined ? 'unset it' : `set ${near} instead`,
      };
    });
}
