/** Runs a job's handler now, in this process, without a row: what it returns is the answer. */
import type { Json } from '../domain/json.js';
import { parseJson } from '../domain/json-text.js';
import type { LogLine, Outcome } from '../domain/run.js';
import { jobBySlug } from './find-job.js';
import { type ForegroundOptions, waking } from './foreground.js';
import { jsonValue } from './json-argument.js';
import type { OpenedProject } from './open-project.js';
import { sortedJson } from './sorted-json.js';

export interface RunOnceRequest extends ForegroundOptions {
  slug: string;
  /** JSON text, default `{}`. */
  data?: string;
}

export interface RunOnceReport {
  slug: string;
  outcome: Outcome;
  /** With sorted keys. */
  result: Json;
  error: { code: string; message: string; traceback?: string } | undefined;
  log: readonly LogLine[];
}

/** A handler that fails is a report, not an error. NotFoundError JOB_NOT_DEFINED, UsageError INVALID_JSON, HostError DATA_INVALID. */
export async function runOnce(opened: OpenedProject, request: RunOnceRequest): Promise<RunOnceReport> {
  const { slug, data = '{}', ...options } = request;
  jobBySlug(opened.project.registry, slug);
  const given = jsonValue(data);
  const { scripts } = opened;
  const converted = await scripts?.checks.get(slug)?.(given);
  const script = { handler: scripts?.handlers.get(slug), ...(converted !== undefined && { data: converted }) };
  const executor = await opened.executor();
  const report = await waking(opened, options, (call) => executor.runHandler(slug, data, call, script));
  const result = report.result === undefined || report.result === null ? null : sortedJson(parseJson(report.result));
  return { slug, outcome: report.outcome, result, error: report.error, log: report.log };
}
