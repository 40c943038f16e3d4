/** Check: loads everything of a project, lists every problem, starts nothing and touches no database. */
import type { Problem } from '../domain/errors.js';
import { loadAndCheck, type OpenOptions } from './open-project.js';

export interface CheckReport {
  ok: boolean;
  dir: string;
  generation: 8 | 10;
  problems: readonly Problem[];
  counts: { collections: number; globals: number; jobs: number };
}

export async function check(options: OpenOptions): Promise<CheckReport> {
  const { dir, generation, problems, registry } = await loadAndCheck(options);
  return {
    ok: !problems.some((problem) => problem.severity === 'error'),
    dir,
    generation,
    problems,
    counts: { collections: registry.collections.size, globals: registry.globals.size, jobs: registry.jobs.size },
  };
}
