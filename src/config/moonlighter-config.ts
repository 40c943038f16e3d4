/**
 * moonlighter.toml: the settings that are the host's own. One table: the documentation, `check`, the environment
 * (MOONLIGHTER_<SECTION>_<KEY>) and the types are made from it. Durations are seconds, sizes bytes.
 */
import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { allowedHosts, choice, found, integer, preciseDuration, size, text, timeZone } from './leaf.js';
import type { TomlValue } from './toml-file.js';

/** How a value is written in the environment: as a text, digits, or texts with commas between. */
type Form = 'text' | 'integer' | 'list';

export interface Setting<T = unknown> {
  /** One sentence for the documentation. */
  description: string;
  /** As documented. */
  defaultText: string;
  form: Form;
  schema: z.ZodType<T>;
}

function setting<T>(form: Form, schema: z.ZodType<T>, defaultText: string, description: string): Setting<T> {
  return { form, schema, defaultText, description };
}

const generation = () =>
  z.unknown().transform((value, context): 8 | 10 => {
    if (value === 8n || value === 10n) return Number(value) as 8 | 10;
    context.addIssue({ code: 'custom', message: `expected 8 or 10, found ${found(value as TomlValue)}`, input: value });
    return z.NEVER;
  });

const defaultThreads = () => Math.max(1, availableParallelism() - 1);

/** Every setting, by section and key. */
export const SETTINGS = {
  compat: {
    generation: setting(
      'integer',
      generation().optional(),
      'by crap_version in crap.toml, else 8',
      'Which generation of crap-cms the project was written for, where the two oppose each other: 8 (alpha.8) or 10 (alpha.9 and later).',
    ),
  },
  lua: {
    engine: setting(
      'text',
      choice('lua54', 'fengari').default('lua54'),
      '"lua54"',
      '"lua54": Lua 5.4 in WebAssembly; "fengari": Lua 5.3 in plain JavaScript, slower, with 32-bit integers and no memory cap.',
    ),
    max_memory: setting(
      'text',
      size().optional(),
      '[hooks] max_memory of crap.toml',
      'Memory that one slot may use; the run that needs more fails.',
    ),
  },
  workers: {
    threads: setting('integer', integer(1, 256).default(defaultThreads), 'cores less one, at least 1', 'Worker threads that run Lua.'),
    slots: setting(
      'integer',
      integer(1, 10_000).default(256),
      '256',
      'Runs that one thread may have open at a time, most of them waiting.',
    ),
    max_heap: setting(
      'text',
      size().default(2 * 1024 ** 3),
      '"2GB"',
      'JavaScript memory of one thread, beside that of its lua54 slots; a thread that needs more is ended and replaced. On the engine fengari it is the only limit of what scripts take.',
    ),
  },
  jobs: {
    timezone: setting('text', timeZone().default('UTC'), '"UTC"', 'Zone of schedules whose job names none (IANA name).'),
    lease: setting('text', preciseDuration(1).default(30), '"30s"', 'How long a claim stands unless its host renews it.'),
    max_write_hold: setting(
      'text',
      preciseDuration().default(0),
      '0 (off)',
      'Ends a run that holds the write lock for longer while it waits for something outside.',
    ),
    shutdown_grace: setting(
      'text',
      preciseDuration().default(10),
      '"10s"',
      'How long a stopping host waits for its runs before it releases them.',
    ),
  },
  database: {
    synchronous: setting(
      'text',
      choice('normal', 'full').default('normal'),
      '"normal"',
      '"normal": a power cut may lose the last acknowledged runs; "full" closes that gap, at batch speed.',
    ),
    wal_warning: setting(
      'text',
      size().default(64 * 1024 ** 2),
      '"64MB"',
      'Size of the write-ahead log past which the host says who keeps it from shrinking; 0 = never.',
    ),
  },
  http: {
    allow: setting(
      'list',
      allowedHosts().default([]),
      '[]',
      'Hosts, addresses and ranges that crap.http may reach although they are private: "localhost:8080", "10.1.0.0/16", "intranet.example".',
    ),
  },
  server: {
    host: setting('text', text().default('127.0.0.1'), '"127.0.0.1"', 'Address that `serve` listens at.'),
    port: setting('integer', integer(0, 65_535).default(7878), '7878', 'Port that `serve` listens at; 0 = any free one.'),
  },
  log: {
    level: setting('text', choice('debug', 'info', 'warn', 'error').default('info'), '"info"', 'The least level that is shown.'),
    format: setting(
      'text',
      choice('auto', 'text', 'json').default('auto'),
      '"auto"',
      '"text" or "json" lines; "auto": text on a terminal, else json.',
    ),
  },
} as const;

export type MoonlighterConfig = {
  [S in keyof typeof SETTINGS]: { [K in keyof (typeof SETTINGS)[S]]: (typeof SETTINGS)[S][K] extends Setting<infer T> ? T : never };
};

/** The schema of the whole file; unknown sections and keys are errors. */
export const moonlighterSchema = z.strictObject(
  Object.fromEntries(
    Object.entries(SETTINGS).map(([section, settings]) => [
      section,
      z.strictObject(Object.fromEntries(Object.entries(settings).map(([key, { schema }]) => [key, schema]))).prefault({} as never),
    ]),
  ),
) as unknown as z.ZodType<MoonlighterConfig>;

/** Every default. */
export function defaultMoonlighterConfig(): MoonlighterConfig {
  return moonlighterSchema.parse({});
}
