// Joins the modules of src/ into few files, dist/bundle/: loading 500 modules one by one costs a command, and each worker thread, a quarter
// of a second. The command, the threads and the package's exports are taken from there; tools and tests may read the modules in dist/.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const src = join(root, 'src');
const target = join(root, 'dist', 'bundle');

/** Every file of the output lies in a folder of target: paths to what is not bundled are then the same everywhere. */
const ENTRIES = {
  'cli/main': 'cli/main.ts',
  'worker/thread': 'worker/thread.ts',
  'host/load-project-entry': 'host/load-project-entry.ts',
  'operations/inspect-entry': 'operations/inspect-entry.ts',
  'package/index': 'index.ts',
  'package/testing': 'testing.ts',
  'compat/quickdapp': 'compat/quickdapp.ts',
  'compat/bg-jobs': 'compat/bg-jobs.ts',
  'compat/joystick': 'compat/joystick.ts',
  'compat/lazyjobs': 'compat/lazyjobs.ts',
};

/** Small, and needed by nearly every command; other packages are native, or loaded where they are used. */
const JOINED = ['commander', 'ipaddr.js', 'nanoid', 'smol-toml', 'zod'];

/** Files of earlier builds may still be loaded by processes that run; they are removed when they are this old. */
const KEEP_MS = 900_000;

/** `import.meta.url` stays that of the module in dist/, so that paths relative to it stay right. */
const ownUrls = {
  name: 'own-urls',
  transform(code, id) {
    if (!id.startsWith(src + sep) || !code.includes('import.meta.url')) return null;
    const own = `../../${relative(src, id).split(sep).join('/').replace(/\.ts$/, '.js')}`;
    return { code: code.replaceAll('import.meta.url', `new URL(${JSON.stringify(own)}, import.meta.url).href`), map: null };
  },
};

/**
 * One file each, instead of one for each set of users: what every command loads, what some load before a project, what
 * opening its database loads, and what opening it whole loads besides; each by whether worker threads load it too.
 */
function groups() {
  const domain = join(src, 'domain') + sep;
  const always = closure(join(src, 'cli/main.ts'));
  const commands = new Set();
  for (const name of readdirSync(join(src, 'cli'))) closure(join(src, 'cli', name), commands);
  const database = closure(join(src, 'operations/open-database.ts'));
  const thread = closure(join(src, 'worker/thread.ts'));
  const config = closure(join(src, 'config/load-config.ts'));
  const opening = closure(join(src, 'operations/open-project.ts'));
  return [
    { name: 'base', test: (id) => always.has(id) && thread.has(id), priority: 6 },
    { name: 'always', test: (id) => always.has(id) || id.includes(`${sep}commander${sep}`), priority: 5 },
    {
      name: 'shared',
      test: (id) => id.startsWith(domain) || (commands.has(id) && opening.has(id)) || (config.has(id) && thread.has(id)),
      priority: 4,
    },
    // Not for threads: they are given the settings as they were read.
    { name: 'config', test: (id) => config.has(id), priority: 3 },
    { name: 'store', test: (id) => database.has(id) && thread.has(id), priority: 2 },
    { name: 'database', test: (id) => database.has(id), priority: 2 },
    { name: 'threads', test: (id) => opening.has(id) && thread.has(id), priority: 1 },
    { name: 'project', test: (id) => opening.has(id), priority: 0 },
  ];
}

/** The modules of ours that importing this one loads, itself included. */
function closure(entry, found = new Set()) {
  if (found.has(entry)) return found;
  found.add(entry);
  for (const [, path] of readFileSync(entry, 'utf8').matchAll(/^(?:import|export) (?!type\b)[^'"`;]*?\bfrom '(\.[^']+)\.js'/gm)) {
    closure(`${join(dirname(entry), path)}.ts`, found);
  }
  return found;
}

/** Writes dist/bundle/. */
export async function bundle() {
  const build = await rolldown({
    input: Object.fromEntries(Object.entries(ENTRIES).map(([name, file]) => [name, join(src, file)])),
    platform: 'node',
    external: (id) => !id.startsWith('.') && !id.startsWith(sep) && !JOINED.includes(id.split('/')[0]),
    plugins: [ownUrls],
    // What is missing is told by tsc, which goes on too.
    shimMissingExports: true,
    logLevel: 'silent',
  });
  const { output } = await build.generate({
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name]-[hash].js',
    banner: ({ moduleIds }) => moduleIds.map((id) => `// ${relative(root, id).split(sep).join('/')}`).join('\n'),
    codeSplitting: { groups: groups() },
  });
  await build.close();
  for (const file of [...output].sort((a, b) => Number(a.isEntry) - Number(b.isEntry))) put(file.fileName, file.code);
  put('LICENSES.txt', JOINED.map((name) => `${name}\n\n${readFileSync(join(root, 'node_modules', name, 'LICENSE'), 'utf8')}`).join('\n\n'));
  removeOld(new Set(['LICENSES.txt', ...output.map(({ fileName }) => fileName)]));
}

/** Whole or not at all: other processes may read meanwhile. */
function put(name, text) {
  const path = join(target, name);
  mkdirSync(dirname(path), { recursive: true });
  const part = `${path}.${process.pid}.part`;
  writeFileSync(part, text);
  renameSync(part, path);
}

function removeOld(written) {
  for (const entry of readdirSync(target, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath ?? entry.path, entry.name);
    if (!entry.isFile() || written.has(relative(target, path).split(sep).join('/'))) continue;
    if (Date.now() - statSync(path).mtimeMs > KEEP_MS) rmSync(path, { force: true });
  }
}
