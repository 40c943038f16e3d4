/** Doctor from the look to the second look: what it finds, what it mends where that is asked for, and what is left. */
import { examine, type Finding } from './doctor.js';
import { repair } from './doctor-repair.js';
import type { OpenedProject } from './open-project.js';

export interface DoctorReport {
  /** No finding is a problem. */
  ok: boolean;
  database: string;
  /** A sentence for each thing that was mended. */
  repaired: string[];
  findings: Finding[];
}

export interface DoctorOptions {
  /** Mends what is safe to mend, in one transaction; data of the project is never removed. */
  repair?: boolean;
  /** Leaves out what reads the whole file: indexes, texts of search tables, counts of references. */
  quick?: boolean;
}

/** Reads on this thread: a large file takes a while. StoreUnavailableError. */
export async function runDoctor(opened: OpenedProject, options: DoctorOptions = {}): Promise<DoctorReport> {
  let examination = await examine(opened, !options.quick);
  const repaired = options.repair ? await repair(opened, examination) : [];
  if (options.repair) examination = await examine(opened, !options.quick);
  const { findings } = examination;
  return { ok: findings.every(({ level }) => level === 'note'), database: opened.databasePath, repaired, findings };
}
