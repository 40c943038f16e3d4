/**
 * The golden project: some 1,700 questions whose answers were recorded on the reference, and 95 runs. Every difference must be accepted
 * by a line with a reason (accepted.tsv), and every accepted line must still be a difference.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/store/sqlite/database.js';
import { startBinary } from './start-binary.js';

interface Difference {
  name: string;
  expected: string;
  got: string;
}
interface Comparison {
  readLines(log: string): Map<string, { status: string; text: string }>;
  readRuns(rows: object[]): [string, string][];
  compareLines(expected: Map<string, unknown>, got: Map<string, unknown>, unstable: Set<string>): Difference[];
  compareRuns(expected: [string, string][], got: [string, string][]): Difference[];
}

const fixtures = fileURLToPath(new URL('../../fixtures/golden/', import.meta.url));
const recorded = (file: string) => readFileSync(join(fixtures, 'recorded', file), 'utf8');
const lines = (text: string) => text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
/** Share of the answers that must equal the reference's, counted as compare.mjs counts; nothing is spelled alike first. */
const FLOOR: Record<string, number> = { lua54: 0.923, fengari: 0.898 };

const RUNS = `SELECT slug, status, attempt, max_attempts, queue, scheduled_by, data, result,
  CASE WHEN instr(error, char(10)) > 0 THEN substr(error, 1, instr(error, char(10)) - 1) ELSE error END AS error
  FROM _crap_jobs ORDER BY slug, data, status`;

/** Boots the project, which asks its questions in on_init, and lets its runs end. */
async function answers(engine: string, pagination: 'page' | 'cursor'): Promise<{ log: string; runs: object[] }> {
  const dir = mkdtempSync(join(tmpdir(), 'ml-g-'));
  try {
    cpSync(join(fixtures, 'project'), dir, { recursive: true });
    writeFileSync(join(dir, 'moonlighter.toml'), `[lua]\nengine = "${engine}"\n[workers]\nthreads = 1\n[log]\nformat = "text"\n`);
    const env = { CRAP_PROBE: '1', TZ: 'UTC', LC_ALL: 'C', CRAP_PROBE_PAGINATION: pagination };
    const host = startBinary(['-C', dir, 'work'], env);
    // The last two to end: both wait five seconds for their second attempt.
    await host.until((text) => /\(retry_never_works\) failed permanently/.test(text) && /\(retry_works\) completed/.test(text));
    await host.stop();
    const database = openDatabase({ path: join(dir, 'data/crap.db'), readonly: true });
    const runs = database.all(RUNS);
    database.close();
    return { log: host.printed(), runs };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function accepted(file: string): Map<string, string> {
  return new Map(
    lines(readFileSync(new URL(file, import.meta.url), 'utf8')).map((line) => {
      const [name = '', reason = ''] = line.split('\t');
      return [name, reason];
    }),
  );
}

// Side by side: each spends most of its time waiting for second attempts.
describe.concurrent.each(['lua54', 'fengari'])('the golden project on %s', (engine) => {
  it.each(['page', 'cursor'] as const)(
    'answers as recorded, but for what is accepted (%s pagination)',
    { timeout: 300_000 },
    async (pagination) => {
      const compare = (await import(join(fixtures, 'compare.mjs'))) as Comparison;
      const { log, runs } = await answers(engine, pagination);
      const unstable = new Set(lines(recorded('unstable.txt')));
      const expected = compare.readLines(recorded(pagination === 'page' ? 'answers.txt' : 'answers-cursor.txt'));
      const expectedRuns = compare.readRuns(JSON.parse(recorded('runs.json')) as object[]);
      const got = compare.readLines(log);
      const differences = [...compare.compareLines(expected, got, unstable), ...compare.compareRuns(expectedRuns, compare.readRuns(runs))];
      const known = new Map([
        ...accepted('accepted.tsv'),
        ...accepted(`accepted-${pagination}.tsv`),
        ...accepted(`accepted-${engine}.tsv`),
      ]);
      const names = new Set(differences.map((each) => each.name));
      const total = [...expected.keys()].filter((name) => !unstable.has(name)).length + expectedRuns.length;

      expect(
        differences
          .filter((each) => !known.has(each.name))
          .map((each) => `${each.name}\n  reference ${each.expected}\n  this host ${each.got}`),
      ).toEqual([]);
      expect([...known.keys()].filter((name) => !names.has(name))).toEqual([]);
      expect([...known.values()].filter((reason) => reason.length < 10)).toEqual([]);
      expect(1 - differences.length / total).toBeGreaterThanOrEqual(FLOOR[engine]!);
    },
  );
});
