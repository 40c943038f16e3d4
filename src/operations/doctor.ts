/**
 * Doctor: the state of a project's database and what stands around it: damage, missing parts, hosts that are dead and what they left running,
 * runs that wait for nothing, leftovers, space, clocks, other programs. Looks only; doctor-repair.ts mends.
 */

import { existsSync, readFileSync, statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { hostSettings } from '../host/settings.js';
import { probeSocket } from '../host/waker.js';
import type { DatabaseState } from '../store/history.js';
import type { HostRecord } from '../store/store.js';
import { pendingMigrations } from './migrate-status.js';
import type { OpenedProject } from './open-project.js';
import { otherProgram } from './other-program.js';

const MIB = 1024 * 1024;
const WAL_LIMIT = 256 * MIB;
const DISK_LIMIT = 256 * MIB;
const FREE_LIMIT = 64 * MIB;
const CLOCK_SLACK_MS = 60_000;

export interface Finding {
  code: string;
  /** Problems make the command fail; notes do not. */
  level: 'problem' | 'note';
  message: string;
  remedy: string;
  /** `--repair` mends it. */
  repairable: boolean;
}

export interface Examination {
  findings: Finding[];
  dead: HostRecord[];
  state: DatabaseState;
  /** Collections with an incomplete search table. */
  search: string[];
}

/** `full`: SQLite reads every index too. StoreUnavailableError where the database cannot be read at all. */
export async function examine(opened: OpenedProject, full: boolean): Promise<Examination> {
  const { store, project } = opened;
  const findings: Finding[] = [];
  const add = (level: Finding['level'], code: string, message: string, remedy: string, repairable = false) =>
    findings.push({ code, level, message, remedy, repairable });

  const errors = project.problems.filter(({ severity }) => severity === 'error').length;
  if (errors > 0)
    add('problem', 'PROJECT_INVALID', `the project has ${errors} problem(s): no host starts over it`, 'run `moonlighter check`');

  const state = await opened.read((db) => store.inspectDatabase(db, full));
  if (state.damage.length > 0) {
    const remedy =
      'stop every program on the file, keep a copy of it with -wal and -shm, and restore a backup or recover with the sqlite3 shell (.recover)';
    add(
      'problem',
      'DATABASE_DAMAGED',
      `SQLite finds the file damaged: ${state.damage[0]}${state.damage.length > 1 ? ` (and ${state.damage.length - 1} more)` : ''}`,
      remedy,
    );
  }
  if (state.version > state.supported) {
    add(
      'problem',
      'DATABASE_NEWER',
      `a newer Moonlighter wrote it (schema ${state.version}, this one knows ${state.supported})`,
      'use that version',
    );
    return { findings, dead: [], state, search: [] };
  }
  if (state.version < state.supported) {
    add(
      'problem',
      'SCHEMA_OUTDATED',
      `the system tables are of version ${state.version}, this Moonlighter needs ${state.supported}`,
      'run `moonlighter migrate`',
      true,
    );
    return { findings, dead: [], state, search: [] };
  }
  if (state.missing.length > 0) {
    add('problem', 'SCHEMA_INCOMPLETE', `missing or changed: ${state.missing.join(', ')}`, 'run `moonlighter doctor --repair`', true);
  }
  const dead = state.missing.some((part) => part.startsWith('table')) ? [] : await examineHosts(opened, add);
  examineRows(state, opened.clock.now(), add);
  const search = errors > 0 ? [] : await opened.read((db) => store.incompleteSearch(db, [...project.registry.collections.keys()]));
  if (search.length > 0) {
    add(
      'problem',
      'SEARCH_INCOMPLETE',
      `the search tables of ${search.join(', ')} do not have the live documents`,
      'run `moonlighter doctor --repair`',
      true,
    );
  }
  await examineFiles(opened, state, add);
  const pending = errors > 0 ? [] : await pendingMigrations(opened);
  if (pending.length > 0)
    add('note', 'MIGRATIONS_PENDING', `${pending.length} migration(s) of the project are not applied`, 'run `moonlighter migrate up`');
  return { findings, dead, state, search };
}

type Add = (level: Finding['level'], code: string, message: string, remedy: string, repairable?: boolean) => void;

/** Ends with the hosts that are dead. On another machine only the time when it was last seen tells. */
async function examineHosts(opened: OpenedProject, add: Add): Promise<HostRecord[]> {
  const { config, moonlighter } = opened.project;
  const { leaseMs, foreignStaleMs } = hostSettings(config, moonlighter, undefined);
  const now = opened.clock.now();
  const dead: HostRecord[] = [];
  for (const host of await opened.hosts()) {
    const unseen = now - host.seenAt > leaseMs;
    const liveness = host.hostname === hostname() ? await probeSocket(host.socket) : 'unknown';
    if (liveness === 'dead' || (liveness === 'unknown' && unseen)) dead.push(host);
  }
  for (const { id, pid, hostname: machine } of dead) {
    const claims = await opened.read((db) => opened.store.listClaimsOf(db, id, 0));
    const left = claims.length === 0 ? '' : `; ${claims.length} run(s) still stand as running for it`;
    add(
      'problem',
      'HOST_DEAD',
      `the host ${id} (process ${pid} on ${machine}) is registered and does not live${left}`,
      'start a host, or run `moonlighter doctor --repair`',
      true,
    );
  }
  const abandoned = await opened.read((db) => opened.store.listClaimsOf(db, undefined, now - foreignStaleMs));
  if (abandoned.length > 0) {
    const remedy = 'start a host, or run `moonlighter doctor --repair`';
    add('problem', 'RUN_ABANDONED', `${abandoned.length} run(s) are running for no host, without a heartbeat`, remedy, true);
  }
  return dead;
}

function examineRows(state: DatabaseState, now: number, add: Add): void {
  const { stuck, leftovers, orphans, newestInstant, pages } = state;
  const repair = 'run `moonlighter doctor --repair`';
  const waiting = stuck.key + stuck.dependencies;
  if (waiting > 0) add('problem', 'WAIT_STUCK', `${waiting} pending run(s) wait for what will not come`, repair, true);
  if (leftovers.attempts > 0) add('problem', 'ATTEMPT_ORPHAN', `${leftovers.attempts} attempt(s) of runs that are not there`, repair, true);
  if (leftovers.dependencies > 0)
    add('problem', 'DEPENDENCY_ORPHAN', `${leftovers.dependencies} dependencies of runs that are not there`, repair, true);
  for (const { table, rows } of orphans) {
    add(
      'problem',
      'ROW_ORPHAN',
      `${rows} row(s) of ${table} belong to documents that are not there`,
      'look at them with `PRAGMA foreign_key_check` in a SQLite shell; they are data, so nothing removes them by itself',
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

async function examineFiles({ databasePath, project }: OpenedProject, { pages }: DatabaseState, add: Add): Promise<void> {
  const wal = `${databasePath}-wal`;
  const size = existsSync(wal) ? statSync(wal).size : 0;
  if (size > WAL_LIMIT) {
    add(
      'problem',
      'WAL_LARGE',
      `the write-ahead log has ${Math.round(size / MIB)} MiB: something holds an old snapshot`,
      'end what reads for long; `moonlighter doctor --repair` writes it back when nothing holds it',
      true,
    );
  }
  const { bavail, bsize } = await statfs(dirname(databasePath));
  const needed = Math.max(DISK_LIMIT, Math.min((pages.count * pages.size) / 10, 4 * DISK_LIMIT));
  if (bavail * bsize < needed)
    add('problem', 'DISK_LOW', `${Math.round((bavail * bsize) / MIB)} MiB are free on the disk of the database`, 'make room');
  const others = otherProgram(project.dir);
  if (others.length > 0) {
    add(
      'note',
      'OTHER_PROGRAM',
      `crap-cms runs on this folder (process ${others.join(', ')})`,
      'let one of the two watch the schedules (`--no-cron`)',
    );
  }
  for (const name of ['crap.pid', 'crap-worker.pid']) {
    const path = join(project.dir, 'data', name);
    if (!existsSync(path)) continue;
    const pid = Number.parseInt(readFileSync(path, 'utf8'), 10);
    if (!others.includes(pid))
      add(
        'note',
        'PID_FILE_STALE',
        `data/${name} names a process that does not live`,
        'crap-cms replaces it at its next start; it may be removed',
      );
  }
}
