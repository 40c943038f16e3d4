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
import { type ContentState, examineContent, SOUND } from './doctor-content.js';
import { examineJobs, examineRows } from './doctor-rows.js';
import { pendingMigrations } from './migrate-status.js';
import type { OpenedProject } from './open-project.js';
import { otherProgram } from './other-program.js';

const MIB = 1024 * 1024;
const WAL_LIMIT = 256 * MIB;
const DISK_LIMIT = 256 * MIB;

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
  content: ContentState;
}

/** `full`: SQLite reads every index too, and search tables and references are compared with all documents. StoreUnavailableError where the database cannot be read at all. */
export async function examine(opened: OpenedProject, full: boolean): Promise<Examination> {
  const { store, project } = opened;
  const findings: Finding[] = [];
  const add = (level: Finding['level'], code: string, message: string, remedy: string, repairable = false) =>
    findings.push({ code, level, message, remedy, repairable });

  const errors = project.problems.filter(({ severity }) => severity === 'error').length;
  if (errors > 0)
    add('problem', 'PROJECT_INVALID', `the project has ${errors} problem(s): no host starts over it`, 'run `moonlighter check`');

  const state = await opened.read((db) => store.inspectDatabase(db, full));
  const defined = (table: string) => errors === 0 && project.registry.collections.has(table.slice('_fts_'.length));
  state.damage.push(...state.damagedSearch.filter((table) => !defined(table)).map((table) => `the search table ${table} is broken`));
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
    return { findings, dead: [], state, content: SOUND };
  }
  if (state.version < state.supported) {
    add(
      'problem',
      'SCHEMA_OUTDATED',
      `the system tables are of version ${state.version}, this Moonlighter needs ${state.supported}`,
      'run `moonlighter migrate`',
      true,
    );
    return { findings, dead: [], state, content: SOUND };
  }
  if (state.missing.length > 0) {
    add('problem', 'SCHEMA_INCOMPLETE', `missing or changed: ${state.missing.join(', ')}`, 'run `moonlighter doctor --repair`', true);
  }
  const dead = state.missing.some((part) => part.startsWith('table')) ? [] : await examineHosts(opened, add);
  examineRows(state, opened.clock.now(), add);
  if (errors === 0) await examineJobs(opened, add);
  const content = errors > 0 ? SOUND : await examineContent(opened, state, full, add);
  await examineFiles(opened, state, add);
  const pending = errors > 0 ? [] : await pendingMigrations(opened);
  if (pending.length > 0)
    add('note', 'MIGRATIONS_PENDING', `${pending.length} migration(s) of the project are not applied`, 'run `moonlighter migrate up`');
  return { findings, dead, state, content };
}

export type Add = (level: Finding['level'], code: string, message: string, remedy: string, repairable?: boolean) => void;

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
