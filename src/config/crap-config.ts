/**
 * crap.toml: every section of the reference with its defaults (Lua API 1.4; jobs page 6 and 11.5), snake_case and nesting kept,
 * durations in seconds, sizes in bytes. Sections whose keys the reference's pages do not list in full take further keys as they are.
 */
import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { anyTable, anything, choice, duration, flag, integer, leaf, millisecondDuration, readDuration, size, text, texts } from './leaf.js';

const DAY = 86_400;

/** A section that takes further keys as they are: typed known ones, the rest as plain data. */
function open<T extends z.core.$ZodLooseShape>(shape: T) {
  return z
    .object(shape)
    .catchall(anything())
    .prefault({} as never);
}

/** A section whose keys are all known. */
function closed<T extends z.core.$ZodLooseShape>(shape: T) {
  return z.strictObject(shape).prefault({} as never);
}

/** [jobs.queues.<name>]. */
const queue = z.strictObject({
  concurrency: integer().optional(),
  /** Seconds; counts for system jobs only. */
  timeout: duration().optional(),
  retries: integer().optional(),
});

export type QueueSettings = z.output<typeof queue>;

/** Off with "" or, later, `false`. */
const autoPurge = leaf((value) => (value === '' || value === false ? null : readDuration(value)));

function jobs(generation: 8 | 10) {
  return closed({
    /** Run-wide, over all hosts. */
    max_concurrent: integer().default(10),
    poll_interval: duration().default(1),
    cron_interval: duration().default(60),
    heartbeat_interval: duration().default(10),
    /** Seconds; undefined = off. */
    auto_purge: autoPurge.default(generation === 10 ? 30 * DAY : 7 * DAY).transform((seconds) => seconds ?? undefined),
    image_queue_batch_size: integer().default(10),
    /** Seconds of waiting that are worth one priority; 0 or undefined = off. */
    priority_decay: duration().optional(),
    queues: z.record(z.string(), queue).default({}),
  });
}

/** The schema of a project of this generation. */
export function crapSchema(generation: 8 | 10) {
  return z.strictObject({
    crap_version: text().optional(),
    server: open({
      host: text().default('0.0.0.0'),
      admin_port: integer(0, 65_535).default(3000),
      grpc_port: integer(0, 65_535).default(50_051),
    }),
    database: open({
      path: text().default('data/crap.db'),
      pool_max_size: integer().default(64),
      /** Seconds; an integer in the file is milliseconds, as in the reference. */
      busy_timeout: millisecondDuration().default(30),
      connection_timeout: duration().default(30),
    }),
    admin: open({ default_timezone: text().optional(), dev_mode: flag().optional() }),
    hooks: closed({
      on_init: texts().default([]),
      max_depth: integer().default(3),
      vm_pool_size: integer().default(availableParallelism()),
      max_vm_pool_size: integer().optional(),
      /** undefined = not written: no limit (0 too). */
      max_instructions: integer().optional(),
      max_memory: size().default(52_428_800),
      allow_private_networks: flag().default(false),
      http_max_response_bytes: size().default(10 * 1024 * 1024),
      io_roots: texts().optional(),
    }),
    auth: open({
      secret: text().default(''),
      token_expiry: duration().default(7200),
      /** Lengths in characters. Passwords given from Lua obey it under generation 10. */
      password_policy: open({
        min_length: integer().default(8),
        max_length: integer().default(128),
        require_uppercase: flag().default(false),
        require_lowercase: flag().default(false),
        require_digit: flag().default(false),
        require_special: flag().default(false),
      }),
    }),
    depth: closed({ default_depth: integer().default(1), max_depth: integer().default(10) }),
    upload: open({ s3: anyTable().optional() }),
    email: open({
      provider: text().default('smtp'),
      smtp_host: text().default(''),
      smtp_port: integer(0, 65_535).default(587),
      smtp_user: text().default(''),
      smtp_pass: text().default(''),
      from_address: text().default('noreply@example.com'),
      from_name: text().default('Crap CMS'),
      smtp_tls: text().default('starttls'),
      smtp_timeout: duration().default(30),
      queue_retries: integer().default(3),
      queue_name: text().default('email'),
      queue_timeout: integer().default(30),
      queue_concurrency: integer().default(5),
    }),
    live: open({}),
    locale: closed({
      default_locale: text().default('en'),
      locales: texts().default([]),
      fallback: flag().default(true),
    }),
    jobs: jobs(generation),
    cors: open({}),
    access: closed({ default_deny: flag().default(true) }),
    pagination: closed({
      default_limit: integer().default(20),
      max_limit: integer().default(1000),
      mode: choice('page', 'cursor').default('page'),
    }),
    mcp: open({ api_key: text().optional() }),
    cache: open({}),
    logging: open({}),
    update: open({}),
  });
}

export type CrapConfig = z.output<ReturnType<typeof crapSchema>>;

/** Sections that take keys unknown here as they are. */
export const OPEN_SECTIONS = [
  'server',
  'database',
  'admin',
  'auth',
  'upload',
  'email',
  'live',
  'cors',
  'mcp',
  'cache',
  'logging',
  'update',
] as const;

/** What the reference's later generation gives its own queues; written values go before. */
const FRAMEWORK_QUEUES: Readonly<Record<string, QueueSettings>> = {
  images: { concurrency: 2, timeout: 300, retries: 2 },
  email: { concurrency: 5, timeout: 30, retries: 3 },
  bulk: { concurrency: 1, timeout: 3600, retries: 0 },
};

/** Adds the queues that generation 10 always has; fields that the file writes stay. */
export function withFrameworkQueues(config: CrapConfig, generation: 8 | 10): CrapConfig {
  if (generation < 10) return config;
  const queues = { ...config.jobs.queues };
  for (const [name, defaults] of Object.entries(FRAMEWORK_QUEUES)) queues[name] = { ...defaults, ...queues[name] };
  return { ...config, jobs: { ...config.jobs, queues } };
}

/** Every default. */
export function defaultCrapConfig(generation: 8 | 10 = 8): CrapConfig {
  return withFrameworkQueues(crapSchema(generation).parse({}), generation);
}
