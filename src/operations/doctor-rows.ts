/** Doctor, rows: runs that wait for nothing or would not wait, what is left of others, runs of jobs that nobody knows, instants of another clock. */
import type { Op } from '../domain/op.js';
import type { Db } from '../store/db.js';
import type { DatabaseState } from '../store/history.js';
import type { Add } from './doctor.js';
import type { OpenedProject } from './open-project.js';

const MIB = 1024 * 1024;
const FREE_LIMIT = 64 * MIB;
const CLOCK_SLACK_MS = 60_000;
const REPAIR = 'run `moonlighter doctor --repair`';
/** Slugs that are named. */
const NAMED = 5;

export function examineRows(
  { unsound, stuck, heedless, leftovers, orphans, newestInstant, pages }: DatabaseState,
  now: number,
  add: Add,
): void {
  for (const { table, rows, rowids } of unsound) {
    const which = rowids ? ` (rowid ${rowids.join(', ')}${rows > rowids.length ? ', …' : ''})` : '';
    const what = `${rows} row(s) in ${table}${which} hold values that Moonlighter does not write there (another kind, beyond what can be, broken JSON)`;
    const how =
      table === '_crap_jobs'
        ? 'which sets numbers and instants right; a run without id, job or status has to be removed by hand'
        : 'which removes them';
    add('problem', 'ROW_UNSOUND', what, `${REPAIR}, ${how}`, true);
  }
  const waiting = stuck.key + stuck.dependencies;
  if (waiting > 0) add('problem', 'WAIT_STUCK', `${waiting} pending run(s) wait for what will not come`, REPAIR, true);
  if (heedless > 0) {
    add('problem', 'WAIT_MISSING', `${heedless} pending run(s) would start before the runs that they depend on have ended`, REPAIR, true);
  }
  if (leftovers.attempts > 0) add('problem', 'ATTEMPT_ORPHAN', `${leftovers.attempts} attempt(s) of runs that are not there`, REPAIR, true);
  if (leftovers.dependencies > 0)
    add('problem', 'DEPENDENCY_ORPHAN', `${leftovers.dependencies} dependencies of runs that are not there`, REPAIR, true);
  for (const { table, rows, parent, column } of orphans) {
    const what = table.startsWith('_versions_') ? 'version(s)' : 'row(s)';
    add(
      'problem',
      'ROW_ORPHAN',
      `${rows} ${what} in ${table} belong to documents of ${parent} that are not there`,
      `they are data, so nothing removes them by itself; after a backup, in a SQLite shell: DELETE FROM "${table}" WHERE "${column}" NOT IN (SELECT id FROM "${parent}");`,
    );
  }
  if (newestInstant > now + CLOCK_SLACK_MS) {
    const ahead = Math.round((newestInstant - now) / 1000);
    add(
      'problem',
      'CLOCK_BEHIND',
      `the newest row is ${ahead} s in the future of this machine's clock`,
      'set the clock; schedules and limits go by it',
    );
  }
  const free = pages.free * pages.size;
  if (free > FREE_LIMIT && pages.free > pages.count / 4) {
    add(
      'note',
      'FILE_SPARSE',
      `${Math.round(free / MIB)} MiB of the file are free pages`,
      'VACUUM in a SQLite shell gives them back, while no host runs',
    );
  }
}

/** A note: the job may be of an application (in TypeScript) whose host does not run, or of another version of the project. */
export async function examineJobs(opened: OpenedProject, add: Add): Promise<void> {
  const { registry } = opened.project;
  const known = new Set([...registry.jobs.keys(), ...(opened.scripts?.handlers.keys() ?? [])]);
  const unknown = await opened.read(function* (db: Db): Op<{ slug: string; count: number }[]> {
    const counts = new Map<string, number>();
    // What a host claims now it knows, whoever has defined it.
    for (const { until, limits } of yield* opened.store.limitsHistory(db)) {
      if (until === undefined) for (const slug of limits.jobs.keys()) known.add(slug);
    }
    for (const { name: slug, status, count } of yield* opened.store.countBy(db, 'slug')) {
      if (status === 'pending' && !slug.startsWith('_') && !known.has(slug)) counts.set(slug, (counts.get(slug) ?? 0) + count);
    }
    return [...counts].map(([slug, count]) => ({ slug, count })).sort((a, b) => b.count - a.count || (a.slug < b.slug ? -1 : 1));
  });
  if (unknown.length === 0) return;
  const total = unknown.reduce((sum, { count }) => sum + count, 0);
  const names = unknown.slice(0, NAMED).map(({ slug, count }) => `${slug} (${count})`);
  const more = unknown.length > NAMED ? ` and ${unknown.length - NAMED} more` : '';
  add(
    'note',
    'JOB_UNDEFINED',
    `${total} pending run(s) are of jobs that neither the project defines nor a running host knows: ${names.join(', ')}${more}`,
    'define the job again, start the application that has it, or give them up: `moonlighter jobs cancel -s SLUG`',
  );
}
