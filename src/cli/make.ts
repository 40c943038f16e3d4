/** `moonlighter make`: files of new definitions, functions and migrations. */
import { Argument, type Command, Option } from 'commander';
import { HOOK_TYPES, type HookType, makeHook } from '../operations/make-hook.js';
import { action, type GlobalOptions, type Invocation } from './command.js';
import { integer } from './options.js';
import { pairs } from './output.js';

interface Options extends GlobalOptions {
  force?: boolean;
}

interface JobOptions extends Options {
  schedule?: string;
  queue?: string;
  retries?: number;
  timeout?: number;
}

interface DefinitionOptions extends Options {
  fields?: string;
}

interface CollectionOptions extends DefinitionOptions {
  timestamps: boolean;
  auth?: boolean;
  upload?: boolean;
  versions?: boolean;
}

interface HookOptions extends Options {
  type: HookType;
  collection?: string;
  position?: string;
}

const slugArgument = () => new Argument('<slug>', 'lowercase letters, digits and underscores');
const nameArgument = () => new Argument('<name>', 'lowercase letters, digits and underscores');
const forceOption = () => new Option('-f, --force', 'overwrite the file');
const fieldsOption = () =>
  new Option(
    '-F, --fields <list>',
    'name:type[:option…], separated by commas, or one at a time; of relationships and uploads the target is an option',
  ).argParser<string>((list, earlier) => (earlier === undefined ? list : `${earlier},${list}`));

export function registerMake(make: Command, invocation: Invocation): void {
  make.addHelpText('after', '\nNothing is overwritten without --force; what is written passes `moonlighter check` and runs.');
  registerJob(make, invocation);
  registerCollection(make, invocation);
  registerGlobal(make, invocation);
  registerHook(make, invocation);
  registerMigration(make, invocation);
}

function registerJob(make: Command, invocation: Invocation): void {
  const command = make
    .command('job')
    .description('a new job in jobs/<slug>.lua')
    .addArgument(slugArgument())
    .option('-s, --schedule <cron>', 'cron expression, five fields or six with seconds first')
    .option('-q, --queue <name>', 'queue name')
    .option('-r, --retries <n>', 'further attempts after failures', integer('--retries', 0))
    .option('-t, --timeout <seconds>', 'how long its handler may run', integer('--timeout', 1))
    .addOption(forceOption())
    .addHelpText('after', '\nExample:\n  moonlighter make job send_digest -s "0 8 * * 1" -r 2');
  action<JobOptions, [string]>(command, invocation, async ({ output }, options, slug) => {
    const { makeJob } = await import('../operations/make-job.js');
    const { schedule, queue, retries, timeout } = options;
    const made = makeJob({ ...(await target(invocation, options)), slug, schedule, queue, retries, timeout });
    output.result(made, () => `Created ${made.path}\n${pairs([['Handler ref', made.handler]])}`);
    if (schedule === undefined) {
      output.note(
        [
          '  Queue from hooks:',
          `    crap.jobs.queue("${slug}", { key = "value" })`,
          '  Or trigger from the command line:',
          `    moonlighter jobs trigger ${slug}`,
        ].join('\n'),
      );
    } else output.note('  This job has a cron schedule and will run automatically.');
  });
}

function registerCollection(make: Command, invocation: Invocation): void {
  const command = make
    .command('collection')
    .description('a new collection in collections/<slug>.lua')
    .addArgument(slugArgument())
    .addOption(fieldsOption())
    .option('-T, --no-timestamps', 'without created_at and updated_at')
    .option('--auth', 'its documents are users')
    .option('--upload', 'its documents are files')
    .option('--versions', 'versions and drafts')
    .addOption(forceOption())
    .addHelpText('after', '\nExample:\n  moonlighter make collection posts -F "title:text:required,author:relationship:users" --versions');
  action<CollectionOptions, [string]>(command, invocation, async ({ output }, options, slug) => {
    const { makeCollection } = await import('../operations/make-collection.js');
    const { timestamps, auth, upload, versions } = options;
    const place = await target(invocation, options);
    const made = makeCollection({
      ...place,
      ...(await fieldsOf(options, place.generation, auth)),
      slug,
      timestamps,
      auth,
      upload,
      versions,
    });
    output.result(made, () => `Created ${made.path}`);
    output.note('  Its tables are made by the next command or start; access rules: access = { read = "access.…" }.');
  });
}

function registerGlobal(make: Command, invocation: Invocation): void {
  const command = make
    .command('global')
    .description('a new global document in globals/<slug>.lua')
    .addArgument(slugArgument())
    .addOption(fieldsOption())
    .addOption(forceOption())
    .addHelpText('after', '\nExample:\n  moonlighter make global settings -F "site_name:text,footer:textarea:localized"');
  action<DefinitionOptions, [string]>(command, invocation, async ({ output }, options, slug) => {
    const { makeGlobal } = await import('../operations/make-collection.js');
    const place = await target(invocation, options);
    const made = makeGlobal({ ...place, ...(await fieldsOf(options, place.generation)), slug });
    output.result(made, () => `Created ${made.path}`);
  });
}

function registerHook(make: Command, invocation: Invocation): void {
  const command = make
    .command('hook')
    .description('a new function for definitions to name, in hooks/ or access/')
    .addArgument(nameArgument())
    .addOption(new Option('-t, --type <type>', 'what calls it').choices(HOOK_TYPES).default('collection'))
    .option('-c, --collection <slug>', 'its folder: hooks/<slug>/<name>.lua')
    .option('-l, --position <event>', 'when it is called: before_change, after_read …; of access functions read, create, update, delete')
    .addOption(forceOption())
    .addHelpText('after', '\nExample:\n  moonlighter make hook slugify -t field -c posts -l before_validate');
  action<HookOptions, [string]>(command, invocation, async ({ output }, options, name) => {
    const { type, collection, position } = options;
    const event = position === undefined ? {} : { event: position };
    const made = makeHook({
      ...(await target(invocation, options)),
      name,
      type,
      ...(collection !== undefined && { collection }),
      ...event,
    });
    output.result(made, () => `Created ${made.path}\n${pairs([['Hook ref', made.ref]])}`);
    output.note(`  In the definition of the ${type === 'field' || type === 'validate' ? 'field' : 'collection'}:\n    ${made.usage},`);
  });
}

function registerMigration(make: Command, invocation: Invocation): void {
  const command = make
    .command('migration')
    .description('a new migration in migrations/YYYYMMDDHHMMSS_<name>.lua')
    .addArgument(nameArgument())
    .addOption(forceOption())
    .addHelpText('after', '\nExample:\n  moonlighter make migration seed_posts && moonlighter migrate up');
  action<Options, [string]>(command, invocation, async ({ output }, options, name) => {
    const { makeMigration } = await import('../operations/make-migration.js');
    const made = makeMigration({ ...(await target(invocation, options)), name });
    output.result(made, () => `Created ${made.path}`);
    output.note('  Apply it with: moonlighter migrate up');
  });
}

/** A configuration with problems decides nothing here; `check` names them. */
async function target({ env, cwd }: Invocation, { config, force }: Options) {
  const { findProject } = await import('../config/find-project.js');
  const { loadConfig } = await import('../config/load-config.js');
  const dir = findProject({ flag: config, env, cwd });
  return { dir, generation: loadConfig(dir, env).generation, ...(force && { force }) };
}

async function fieldsOf({ fields }: DefinitionOptions, generation: 8 | 10, auth = false) {
  if (fields === undefined) return {};
  const { parseFields } = await import('../operations/make-fields.js');
  return { fields: parseFields(fields, generation, auth) };
}
