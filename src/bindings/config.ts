/** crap.config (Lua API 2.10): walks crap.toml as resolved (durations in seconds, sizes in bytes), secrets redacted. */
import type { LuaValue } from '../lua/value.js';
import type { Binding } from '../lua/vm.js';
import { binding } from './binding.js';
import type { Session } from './session.js';

const REDACTED = '[REDACTED]';
const SECRETS: readonly (readonly string[])[] = [
  ['auth', 'secret'],
  ['email', 'smtp_pass'],
  ['mcp', 'api_key'],
  ['upload', 's3', 'secret_key'],
];
/** The reference's instruction limit where crap.toml writes none; shown only, it does not count here unless written. */
const SHOWN_MAX_INSTRUCTIONS = 10_000_000;

type Section = { [key: string]: unknown };

function isSection(value: unknown): value is Section {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The configuration as scripts may see it; what the earlier generation does not know shows there only where it is written. */
function visibleConfig(config: object, generation: 8 | 10): Section {
  const copy = structuredClone(config) as Section;
  const jobs = copy['jobs'];
  if (generation === 8 && isSection(jobs) && isSection(jobs['queues']) && Object.keys(jobs['queues']).length === 0) delete jobs['queues'];
  for (const path of SECRETS) {
    let section: unknown = copy;
    for (const key of path.slice(0, -1)) section = isSection(section) ? section[key] : undefined;
    if (isSection(section)) section[path.at(-1) as string] = REDACTED;
  }
  if (isSection(copy['hooks'])) copy['hooks']['max_instructions'] ??= SHOWN_MAX_INSTRUCTIONS;
  return copy;
}

/** The value at a dotted path; undefined where a step is missing. Elements of lists have no path. */
function walkConfig(config: Section, path: string): unknown {
  let value: unknown = config;
  for (const key of path.split('.')) {
    if (!isSection(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}

export function configBindings(session: Session): Record<string, Binding> {
  let visible: Section | undefined;
  return {
    get: binding(['string'], (path) => {
      visible ??= visibleConfig(session.options.config, session.options.generation);
      return walkConfig(visible, path) as LuaValue;
    }),
  };
}
