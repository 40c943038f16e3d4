/** Loads crap.toml and moonlighter.toml of a project: values with defaults and environment, and every problem together. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { z } from 'zod';
import type { Problem } from '../domain/errors.js';
import { didYouMean, suggest } from '../domain/suggest.js';
import { type CrapConfig, crapSchema, OPEN_SECTIONS, withFrameworkQueues } from './crap-config.js';
import { ruleBreaches } from './crap-rules.js';
import { type Generation, generationOf } from './generation.js';
import { type KnownKeys, problemsOf, withoutFaults } from './issues.js';
import { type MoonlighterConfig, moonlighterSchema, SETTINGS } from './moonlighter-config.js';
import { moonlighterEnvironment } from './moonlighter-env.js';
import { type Environment, substituteEnv } from './substitute-env.js';
import { isTable, readToml, type TomlFile, type TomlTable, type TomlValue } from './toml-file.js';
import { lineOfKey } from './toml-lines.js';

export const CRAP_TOML = 'crap.toml';
const MOONLIGHTER_TOML = 'moonlighter.toml';

export interface LoadedConfig {
  /** Complete also where the file has problems: what is wrong has its default. */
  crap: CrapConfig;
  moonlighter: MoonlighterConfig;
  generation: Generation;
  problems: Problem[];
  /** Queues that crap.toml names under [jobs.queues], with their lines. */
  writtenQueues: { name: string; line: number | undefined }[];
  /** Line of [hooks] on_init in crap.toml. */
  onInitLine: number | undefined;
}

/** `dir`: absolute path of the project. A missing file is an empty one. */
export function loadConfig(dir: string, env: Environment = process.env): LoadedConfig {
  const problems: Problem[] = [];
  const moonlighter = loadMoonlighter(dir, env, problems);

  const file = readToml(dir, CRAP_TOML);
  problems.push(...file.problems);
  const values = substituteEnv(file, env, problems);
  const version = typeof values['crap_version'] === 'string' ? values['crap_version'] : undefined;
  const generation = generationOf({ crap_version: version }, moonlighter);
  const schema = crapSchema(generation);
  const crap = withFrameworkQueues(settled(schema, values, file, knownKeysOf(schema), problems), generation);
  for (const { path, ...breach } of ruleBreaches(crap)) {
    problems.push({
      ...breach,
      code: breach.severity === 'error' ? 'CONFIG_INVALID' : 'CONFIG_WARNING',
      file: CRAP_TOML,
      line: lineOfKey(file.text, path),
      field: path.join('.'),
    });
  }
  problems.push(...nearMisses(schema, values, file));
  const exposed = exposedSecrets(join(dir, CRAP_TOML), file);
  if (exposed) problems.push(exposed);
  return {
    crap,
    moonlighter,
    generation,
    problems,
    writtenQueues: writtenQueues(values, file),
    onInitLine: lineOfKey(file.text, ['hooks', 'on_init']),
  };
}

/** The parsed values; where some are wrong they are reported and take their defaults. */
function settled<T>(schema: z.ZodType<T>, values: TomlTable, file: TomlFile, knownKeys: KnownKeys, problems: Problem[]): T {
  let left = values;
  // Removing what is wrong can make a section incomplete in another way once; it cannot go on for ever.
  for (let round = 0; round < 3; round++) {
    const result = schema.safeParse(left);
    if (result.success) return result.data;
    if (round === 0) problems.push(...problemsOf(result.error, file, knownKeys));
    left = withoutFaults(left, result.error);
  }
  return schema.parse({});
}

function loadMoonlighter(dir: string, env: Environment, problems: Problem[]): MoonlighterConfig {
  const file = readToml(dir, MOONLIGHTER_TOML);
  problems.push(...file.problems);
  const values = substituteEnv(file, env, problems);
  const sections: Record<string, object> = SETTINGS;
  const knownKeys: KnownKeys = ([section]) => Object.keys(section === undefined ? SETTINGS : (sections[section] ?? {}));
  const written = settled(moonlighterSchema, values, file, knownKeys, problems);
  return moonlighterEnvironment(written, env, problems);
}

function shapeOf(schema: unknown): Record<string, z.ZodType> | undefined {
  let inner = schema as { shape?: Record<string, z.ZodType>; unwrap?(): unknown };
  while (inner.shape === undefined && typeof inner.unwrap === 'function') inner = inner.unwrap() as typeof inner;
  return inner.shape;
}

function knownKeysOf(schema: z.ZodType): KnownKeys {
  return (section) => {
    if (section[0] === 'jobs' && section[1] === 'queues') return ['concurrency', 'timeout', 'retries'];
    let shape = shapeOf(schema);
    for (const key of section) shape = shape?.[key] ? shapeOf(shape[key]) : undefined;
    return shape && Object.keys(shape);
  };
}

/** Keys of open sections that look like a misspelt known one: taken as they are, but reported. */
function nearMisses(schema: z.ZodType, values: TomlTable, file: TomlFile): Problem[] {
  const knownKeys = knownKeysOf(schema);
  return [...OPEN_SECTIONS.map((section) => [section]), ['auth', 'password_policy']].flatMap((path) => {
    const section = path.join('.');
    const written = path.reduce<TomlValue | undefined>((table, key) => (isTable(table) ? table[key] : undefined), values);
    const known = knownKeys(path) ?? [];
    if (!isTable(written)) return [];
    return Object.keys(written).flatMap((key): Problem[] => {
      const near = known.includes(key)
        ? undefined
        : suggest(
            key,
            known.filter((name) => !(name in written)),
          );
      if (near === undefined) return [];
      return [
        {
          severity: 'warning',
          code: 'CONFIG_UNKNOWN_KEY',
          message: `unknown field \`${key}\` in [${section}]${didYouMean(key, known)}`,
          file: file.name,
          line: lineOfKey(file.text, [...path, key]),
          field: `${section}.${key}`,
          remedy: `write ${near}, or leave it if crap-cms knows it`,
        },
      ];
    });
  });
}

function writtenQueues(values: TomlTable, file: TomlFile): LoadedConfig['writtenQueues'] {
  const queues = isTable(values['jobs']) ? values['jobs']['queues'] : undefined;
  if (!isTable(queues)) return [];
  return Object.keys(queues).map((name) => ({ name, line: lineOfKey(file.text, ['jobs', 'queues', name]) }));
}

const SECRETS = [
  ['auth', 'secret'],
  ['email', 'smtp_pass'],
  ['mcp', 'api_key'],
] as const;

/** Secrets written out in a file that everybody may read. */
function exposedSecrets(path: string, file: TomlFile): Problem | undefined {
  const written = SECRETS.find(([section, key]) => {
    const table = file.values[section];
    const value = isTable(table) ? table[key] : undefined;
    return typeof value === 'string' && value !== '' && !value.includes('${');
  });
  if (!written || process.platform === 'win32' || (statSync(path).mode & 0o004) === 0) return undefined;
  const field = written.join('.');
  return {
    severity: 'warning',
    code: 'CONFIG_WORLD_READABLE',
    message: `${CRAP_TOML} holds a secret (${field}) and may be read by everybody on this machine`,
    file: CRAP_TOML,
    line: lineOfKey(file.text, written),
    field,
    remedy: `chmod 640 ${CRAP_TOML}, or take the secret from the environment: \${NAME}`,
  };
}
