/**
 * A session: one VM with every crap.* binding, the definitions it fills, and the database context of the run that it executes.
 * The project is loaded with phase "loading"; then the host sets "running" and enters and leaves one context a run.
 */
import type { CrapConfig } from '../config/crap-config.js';
import { isLater } from '../config/generation.js';
import type { MoonlighterConfig } from '../config/moonlighter-config.js';
import type { Change } from '../content/changes.js';
import type { ContentContext, ContentSettings, LuaCaller } from '../content/context.js';
import type { Clock } from '../domain/clock.js';
import type { Problem } from '../domain/errors.js';
import type { JobDefinition } from '../domain/job.js';
import type { JsonObject } from '../domain/json.js';
import type { Op } from '../domain/op.js';
import type { LogLine } from '../domain/run.js';
import { BindingError } from '../lua/errors.js';
import type { Vm } from '../lua/vm.js';
import type { Registry } from '../project/registry.js';
import type { Db } from '../store/db.js';
import type { Store } from '../store/store.js';
import { contentSettings, createContentContext } from './content-context.js';
import type { EffectList } from './effects.js';
import { createLuaCaller } from './lua-caller.js';
import { registerNamespaces } from './namespaces.js';

export interface SessionOptions {
  vm: Vm;
  config: CrapConfig;
  moonlighter: MoonlighterConfig;
  /** Which generation of crap-cms the project was written for; decides where the two oppose each other. */
  generation: 8 | 10;
  /** Absolute path of the project folder. */
  projectDir: string;
  /** Filled by define, read by everything else. */
  registry: Registry;
  /** Where runs are queued. */
  store: Store;
  clock: Clock;
  /** Lines of crap.log and warnings about project code. */
  log(line: LogLine): void;
  /** Called when a script defines a job anew after the project was loaded, and differently. */
  onJobRedefined?(definition: JobDefinition): void;
  /** What crap.env.get reads. Default process.env. */
  env?: Readonly<Record<string, string | undefined>>;
}

/** The database side of one run, on_init batch, eval … */
export interface DatabaseContext {
  db: Db;
  /** The current user's document; absent in jobs, on_init and migrations. */
  user?: JsonObject;
  uiLocale?: string;
  /** Default of overrideAccess where a call gives none: true in handler code and eval without --user, false in on_init. */
  overrideAccessByDefault: boolean;
  /** Called for every run queued in this context, when its row is written (its transaction may still roll back). */
  onQueued?(slug: string): void;
  /** Called before a binding reaches outside the database ("http", "email", "sleep"): a conflict can then not be rerun unseen. */
  onOutside?(what: string): void;
  /** Where crap.tx registers; absent where nobody calls what was registered. Whoever ends the transaction takes it out and calls it. */
  effects?: EffectList;
  /** Who hears of documents that changed, once the transaction has committed. */
  changes?: ChangeListener;
  /** The handler of a run is being executed: it may end its attempt. */
  inRun?: boolean;
  /** What crap.transaction runs its function in. Default db.savepoint, which is a transaction where each call is its own. */
  transaction?<T>(body: () => Op<T>): Op<T>;
}

/** `wanted` is asked at each write, so that nothing is copied for nobody. */
export interface ChangeListener {
  wanted(): boolean;
  told(change: Change): void;
}

/** A `define` that was refused, and where it stands. */
export interface RefusedDefinition {
  error: BindingError;
  file: string | undefined;
  line: number | undefined;
}

export interface Session {
  readonly vm: Vm;
  readonly options: SessionOptions;
  readonly registry: Registry;
  /** "loading" while definition files and init.lua run: only then new slugs may be defined. */
  phase: 'loading' | 'running';
  /** The definition file that is being executed, relative to the project; set by what loads the project. */
  loadingFile: string | undefined;
  /** Warnings met while defining. */
  readonly problems: Problem[];
  /** Definitions of the file being loaded that were refused: the file goes on, so that its other problems are seen too. */
  readonly refused: RefusedDefinition[];
  readonly lua: LuaCaller;
  /** Fails as a call of the ref would when there is no such function. */
  resolveRef(ref: string): Op<void>;
  enter(context: DatabaseContext): void;
  leave(): void;
  /** The context entered, undefined outside. */
  readonly database: DatabaseContext | undefined;
  /** The context entered, or the reference's CRUD error (Lua API 4.1). */
  requireDatabase(): DatabaseContext;
  /** What crap.toml says to content operations. */
  readonly contentSettings: ContentSettings;
  /** What content operations are given; throws like requireDatabase. */
  contentContext(): ContentContext;
  log(level: LogLine['level'], text: string): void;
  /** Tells the host that the run reaches outside its database. */
  reachesOutside(what: string): void;
}

const NO_CONTEXT = {
  8: 'crap.collections CRUD functions are only available inside hooks with transaction context (before_change, before_delete, etc.)',
  10: 'crap.collections CRUD functions need a database context — call them inside a lifecycle hook (before_change, before_delete, etc.), a job handler, a custom route handler, or wrap the call in crap.transaction(fn)',
} as const;

const IN_AFTER_READ =
  'crap.* CRUD is not available inside an after_read hook — it runs after the read is final and fails open, so a write from it could half-apply. Do the lookup in before_read (hand it over via ctx.context) or in the caller instead.';

/** Registers every binding on a fresh VM. The session starts in phase "loading", without a database context. */
export function createSession(options: SessionOptions): Session {
  let database: DatabaseContext | undefined;
  let content: ContentContext | undefined;
  options.vm.listNulls = isLater(options.generation, 'nullsStayInLists') ? 'value' : 'hole';
  options.vm.errorsShowTraceback = !isLater(options.generation, 'errorsArePlain');

  const session: Session = {
    vm: options.vm,
    options,
    registry: options.registry,
    phase: 'loading',
    loadingFile: undefined,
    problems: [],
    refused: [],
    contentSettings: contentSettings(options.config, options.generation),
    get lua() {
      return calls.caller;
    },
    resolveRef: (ref) => calls.resolveRef(ref),
    get database() {
      return database;
    },
    enter(context) {
      database = context;
      content = undefined;
    },
    leave() {
      database = undefined;
      content = undefined;
      calls.leave();
    },
    requireDatabase() {
      if (content?.withoutCrud === true) throw new BindingError('CRUD_IN_AFTER_READ', IN_AFTER_READ);
      if (database && !content?.withoutCrud) return database;
      throw new BindingError('NO_DATABASE_CONTEXT', NO_CONTEXT[options.generation], {
        remedy: 'call it from a job handler, a write hook, an access function or an on_init function',
      });
    },
    contentContext() {
      const context = session.requireDatabase();
      content ??= createContentContext(session, context);
      return content;
    },
    log(level, text) {
      options.log({ at: options.clock.now(), level, text });
    },
    reachesOutside(what) {
      database?.onOutside?.(what);
    },
  };
  const calls = createLuaCaller(session);
  registerNamespaces(session, calls.host);
  return session;
}
