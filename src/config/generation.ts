/**
 * The two generations of crap-cms that a project may be written for, and every point where they oppose each other
 * (Lua API 10, jobs page 11). Where they do not, both spellings are accepted whatever the generation.
 */
import type { MoonlighterConfig } from './moonlighter-config.js';

export type Generation = 8 | 10;

export interface Difference {
  /** What projects of alpha.8 get. */
  eight: string;
  /** What projects of alpha.9 and later get. */
  ten: string;
}

/** Every point, by the name that `isLater` takes. */
export const DIFFERENCES = {
  checkboxesReadAsBooleans: { eight: 'a checkbox reads as 0 or 1', ten: 'as a boolean' },
  numbersKeepTheirKind: { eight: 'a number field reads as a float', ten: 'a whole number reads as an integer' },
  jsonIsDecoded: { eight: 'json fields and scalar has_many fields read as JSON text', ten: 'as tables' },
  nullsStayInLists: { eight: 'a null in a JSON list reads as a hole', ten: 'as crap.null' },
  absentCheckboxesStay: { eight: 'an update without the key of a checkbox sets it to 0', ten: 'leaves it' },
  numbersAreChecked: { eight: 'booleans and tables given to a number field are stored as NULL', ten: 'are refused by validation' },
  depthFollowsSettings: { eight: 'reads from Lua have depth 0 unless they say more', ten: '[depth] default_depth, at most max_depth' },
  unknownOptionsAreRefused: { eight: 'unknown keys of option tables are ignored', ten: 'are errors with a suggestion' },
  unknownDefinitionKeysAreRefused: { eight: 'unknown keys of collections, globals and fields are warnings', ten: 'are errors' },
  afterReadHasNoDatabase: {
    eight: 'after_read hooks of reads from Lua have the database of the caller',
    ten: 'they have none: their calls fail',
  },
  emptyConstraintDenies: { eight: 'an access function that returns an empty table allows', ten: 'denies' },
  constraintsMayUseOr: { eight: 'access constraints know no `or`', ten: 'they take the whole filter grammar' },
  redefinitionsAreRefused: {
    eight: 'a definition may be defined again while runs are executed',
    ten: 'only while the project is loaded',
  },
  definitionsAreModules: {
    eight: 'a definition file is no module: the first require of "jobs.x" executes it again',
    ten: 'its result is cached in package.loaded, the file is executed once in a slot',
  },
  jobSlugsAreChecked: { eight: 'any text is the slug of a job', ten: 'lowercase letters, digits and underscores, no leading underscore' },
  callsHaveOwnTransactions: {
    eight: 'a handler has one transaction from its first read to its completion',
    ten: 'each call of a handler has its own unless the definition says `transaction = true`; crap.transaction(fn) groups',
  },
  queuesGiveRetries: { eight: 'a job without `retries` has none', ten: 'it has those of [jobs.queues.<queue>]' },
  runsAreKeptLonger: { eight: '[jobs] auto_purge is 7 days by default', ten: '30 days' },
  missedTicksRunOnce: {
    eight: 'instants of a schedule that were missed are not run (`misfire` says otherwise)',
    ten: 'the newest of them is run once',
  },
  pendingRunsOverlap: { eight: 'skip_if_running looks at running runs', ten: 'at pending ones too' },
  handlersSeeTheWholeRun: {
    eight: 'ctx.job is { slug, attempt, max_attempts }',
    ten: 'also id, queue, priority, unique_key, scheduled_by, queued_at',
  },
  fieldRulesReachRows: {
    eight: 'access rules of fields inside arrays and blocks are not asked',
    ten: 'they are; update rules of fields see the stored document as ctx.document',
  },
  passwordsObeyThePolicy: {
    eight: 'a password given to create or update may be any text',
    ten: 'it must be as [auth.password_policy] says, at least 8 characters by default',
  },
  filesAreHidden: {
    eight: 'io.open reads every file of the project folder',
    ten: 'not crap.toml, moonlighter.toml, data/, backups/ and logs/',
  },
  errorsArePlain: {
    eight: 'the text of a host error ends with a traceback, and what a hook raised names its file by the whole path',
    ten: 'there is no traceback, and files are named from the project folder on',
  },
  secretIsMade: {
    eight: 'crap.crypto uses [auth] secret, also when it is empty',
    ten: 'where it is empty, the secret in data/.jwt_secret, which is made when it is missing',
  },
  accessSeesTheOperation: { eight: 'the access function of a job is called with the user only', ten: 'with ctx.operation too' },
  unknownHookEventsAreRefused: { eight: 'crap.hooks.register takes any event', ten: 'unknown events are errors' },
} as const satisfies Record<string, Difference>;

export type DifferenceName = keyof typeof DIFFERENCES;

/** Whether a project of this generation gets the later behaviour at this point. */
export function isLater(generation: Generation, _point: DifferenceName): boolean {
  return generation === 10;
}

/** `[compat] generation` of moonlighter.toml, else what `crap_version` of crap.toml says, else 8. */
export function generationOf(crap: { crap_version?: string }, moonlighter: Pick<MoonlighterConfig, 'compat'>): Generation {
  return moonlighter.compat.generation ?? generationOfVersion(crap.crap_version);
}

/** "0.1.0-alpha.8" -> 8; alpha.9 and every later release -> 10; anything unreadable -> 8. */
function generationOfVersion(version: string | undefined): Generation {
  const match = /^\s*[v^~=]*\s*(\d+)\.(\d+)(?:\.(\d+))?(?:-([a-z]+)\.?(\d+)?)?/i.exec(version ?? '');
  if (!match) return 8;
  const [, major, minor, , stage, number] = match;
  if (Number(major) === 0 && Number(minor) < 1) return 8;
  if (Number(major) === 0 && Number(minor) === 1 && stage?.toLowerCase() === 'alpha') return Number(number ?? 0) >= 9 ? 10 : 8;
  return 10;
}
