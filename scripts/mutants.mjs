// `npm run test:mutants`: plants one bug at a time (test/mutants/*.mjs) in a temporary copy and runs the tests that have to fail on it.
// Prints killed or survived for each; ends with 1 when one survived, when a search text is not found exactly once, or when the tests fail
// without any bug (`--trust`: that is not looked at). `--check` only looks for the texts. Lists, and parts of names, choose:
// `npm run test:mutants -- verify "low priority"`.
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './setup.mjs';

/**
 * @typedef {{ search: string, replace: string, file?: string }} Edit `search` stands exactly once in its file
 * @typedef {object} Mutant
 * @property {string} name the bug, in words
 * @property {string} list its file
 * @property {string} file where most of it is
 * @property {Edit[]} edits
 * @property {string[]} tests files of which one must fail
 * @property {string} [only] pattern of test names, to be quick
 * @property {number} [testTimeoutMs] of tests that need long and are not to be ended by a busy machine
 * @property {boolean} [build] threads or processes execute it: dist/ is built anew
 */

/** A mutant that hangs its tests is found, too. */
const PATIENCE_MS = 600_000;
const LEFT_OUT = new Set(['node_modules', '.git', 'dist', 'coverage']);

const unknown = process.argv.slice(2).find((argument) => argument.startsWith('--') && !['--check', '--trust'].includes(argument));
if (unknown !== undefined) {
  process.stderr.write(`unknown option ${unknown}: there are --check and --trust; anything else chooses lists and names\n`);
  process.exit(2);
}
const names = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const checkOnly = process.argv.includes('--check');
const all = await readMutants();
const lists = new Set(all.map(({ list }) => list));
const mutants = all.filter(
  ({ name, list }) => names.length === 0 || names.some((part) => (lists.has(part) ? list === part : name.includes(part))),
);
const problems = mutants.flatMap((mutant) => mutant.edits.flatMap((edit) => problemsOf(mutant, edit)));
for (const problem of problems) process.stderr.write(`${problem}\n`);
if (problems.length > 0 || mutants.length === 0) {
  if (mutants.length === 0) process.stderr.write('no mutant has such a name\n');
  process.exit(1);
}
if (checkOnly) {
  process.stdout.write(`${mutants.length} mutants, every text found once\n`);
  process.exit(0);
}

let running;
const copy = makeCopy();
process.on('exit', () => {
  endTests(running);
  rmSync(copy, { recursive: true, force: true, maxRetries: 3 });
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));
process.exitCode = process.argv.includes('--trust') || (await sound()) ? await tryAll() : 1;

/** @returns {Promise<Mutant[]>} */
async function readMutants() {
  const folder = join(root, 'test', 'mutants');
  const files = readdirSync(folder).filter((name) => name.endsWith('.mjs'));
  const lists = await Promise.all(files.map(async (name) => ({ name, ...(await import(join(folder, name))) })));
  return lists.flatMap(({ name, mutants }) => mutants.map((mutant) => ({ ...mutant, list: name.slice(0, -'.mjs'.length) })));
}

/** @param {Mutant} mutant @param {Edit} edit */
function problemsOf(mutant, edit) {
  const file = edit.file ?? mutant.file;
  const found = readFileSync(join(root, file), 'utf8').split(edit.search).length - 1;
  return found === 1 ? [] : [`${mutant.name}: its text stands ${found} times in ${file}, expected once: ${JSON.stringify(edit.search)}`];
}

function makeCopy() {
  const folder = mkdtempSync(join(tmpdir(), 'ml-mutants-'));
  for (const name of readdirSync(root)) if (!LEFT_OUT.has(name)) cpSync(join(root, name), join(folder, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  build(folder);
  return folder;
}

/** Types that a mutant breaks do not keep the compiler from writing. */
function build(folder) {
  spawnSync(process.execPath, [join(folder, 'scripts', 'build.mjs')], { cwd: folder });
}

/** Without any bug everything has to pass, or nothing that follows means anything. */
async function sound() {
  const result = await run([...new Set(mutants.flatMap(({ tests }) => tests))], {}, 6 * PATIENCE_MS);
  if (result.failed.length === 0 && result.passed > 0) return true;
  process.stderr.write(`the tests fail without any mutant: ${result.failed.join('; ') || result.text.slice(-2000)}\n`);
  return false;
}

async function tryAll() {
  const survivors = [];
  for (const mutant of mutants) {
    const begun = performance.now();
    const verdict = await attempt(mutant);
    if (!verdict.killed) survivors.push(mutant.name);
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    process.stdout.write(`${verdict.killed ? 'killed  ' : 'SURVIVED'} ${mutant.name} (${seconds} s) ${verdict.by}\n`);
  }
  process.stdout.write(`\n${mutants.length - survivors.length} killed, ${survivors.length} survived\n`);
  return survivors.length === 0 ? 0 : 1;
}

/** @param {Mutant} mutant */
async function attempt(mutant) {
  const files = new Map();
  for (const { search, replace, file = mutant.file } of mutant.edits) {
    const path = join(copy, file);
    const text = readFileSync(path, 'utf8');
    if (!files.has(path)) files.set(path, text);
    writeFileSync(
      path,
      text.replace(search, () => replace),
    );
  }
  try {
    if (mutant.build) build(copy);
    const { failed, passed, hung, text } = await run(mutant.tests, { ...mutant, bail: true }, PATIENCE_MS);
    if (hung) return { killed: true, by: '<- it hangs' };
    if (failed.length > 0) return { killed: true, by: `<- ${failed[0]}` };
    return { killed: false, by: passed > 0 ? '' : `no test was executed: ${text.slice(-500)}` };
  } finally {
    for (const [path, text] of files) writeFileSync(path, text);
    if (mutant.build) build(copy);
  }
}

/** With the processes that they have started. */
function endTests(child) {
  if (child && child.exitCode === null && child.signalCode === null) process.kill(-child.pid, 'SIGKILL');
}

/** Names of the tests that failed; a file that does not even load has none, so a mutant that is no program is not taken for killed. */
function run(tests, { only, testTimeoutMs, bail = false }, patienceMs) {
  const report = join(copy, 'mutant-report.json');
  rmSync(report, { force: true });
  const vitest = join(copy, 'node_modules', 'vitest', 'vitest.mjs');
  const options = ['--reporter=json', `--outputFile=${report}`, '--maxWorkers=1', ...(bail ? ['--bail=1'] : [])];
  if (testTimeoutMs !== undefined) options.push(`--testTimeout=${testTimeoutMs}`);
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [vitest, 'run', ...options, ...(only ? ['-t', only] : []), ...tests], {
      cwd: copy,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    running = child;
    let text = '';
    let hung = false;
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text = (text + chunk).slice(-10_000)));
    const timer = setTimeout(() => {
      hung = true;
      endTests(child);
    }, patienceMs);
    child.on('exit', () => {
      clearTimeout(timer);
      running = undefined;
      let results = [];
      try {
        results = JSON.parse(readFileSync(report, 'utf8')).testResults.flatMap(({ assertionResults }) => assertionResults);
      } catch {
        // Without a report nothing is known to have been executed.
      }
      const failed = results
        .filter(({ status }) => status === 'failed')
        .map(({ fullName, failureMessages: [why = ''] }) => `${fullName}: ${why.split('\n', 1)[0].slice(0, 150)}`);
      resolve({ failed, passed: results.filter(({ status }) => status === 'passed').length, hung, text });
    });
  });
}
