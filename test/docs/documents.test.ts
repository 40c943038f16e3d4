/** The documentation against the code: error codes, commands, exit codes, generated tables, links. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { EXIT } from '../../src/cli/exit-codes.js';
import { DIFFERENCES } from '../../src/config/generation.js';
import { SETTINGS } from '../../src/config/moonlighter-config.js';
import { root, sourcesIn } from '../architecture/sources.js';
import { runCli } from '../support/cli.js';

const read = (name: string) => readFileSync(join(root, name), 'utf8');
const errors = read('docs/errors.md');

/** Names of the same shape that are no codes of ours. */
const OTHER = /^(SQLITE_|MOONLIGHTER_|NODE_|CRAP_CONFIG_DIR$|NO_COLOR$|ERR_ASSERTION$|ERR_WORKER_OUT_OF_MEMORY$)/;
/** Codes of one word look like anything; they are found by where they stand. */
const ONE_WORD = /(?:Error\(|\bcode: )\s*'([A-Z]{3,})'/g;

function codesInSource(): Set<string> {
  const codes = new Set<string>();
  for (const { text } of sourcesIn('src', ['.ts'])) {
    const code = text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
    for (const [, name] of code.matchAll(/'([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)'/g)) if (!OTHER.test(name!)) codes.add(name!);
    for (const [, name] of code.matchAll(ONE_WORD)) codes.add(name!);
  }
  // LuaError makes its code from its kind.
  for (const kind of ['SYNTAX', 'RUNTIME', 'CONVERSION', 'BAD_ARGUMENT', 'MEMORY']) codes.add(`LUA_${kind}`);
  return codes;
}

it('docs/errors.md lists exactly the codes of the source', () => {
  const documented = [...errors.matchAll(/^\| (`.*?`) \|/gm)].flatMap((row) => [...row[1]!.matchAll(/`([A-Z0-9_]+)`/g)].map((m) => m[1]!));
  expect([...new Set(documented)]).toHaveLength(documented.length);
  expect(documented.sort()).toEqual([...codesInSource()].sort());
});

it('docs/cli.md has the table of exit codes', () => {
  const table = [...read('docs/cli.md').matchAll(/^\| (\d+) \|/gm)].map((row) => Number(row[1]));
  expect(table).toEqual(Object.values(EXIT));
});

it('docs/cli.md describes every command of the help', async () => {
  const { stdout } = await runCli(['--help']);
  const commands = [
    ...stdout
      .split('Commands:')[1]!
      .split('Examples:')[0]!
      .matchAll(/^ {2}([a-z]+)/gm),
  ]
    .map((match) => match[1]!)
    .filter((name) => name !== 'help');
  expect(commands.length).toBeGreaterThan(8);
  const text = read('docs/cli.md');
  for (const name of commands) expect(text).toMatch(new RegExp(`^### .*\\b${name}\\b`, 'm'));
});

it('the generated tables are those of the code', () => {
  const settings = read('docs/configuration.md');
  for (const [section, keys] of Object.entries(SETTINGS)) {
    for (const key of Object.keys(keys)) expect(settings).toContain(`| \`[${section}] ${key}\` |`);
    for (const { description } of Object.values(keys)) expect(settings).toContain(description);
  }
  const generations = read('docs/compatibility.md');
  for (const { eight, ten } of Object.values(DIFFERENCES)) expect(generations).toContain(`| ${eight} | ${ten} |`);
});

it('links and named test folders lead somewhere', () => {
  const files = [
    'README.md',
    'ARCHITECTURE.md',
    'CONTRIBUTING.md',
    'DECISIONS.md',
    ...['cli', 'configuration', 'compatibility', 'errors'].map((name) => `docs/${name}.md`),
  ];
  for (const file of files) {
    const text = read(file);
    for (const [, target] of text.matchAll(/\]\(([^)#:]+)\)/g))
      expect([file, target, existsSync(join(root, dirname(file), target!))]).toEqual([file, target, true]);
    for (const [, path] of text.matchAll(/`((?:src|test|docs|scripts|lua-stdlib|examples|fixtures)(?:\/[\w.-]+)+)`/g)) {
      expect([file, path, existsSync(join(root, path!))]).toEqual([file, path, true]);
    }
  }
});
