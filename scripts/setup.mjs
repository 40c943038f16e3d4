// Brings a clone to where it can run: right Node, packages installed, native module loads, dist/ built.
// Does nothing, and needs no network, when all of that is so already. Used by start.mjs and test.mjs; `npm run setup` by itself.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const LEAST_NODE = [20, 19];

/** Everything: throws nothing, ends the process with 1 and a message when something is missing. */
export function setUp() {
  checkNode();
  install();
  build();
}

function fail(...lines) {
  process.stderr.write(`${lines.join('\n')}\n`);
  process.exit(1);
}

function say(text) {
  process.stderr.write(`setup: ${text}\n`);
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1])) return;
  fail(
    `setup: Moonlighter needs Node ${LEAST_NODE.join('.')} or newer; this is ${process.versions.node} (${process.execPath}).`,
    'Install a newer Node and run the command again.',
  );
}

function install() {
  if (!packagesAreCurrent()) {
    say('installing packages (npm ci)');
    npm(['ci', '--no-audit', '--no-fund', '--loglevel=error'], 'installing the packages failed');
  }
  if (nativeModuleLoads()) return;
  say('building better-sqlite3 for this Node');
  npm(['rebuild', 'better-sqlite3', '--foreground-scripts', '--loglevel=error'], 'building better-sqlite3 failed');
  if (!nativeModuleLoads()) fail('setup: better-sqlite3 does not load even after it was built.', ...missingTools());
}

/** What npm recorded as installed agrees with the lockfile; optional packages may be absent (other platforms'). */
function packagesAreCurrent() {
  const wanted = readJson('package-lock.json');
  const installed = readJson('node_modules/.package-lock.json');
  if (!installed) return false;
  return Object.entries(wanted.packages).every(([path, entry]) => {
    if (path === '') return true;
    const found = installed.packages[path];
    if (!found) return entry.optional === true || entry.peer === true;
    return found.version === entry.version && found.integrity === entry.integrity;
  });
}

/** Tried in a process of its own: an addon of another Node can end the process that loads it. */
function nativeModuleLoads() {
  const require = createRequire(join(root, 'package.json'));
  let entry;
  try {
    entry = require.resolve('better-sqlite3');
  } catch {
    return false;
  }
  const probe = `new (require(${JSON.stringify(entry)}))(':memory:').close()`;
  return spawnSync(process.execPath, ['-e', probe], { stdio: 'ignore' }).status === 0;
}

function npm(args, failure) {
  // JOBS: as many compilers as cores, where something is built from source.
  const env = { JOBS: 'max', ...process.env, npm_config_yes: 'true', npm_config_update_notifier: 'false' };
  const headers = nodeHeaders();
  if (headers) {
    // node-gyp would download the headers; those that lie beside node are the right ones.
    env.npm_config_nodedir = headers;
    env.npm_package_config_node_gyp_nodedir = headers;
  }
  const cli = process.env.npm_execpath;
  const useCli = cli !== undefined && /npm-cli\.[cm]?js$/.test(cli);
  const [command, first] = useCli ? [process.execPath, [cli]] : ['npm', []];
  const result = spawnSync(command, [...first, ...args], { cwd: root, env, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' });
  if (result.error) fail(`setup: ${failure}: npm could not be started (${result.error.message}).`, 'Install npm, which comes with Node.');
  if (result.status !== 0) fail(`setup: ${failure} (npm ended with ${result.status}).`, ...missingTools(headers));
}

/** `<prefix>/include/node` beside node, when it is of this very version; returned as the prefix, as node-gyp wants it. */
function nodeHeaders() {
  const prefix = dirname(dirname(process.execPath));
  const file = join(prefix, 'include', 'node', 'node_version.h');
  if (!existsSync(file) || !existsSync(join(prefix, 'include', 'node', 'node.h'))) return undefined;
  const text = readFileSync(file, 'utf8');
  const number = (name) => /(\d+)/.exec(text.split(`#define NODE_${name}_VERSION`)[1] ?? '')?.[1];
  return [number('MAJOR'), number('MINOR'), number('PATCH')].join('.') === process.versions.node ? prefix : undefined;
}

/** What building better-sqlite3 from source needs and is not here, one line each. */
function missingTools(headers = nodeHeaders()) {
  const has = (command) => spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;
  const lines = [];
  if (!has('python3')) lines.push('  python3 is missing');
  if (!has('make')) lines.push('  make is missing');
  if (!has('g++') && !has('c++') && !has('clang++')) lines.push('  a C++ compiler (g++) is missing');
  if (!headers)
    lines.push(`  Node's headers are not at ${join(dirname(dirname(process.execPath)), 'include', 'node')} (they are downloaded then)`);
  if (lines.length === 0) return [];
  return [
    'better-sqlite3 is built from source where no prebuilt binary can be had. What that needs and is not here:',
    ...lines,
    'On Debian or Ubuntu: apt-get install python3 make g++',
  ];
}

/** Compiles and joins src/ to dist/ when the inputs are not those of the last build. */
function build() {
  const stamp = join(root, 'dist', '.inputs');
  const inputs = buildInputs();
  const hash = createHash('sha256');
  for (const file of inputs)
    hash
      .update(`${relative(root, file)}\0`)
      .update(readFileSync(file))
      .update('\0');
  const digest = hash.digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return;
  say('building');
  removeOrphans();
  const result = spawnSync(process.execPath, [join(root, 'scripts', 'build.mjs')], { cwd: root, stdio: ['ignore', 2, 2] });
  if (result.status !== 0) fail('setup: the build failed; the compiler says why above.');
  writeFileSync(stamp, digest);
}

function buildInputs() {
  const files = ['package-lock.json', 'tsconfig.json', 'tsconfig.build.json', 'scripts/build.mjs', 'scripts/bundle.mjs'].map((name) =>
    join(root, name),
  );
  return [...files, ...list(join(root, 'src'), '.ts')];
}

/** Output of sources that are gone; scripts/bundle.mjs removes its own. */
function removeOrphans() {
  const dist = join(root, 'dist');
  if (!existsSync(dist)) return;
  for (const file of list(dist, '.js')) {
    if (file.startsWith(join(dist, 'bundle', sep)) || existsSync(join(root, 'src', relative(dist, file).replace(/\.js$/, '.ts')))) continue;
    for (const end of ['.js', '.js.map', '.d.ts']) rmSync(file.replace(/\.js$/, end), { force: true });
  }
}

function list(folder, ending) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

function readJson(name) {
  const path = join(root, name);
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  setUp();
  say('ready');
}
