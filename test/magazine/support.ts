/** The magazine projects of fixtures/, opened in this process: copies in temporary folders, one a test file and engine. */
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Float, type Json, type JsonObject } from '../../src/domain/json.js';
import type { LogLine } from '../../src/domain/run.js';
import { evalChunk } from '../../src/operations/eval-chunk.js';
import { type OpenedProject, openProject } from '../../src/operations/open-project.js';
import { type RunOnceReport, runOnce } from '../../src/operations/run-once.js';

export const MAGAZINE = fileURLToPath(new URL('../../fixtures/magazine/', import.meta.url));
export const MAGAZINE_10 = fileURLToPath(new URL('../../fixtures/magazine-10/', import.meta.url));

export interface MagazineOptions {
  engine?: string;
  /** Default: fixtures/magazine. */
  from?: string;
  env?: Record<string, string>;
  /** Further files, by path relative to the folder. */
  files?: Record<string, string>;
}

/** A copy of the project; removed by the caller. Its engine is the given one. */
export function copyMagazine({ engine = 'lua54', from = MAGAZINE, files = {} }: MagazineOptions = {}): string {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'ml-m-')));
  cpSync(from, dir, { recursive: true });
  const settings = readFileSync(join(dir, 'moonlighter.toml'), 'utf8');
  writeFileSync(join(dir, 'moonlighter.toml'), `${settings}\n[lua]\nengine = "${engine}"\n`);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  return dir;
}

/** Put before every chunk: short names, and the documents that most cases need. */
const PRELUDE = `local C, G = crap.collections, crap.globals
local function author(name) return C.create("authors", { name = name or "Ada Luna" }, { overrideAccess = true }) end
local function article(data)
  data = data or {}
  data.title = data.title or "Moon over the harbour"
  data.lead = data.lead or "It rose late."
  data.body = data.body or "<p>It rose late, and nobody saw it.</p>"
  data.author = data.author or author().id
  return C.create("articles", data, { overrideAccess = true })
end
local function pluck(documents, key)
  return crap.util.map(documents, function(document) return document[key] end)
end
local function fails(f, ...)
  local ok, problem = pcall(f, ...)
  if ok then return "did not fail" end
  return (tostring(problem):match("^[^\\n]*"))
end
`;

export interface Call {
  /** The current user's document; access is enforced then. */
  user?: JsonObject;
  /** Keeps what the chunk did; default: everything is undone. */
  keep?: boolean;
}

export class Magazine {
  readonly lines: LogLine[] = [];

  private constructor(
    readonly dir: string,
    readonly opened: OpenedProject,
  ) {}

  static async open(options: MagazineOptions = {}): Promise<Magazine> {
    const dir = copyMagazine(options);
    const opened = await openProject({ config: dir, cwd: dir, env: { ...options.env } });
    return new Magazine(dir, opened);
  }

  /** What the chunk returns first. */
  async run(chunk: string, call: Call = {}): Promise<Json> {
    return (await this.all(chunk, call))[0] ?? null;
  }

  /** Everything that the chunk returns. */
  async all(chunk: string, { user, keep = false }: Call = {}): Promise<Json[]> {
    const values = await evalChunk(this.opened, {
      source: PRELUDE + chunk,
      chunkName: '=magazine',
      rollback: !keep,
      ...(user && { user }),
      log: (line) => this.lines.push(line),
    });
    return values.map(plain);
  }

  /** One run of a job, in the foreground. */
  async job(slug: string, data: object = {}, { keep = false }: Call = {}): Promise<RunOnceReport> {
    const report = await runOnce(this.opened, { slug, data: JSON.stringify(data), rollback: !keep, log: (line) => this.lines.push(line) });
    return { ...report, result: plain(report.result) };
  }

  async dispose(): Promise<void> {
    await this.opened.close();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** Numbers of both kinds as JavaScript's. */
function plain(value: Json): Json {
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Float) return value.value;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, plain(entry)]));
}

export const ADMIN = { id: 'admin', email: 'chief@mondblatt.example', role: 'admin' };
export const EDITOR = { id: 'editor', email: 'ed@mondblatt.example', role: 'editor' };
export const READER = { id: 'reader', email: 'rea@example.com', role: 'reader' };
