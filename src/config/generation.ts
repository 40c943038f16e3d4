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
  valuesAreChecked: {
    eight: 'a value of another kind is bent to the field (texts, checkboxes) or dropped (ids)',
    ten: 'is refused by validation, and so is a NUL character in any field',
  },
  textsAreFormed: {
    eight: 'texts and e-mail addresses are kept as they are given',
    ten: 'texts in NFC, addresses trimmed and in lower case; a populated document that is sent back stands for its id',
  },
  rowsKeepTheirIds: {
    eight: 'rows of arrays and blocks get new ids with every write',
    ten: 'rows that are sent back keep theirs, and what was not sent of them',
  },
  defaultsAreSetByTheApplication: {
    eight: 'defaults are those of the columns: hooks and checks do not see them, rows have none',
    ten: 'create sets them before hooks and checks, in rows too',
  },
  writesNameOneLocale: {
    eight: 'locale = "all" writes the default locale; fields that are not localized can be written in any; create_many has no locale',
    ten: 'both are refused; create_many takes a locale, delete takes none',
  },
  manyTakeOnlyWhere: { eight: 'update_many and delete_many ignore what else is in their query', ten: 'it is an error' },
  daysAreWhole: { eight: 'a date without a time in a filter means noon', ten: 'the whole day' },
  filterValuesAreChecked: {
    eight: 'a filter value that the field cannot hold finds nothing; exists takes false for the opposite',
    ten: 'is an error; exists and not_exists accept only true',
  },
  likeIsEscaped: { eight: 'a backslash in `like` is a character', ten: 'escapes % and _' },
  listsAreComparedByElement: {
    eight: 'scalar has_many fields are filtered and sorted by their JSON text',
    ten: 'filtered element by element, and not sorted',
  },
  searchesHaveRank: { eight: '`_rank` is no name to order by', ten: 'orders a search by how well documents match, the best first' },
  hiddenFieldsAreClosed: {
    eight: 'hidden fields can be filtered and sorted on',
    ten: 'they cannot, by anybody, and search does not look into them',
  },
  selectIsStrict: { eight: 'unknown names in `select` are ignored', ten: 'are errors' },
  numbersMayBeWhole: {
    eight: '`integer`, `required_when` and `required_locales` are unknown keys of a field',
    ten: 'demand whole numbers, and values by a condition or in the named locales',
  },
  draftsArePublishedWhole: {
    eight: 'an update that publishes leaves a pending draft in its version',
    ten: 'writes what the draft changed too',
  },
  restoringKeepsTheStatus: { eight: 'restoring a version publishes it', ten: 'gives the document the status of the version' },
  versionsAreDocuments: { eight: 'list_versions gives `docs`', ten: 'gives `documents`' },
  paginationIsSnake: {
    eight: 'pairs and JSON show the keys of pagination as totalDocs; total_docs answers too',
    ten: 'as total_docs; totalDocs answers too',
  },
  draftsAreHiddenById: { eight: 'find_by_id finds drafts', ten: 'only with draft = true' },
  depthFollowsSettings: { eight: 'reads from Lua have depth 0 unless they say more', ten: '[depth] default_depth, at most max_depth' },
  unknownOptionsAreRefused: { eight: 'unknown keys of option tables are ignored', ten: 'are errors with a suggestion' },
  unknownDefinitionKeysAreRefused: { eight: 'unknown keys of collections, globals and fields are warnings', ten: 'are errors' },
  afterReadHasNoDatabase: {
    eight: 'after_read hooks of reads from Lua have the database of the caller',
    ten: 'they have none: their calls fail',
  },
  emptyConstraintDenies: { eight: 'an access function that returns an empty table allows', ten: 'denies' },
  constraintsAreLimited: {
    eight: 'access constraints take every operator, and paths into rows',
    ten: 'equals, not_equals, in, not_in, exists, not_exists, on columns that are not localized',
  },
  unsetFieldsDeny: {
    eight: 'a nil in an access constraint is no condition',
    ten: 'a rule that read a field of the user without a value and returns a constraint denies',
  },
  constraintsMayUseOr: { eight: 'access constraints know no `or`', ten: 'they take the whole filter grammar' },
  redefinitionsAreRefused: {
    eight:
      'a definition may be defined again while runs are executed; what the reference passes over in that of a job is a warning in the log',
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
  earlierErrorsAreCleared: {
    eight:
      'a completed run keeps the error of its last failed attempt in `_crap_jobs.error`; the host shows it as that of an earlier attempt',
    ten: 'the column is cleared',
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
  namesAreShown: {
    eight: '`crap.any`, `null`, `transaction`, `tx` and `validation_error` are found by name; walks over `crap` do not meet them',
    ten: 'walks meet them too',
  },
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

const VERSION = /^\s*[v^~=]*\s*(\d+)\.(\d+)(?:\.(\d+))?(?:-([a-z]+)\.?(\d+)?)?/i;

/** Whether a `crap_version` can be read. */
export function isVersion(text: string): boolean {
  return VERSION.test(text);
}

/** "0.1.0-alpha.8" -> 8; alpha.9 and every later release -> 10; anything unreadable -> 8. */
function generationOfVersion(version: string | undefined): Generation {
  const match = VERSION.exec(version ?? '');
  if (!match) return 8;
  const [, major, minor, , stage, number] = match;
  if (Number(major) === 0 && Number(minor) < 1) return 8;
  if (Number(major) === 0 && Number(minor) === 1 && stage?.toLowerCase() === 'alpha') return Number(number ?? 0) >= 9 ? 10 : 8;
  return 10;
}
