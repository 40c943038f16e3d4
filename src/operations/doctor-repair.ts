/** Doctor, the repairs: one transaction over everything that is safe to mend, counts of references in slices behind it; then the log is written back. User data is never removed. */
import type { Op } from '../domain/op.js';
import { queueFollowUp } from '../host/follow-up.js';
import { type RescueRules, rescueClaims } from '../host/rescue-claims.js';
import { hostSettings } from '../host/settings.js';
import type { Examination } from './doctor.js';
import { repairReferences, repairSearch } from './doctor-content.js';
import { migrateSchema } from './migrate-schema.js';
import type { OpenedProject } from './open-project.js';

/** Ends with what was done, a sentence each. */
export async function repair(opened: OpenedProject, { findings, dead, state, content }: Examination): Promise<string[]> {
  if (state.version > state.supported || state.damage.length > 0) return [];
  const has = (...codes: string[]) => findings.some(({ code }) => codes.includes(code));
  const { store, project } = opened;
  const done: string[] = [];
  if (has('SCHEMA_OUTDATED', 'TABLES_MISSING', 'TABLES_OUTDATED')) {
    if (has('PROJECT_INVALID')) await opened.write('doctor', (db) => store.repairSchema(db));
    else await migrateSchema(opened);
    done.push(has('SCHEMA_OUTDATED') ? 'brought the tables to this version' : 'brought the tables to what the definitions ask for');
  }
  const { foreignStaleMs } = hostSettings(project.config, project.moonlighter, undefined);
  const mended = await opened.write('doctor', function* (db): Op<string[]> {
    const lines: string[] = [];
    if (has('SCHEMA_INCOMPLETE')) {
      yield* store.repairSchema(db);
      lines.push(`put back ${state.missing.join(', ')}`);
    }
    if (has('ROW_UNSOUND')) lines.push(`set right or removed ${yield* store.mendUnsound(db)} row(s) that Moonlighter has not written`);
    const now = opened.clock.now();
    const lost = [...dead.map(({ id }) => id as string | undefined), ...(has('RUN_ABANDONED') ? [undefined] : [])];
    for (const host of lost) {
      const { length: count } = yield* rescueClaims(db, store, rulesOf(opened), { host, staleBefore: now - foreignStaleMs, now });
      if (host !== undefined) yield* store.removeHost(db, host, now);
      lines.push(`${host === undefined ? '' : `removed the dead host ${host}; `}gave back ${count} run(s)`);
    }
    if (has('WAIT_MISSING')) lines.push(`let ${yield* store.restoreWaits(db)} run(s) wait for those that they depend on`);
    if (has('WAIT_STUCK')) lines.push(`let go on what waited for nothing: ${yield* store.releaseStuck(db)} row(s)`);
    if (has('ATTEMPT_ORPHAN', 'DEPENDENCY_ORPHAN'))
      lines.push(`removed ${yield* store.dropLeftovers(db)} row(s) of runs that are not there`);
    lines.push(...(yield* repairSearch(db, opened, content)));
    return lines;
  });
  done.push(...mended, ...(await repairReferences(opened, content)));
  if (has('WAL_LARGE') && opened.shrinkLog()) done.push('wrote the write-ahead log back');
  if (mended.length > 0) await opened.wake();
  return done;
}

/** What jobs say of lost runs, and of those that have ended as stale. */
function rulesOf({ store, project }: OpenedProject): RescueRules {
  const { jobs } = project.registry;
  return {
    onLost: (slug) => jobs.get(slug)?.onLost,
    followUp: (db, run, now) => queueFollowUp(db, store, jobs, run, now),
  };
}
