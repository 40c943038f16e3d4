/**
 * Loads a project whole and lists everything that is wrong with it: configuration, definitions, references, schedules. Runs the project's
 * definition files in a VM of its own; starts nothing and opens no database.
 */
import { createSession } from '../bindings/session.js';
import type { CrapConfig } from '../config/crap-config.js';
import { CRAP_TOML, type LoadedConfig, loadConfig } from '../config/load-config.js';
import type { MoonlighterConfig } from '../config/moonlighter-config.js';
import { checkDefinitions } from '../content/define-check.js';
import { systemClock } from '../domain/clock.js';
import { type Problem, RunAbort } from '../domain/errors.js';
import type { LogLine } from '../domain/run.js';
import { parseSchedule, scheduleNote } from '../domain/schedule.js';
import { engineFor } from '../lua/engines.js';
import { doing, runUntil } from './bounded.js';
import { checkEngine } from './check-engine.js';
import { checkReferences } from './check-references.js';
import { fileAccess } from './file-access.js';
import { LOAD_UNFINISHED, loadDefinitions } from './load-definitions.js';
import { checkMigrations } from './migrations-check.js';
import { noStore } from './no-store.js';
import { emptyRegistry, type Registry } from './registry.js';

/** Loading must end within this, whatever the project's files do. */
const LOAD_LIMIT_MS = 30_000;
const SLICE_MS = 50;

/** A project as loaded; structured-cloneable. Whether it can be used: no problem of severity "error". */
export interface CheckedProject {
  /** Absolute path of the folder. */
  dir: string;
  config: CrapConfig;
  moonlighter: MoonlighterConfig;
  generation: 8 | 10;
  registry: Registry;
  /** In the order: configuration, definitions, references, migrations, notes. */
  problems: Problem[];
}

export interface CheckOptions {
  /** Lines of crap.log and print while the files are executed. Default: dropped. */
  log?(line: LogLine): void;
  /** Default 30 s. */
  limitMs?: number;
}

/** `dir`: absolute path without links (as findProject gives it). `env`: for both configuration files and crap.env. */
export async function checkProject(
  dir: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
  options: CheckOptions = {},
): Promise<CheckedProject> {
  const loaded = loadConfig(dir, env);
  const registry = emptyRegistry();
  const problems = [
    ...loaded.problems,
    ...(await evaluate(dir, env, loaded, registry, options)),
    ...checkEngine(dir, engineFor(loaded.moonlighter.lua.engine)),
    ...notes(loaded, registry),
  ];
  return { dir, config: loaded.crap, moonlighter: loaded.moonlighter, generation: loaded.generation, registry, problems };
}

async function evaluate(
  dir: string,
  env: Readonly<Record<string, string | undefined>>,
  { crap, moonlighter, generation, onInitLine }: LoadedConfig,
  registry: Registry,
  options: CheckOptions,
): Promise<Problem[]> {
  const engine = engineFor(moonlighter.lua.engine);
  await engine.load();
  const log = options.log ?? (() => {});
  const print = (text: string) => log({ at: systemClock.now(), level: 'info', text });
  const vm = engine.create({ projectDir: dir, files: fileAccess(crap, generation, dir), label: 'init', print });
  try {
    const session = createSession({
      vm,
      config: crap,
      moonlighter,
      generation,
      projectDir: dir,
      registry,
      store: noStore,
      clock: systemClock,
      log,
      env,
    });
    const deadline = performance.now() + (options.limitMs ?? LOAD_LIMIT_MS);
    vm.begin({ deadline, maxInstructions: Number.POSITIVE_INFINITY, sliceMs: SLICE_MS });
    const problems = await runUntil(loadDefinitions(session, dir), deadline);
    if (problems.some(({ code }) => code === LOAD_UNFINISHED)) return problems;
    session.phase = 'running';
    problems.push(...checkDefinitions(registry, { generation, locale: localeOf(crap) }));
    try {
      problems.push(...(await runUntil(checkReferences(session, dir, onInitLine), deadline)));
      problems.push(...checkMigrations(session, dir));
    } catch (error) {
      if (!(error instanceof RunAbort)) throw error;
      problems.push(stuck(error));
    }
    return problems;
  } finally {
    vm.close();
  }
}

function localeOf({ locale }: CrapConfig) {
  return { default: locale.default_locale, locales: locale.locales, fallback: locale.fallback };
}

function stuck(abort: RunAbort): Problem {
  return {
    severity: 'error',
    code: LOAD_UNFINISHED,
    message: `the modules of hooks and handlers did not finish loading: ${doing(abort)}`,
    remedy: 'look for a loop at the top level of a module',
  };
}

/** What works but may surprise: days of schedules, jobs that never run, queue settings that no job uses. */
function notes({ crap, writtenQueues }: LoadedConfig, registry: Registry): Problem[] {
  const problems: Problem[] = [];
  const used = new Set(['images', 'email', 'bulk', crap.email.queue_name]);
  for (const job of registry.jobs.values()) {
    used.add(job.queue);
    const place = { severity: 'warning', file: job.file, line: job.line } as const;
    const note = job.schedule === undefined ? undefined : scheduleNote(parseSchedule(job.schedule));
    if (note !== undefined) {
      problems.push({
        ...place,
        code: 'SCHEDULE_EITHER_DAY',
        message: `job '${job.slug}': schedule '${job.schedule}': ${note}`,
        field: 'schedule',
        remedy: 'write * for one of the two, or begin one with */1 where both must match',
      });
    }
    if (job.concurrency === 0) {
      problems.push({
        ...place,
        code: 'JOB_NEVER_RUNS',
        message: `job '${job.slug}': concurrency = 0, it never runs`,
        field: 'concurrency',
        remedy: 'write at least 1',
      });
    }
  }
  for (const { name, line } of writtenQueues) {
    if (used.has(name)) continue;
    problems.push({
      severity: 'warning',
      code: 'QUEUE_UNUSED',
      message: `no job uses the queue '${name}' of [jobs.queues]`,
      file: CRAP_TOML,
      line,
      field: `jobs.queues.${name}`,
      remedy: `remove it, or write queue = "${name}" in a job`,
    });
  }
  return problems;
}
