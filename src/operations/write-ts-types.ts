/**
 * Types for TypeScript: rewrites one module with the slugs of the project's jobs and the data and result of each, from Lua annotations and,
 * where a module of compiled JavaScript is named, from the jobs that it exports.
 */
import { dirname, join, relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { HostError, messageOf } from '../domain/errors.js';
import { typesOf } from '../project/types.js';
import { type ScriptJob, tsTypes } from '../project/types-ts.js';
import { loadAndCheck, type OpenOptions, refuseBroken } from './open-project.js';
import { bring, refuseForeign, type TypesFile } from './types-files.js';

export interface WriteTsOptions {
  /** The file, seen from `cwd`. Default `generated/jobs.ts` in the project. */
  out?: string;
  /** A module whose exports are jobs (compiled JavaScript), seen from `cwd`. */
  jobs?: string;
  check?: boolean;
  force?: boolean;
}

export interface TsTypesReport {
  ok: boolean;
  dir: string;
  file: TypesFile;
  /** In the order of the file. */
  slugs: string[];
}

/** ProjectError, RefusedError FILE_EXISTS, HostError FILE_NOT_WRITTEN, MODULE_UNUSABLE. */
export async function writeTsTypes(open: OpenOptions, options: WriteTsOptions = {}): Promise<TsTypesReport> {
  const project = await loadAndCheck(open);
  refuseBroken(project);
  const path = options.out === undefined ? join(project.dir, 'generated', 'jobs.ts') : resolve(open.cwd, options.out);
  const scripts = options.jobs === undefined ? [] : await scriptJobs(resolve(open.cwd, options.jobs), path);
  if (!options.force) refuseForeign(path);
  const types = typesOf(project);
  const file = bring(path, tsTypes(types, scripts), options.check === true);
  const slugs = [...new Set([...types.jobs.map(({ slug }) => slug), ...scripts.map(({ slug }) => slug)])].sort();
  return { ok: file.state === 'written' || file.state === 'unchanged', dir: project.dir, file, slugs };
}

async function scriptJobs(module: string, out: string): Promise<ScriptJob[]> {
  try {
    const exports = (await import(pathToFileURL(module).href)) as Record<string, unknown>;
    const from = relative(dirname(out), module).split(sep).join('/');
    return Object.entries(exports).flatMap(([exportName, value]) => {
      const slug = typeof value === 'object' && value !== null && 'definition' in value && 'slug' in value ? value.slug : undefined;
      return typeof slug === 'string' ? [{ slug, exportName, from: from.startsWith('.') ? from : `./${from}` }] : [];
    });
  } catch (error) {
    throw new HostError('MODULE_UNUSABLE', `the module ${module} cannot be loaded (${messageOf(error)})`, {
      remedy: 'name a module of compiled JavaScript that exports what defineJob gave',
      details: { module },
      cause: error,
    });
  }
}
