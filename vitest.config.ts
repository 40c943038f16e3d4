/**
 * Two groups of files, one after the other: first, as many at a time as there are cores, those that judge by what happened; then, one at a
 * time, those that also judge by how long it took, so that no other test takes their processor.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const root = fileURLToPath(new URL('.', import.meta.url));
const all = readdirSync(`${root}test`, { recursive: true, encoding: 'utf8' })
  .map((name) => `test/${name.replaceAll('\\', '/')}`)
  .filter((name) => name.endsWith('.test.ts'));
const measuring = all.filter((name) => /\bperformance\.now\(\)|\bcpuUsage\b|\bbench\/main\b/.test(readFileSync(root + name, 'utf8')));

const shared = {
  pool: 'forks',
  retry: 0,
  testTimeout: 30_000,
  hookTimeout: 30_000,
} as const;

export default defineConfig({
  test: {
    passWithNoTests: false,
    sequence: { shuffle: true },
    projects: [
      {
        test: {
          ...shared,
          name: 'facts',
          include: ['test/**/*.test.ts'],
          exclude: measuring,
          sequence: { shuffle: true, groupOrder: 0 },
          maxWorkers: availableParallelism(),
        },
      },
      {
        test: { ...shared, name: 'times', include: measuring, sequence: { shuffle: true, groupOrder: 1 }, maxWorkers: 1 },
      },
    ],
  },
});
