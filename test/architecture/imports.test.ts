/** Dependency direction: who may know whom, and each driver package in one folder. The table is the design; the import lines are the code. */
import { expect, it } from 'vitest';
import { folderOf, importsOf, sourcesIn } from './sources.js';

interface Rule {
  /** Folders (or files by regular expression) that it may import, besides itself. */
  may: readonly (string | RegExp)[];
}

const storeSeam = /^src\/store\/(db|store|writer)\.ts$/;
const luaSeam = /^src\/lua\/(?!engines\/)[a-z0-9-]+\.ts$/;

const RULES: Record<string, Rule> = {
  domain: { may: [] },
  store: { may: ['domain'] },
  lua: { may: ['domain'] },
  config: { may: ['domain'] },
  content: { may: ['domain', storeSeam, luaSeam] },
  mail: { may: ['domain', 'config'] },
  bindings: { may: ['domain', 'content', 'config', 'mail', storeSeam, luaSeam, /^src\/project\/(registry|define-job)\.ts$/] },
  project: { may: ['domain', 'config', 'content', 'bindings', 'lua', storeSeam] },
  worker: { may: ['domain', 'config', 'content', 'bindings', 'mail', 'project', 'lua', 'store'] },
  host: { may: ['domain', 'config', 'mail', 'project', 'store', 'worker'] },
  operations: { may: ['domain', 'config', 'content', 'bindings', 'project', 'store', 'worker', 'host', luaSeam] },
  http: { may: ['domain', 'config', 'host', 'operations'] },
  cli: { may: ['domain', 'config', 'host', 'operations', 'http'] },
  api: { may: ['domain', 'host', 'operations', 'store', 'worker'] },
  compat: { may: ['index.ts'] },
  'testing.ts': { may: ['domain', 'operations', 'api'] },
  'index.ts': { may: ['domain', 'host', 'operations', 'worker', 'api'] },
};

/** Package -> the files that may import it. */
const PACKAGES: Record<string, RegExp> = {
  'better-sqlite3': /^src\/store\/sqlite\//,
  fengari: /^src\/lua\/engines\/fengari\//,
  wasmoon: /^src\/lua\/engines\/lua54\//,
  'cron-parser': /^src\/domain\/schedule[a-z-]*\.ts$/,
  commander: /^src\/cli\//,
  'ipaddr.js': /^src\/bindings\/http[a-z-]*\.ts$/,
  'smol-toml': /^src\/config\//,
  zod: /^src\/config\//,
  pino: /^src\/host\/log[a-z-]*\.ts$/,
  nodemailer: /^src\/mail\//,
  '@node-rs/argon2': /^src\/bindings\/password[a-z-]*\.ts$/,
  nanoid: /^src\/(bindings|content|host|store|domain)\//,
};

const sources = sourcesIn('src', ['.ts']);
const imports = sources.flatMap(importsOf);

it('every folder imports only what the design lets it know', () => {
  expect(imports.length).toBeGreaterThan(200);
  const broken = imports
    .filter(({ isPackage }) => !isPackage)
    .filter(({ from, to }) => folderOf(from) !== folderOf(to))
    .filter(({ from, to }) => {
      const rule = RULES[folderOf(from)];
      return !rule?.may.some((allowed) => (typeof allowed === 'string' ? folderOf(to) === allowed : allowed.test(to)));
    })
    .map(({ from, line, to }) => `${from}:${line} imports ${to}`);
  expect(broken).toEqual([]);
});

it('each package is imported in its one folder, and every package is listed', () => {
  const broken = imports
    .filter(({ isPackage }) => isPackage)
    .filter(({ from, to }) => !PACKAGES[to]?.test(from))
    .map(({ from, line, to }) => `${from}:${line} imports ${to}`);
  expect(broken).toEqual([]);
});

it('relative imports lead to files that exist', () => {
  const paths = new Set(sources.map(({ path }) => path));
  const broken = imports
    .filter(({ isPackage, to }) => !isPackage && !paths.has(to) && !to.endsWith('.json') && !to.startsWith('package.json'))
    .map(({ from, line, to }) => `${from}:${line} imports ${to}`);
  expect(broken).toEqual([]);
});

it('the reader of import lines sees every form of import', () => {
  const text = [
    "import { a } from '../domain/a.js';",
    "import type { B } from 'zod';",
    "export * from './c.js';",
    'import {',
    '  d,',
    "} from '@scope/d/deep.js';",
    "const e = await import('../store/e.js');",
    "const f = require('pino');",
    "import g from 'node:fs';",
  ].join('\n');
  const found = importsOf({ path: 'src/content/x.ts', text }).map(({ to }) => to);
  expect(new Set(found)).toEqual(new Set(['src/domain/a.ts', 'zod', 'src/content/c.ts', '@scope/d', 'src/store/e.ts', 'pino']));
});
