import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { stringify } from 'smol-toml';
import { afterAll, expect, it } from 'vitest';
import { defaultCrapConfig } from '../../src/config/crap-config.js';
import { loadConfig } from '../../src/config/load-config.js';
import { SETTINGS } from '../../src/config/moonlighter-config.js';
import { lineOfKey } from '../../src/config/toml-lines.js';

const dir = mkdtempSync(join(tmpdir(), 'ml-h-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const defaults = defaultCrapConfig() as unknown as Record<string, Record<string, unknown>>;
const sections = Object.keys(defaults);
const value = fc.oneof(
  fc.integer({ min: -5, max: 5 }),
  fc.double({ noNaN: true, min: -2, max: 2 }),
  fc.boolean(),
  fc.constantFrom('', '5', '30s', '1 h', 'page', 'en', '10MB'),
  fc.array(fc.constantFrom('en', '', 'x y'), { maxLength: 2 }),
  fc.constant({ inner: { deep: 1 } }),
);
const known = fc.constantFrom(...sections).chain((section) => {
  const keys = Object.keys(defaults[section] ?? {});
  return fc.tuple(fc.constant(section), fc.dictionary(fc.constantFrom('x', 'paht', ...keys), value, { maxKeys: 4 }));
});

it('any values give a complete configuration, with a problem for whatever is not taken', () => {
  fc.assert(
    fc.property(fc.array(known, { maxLength: 4 }), fc.option(fc.tuple(fc.constantFrom(...sections, 'other'), value)), (written, odd) => {
      writeFileSync(join(dir, 'crap.toml'), stringify({ ...Object.fromEntries(written), ...(odd && { [odd[0]]: odd[1] }) }), {
        mode: 0o640,
      });
      const { crap, problems } = loadConfig(dir, {});
      expect(Object.keys(crap).sort()).toEqual(expect.arrayContaining(sections));
      expect(typeof crap.jobs.poll_interval).toBe('number');
      for (const { file, message, code, line, remedy } of problems) {
        expect({ file, message: message !== '', code: code !== '', line: typeof line, remedy: typeof remedy }).toEqual({
          file: 'crap.toml',
          message: true,
          code: true,
          line: 'number',
          remedy: 'string',
        });
      }
    }),
    { numRuns: 200 },
  );
});

it('any text in any setting of the environment is taken or reported', () => {
  const names = Object.entries(SETTINGS).flatMap(([section, keys]) =>
    Object.keys(keys).map((key) => `MOONLIGHTER_${section}_${key}`.toUpperCase()),
  );
  rmSync(join(dir, 'crap.toml'), { force: true });
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...names), fc.oneof(fc.string(), fc.constantFrom('8', '10', '30s', 'lua54'))), (env) => {
      const { moonlighter, problems } = loadConfig(dir, env);
      expect(moonlighter.jobs.lease).toBeGreaterThan(0);
      expect(problems.every(({ field }) => field !== undefined && field in env)).toBe(true);
    }),
  );
});

it('any text is read or reported as broken TOML', () => {
  const token = fc.constantFrom('[', ']', '"', '=', '\n', 'jobs', '.', '{', '}', '1', "'''", '#', ' ', '__proto__', '[[', ',');
  fc.assert(
    fc.property(fc.array(token, { maxLength: 30 }), (tokens) => {
      writeFileSync(join(dir, 'crap.toml'), tokens.join(''), { mode: 0o640 });
      const { crap, problems } = loadConfig(dir, {});
      expect(crap.jobs.max_concurrent).toBe(10);
      expect(problems.every(({ file }) => file === 'crap.toml')).toBe(true);
    }),
  );
});

it('lines are found for headers, dotted and quoted keys, inline tables, and not inside long texts', () => {
  const text = [
    'crap_version = "x" # jobs = 1',
    'email.from_name = """',
    'jobs.max_concurrent = 1',
    '"""',
    '[ jobs ] # queues',
    '"poll_interval" = 1',
    'queues = { mail = { retries = 1 } }',
    '[jobs.queues."a b"]',
    'timeout=1',
    '[[live.rules]]',
    'x = 1',
  ].join('\n');
  const line = (...path: string[]) => lineOfKey(text, path);
  expect([line('crap_version'), line('email', 'from_name'), line('jobs'), line('jobs', 'poll_interval')]).toEqual([1, 2, 5, 6]);
  expect([line('jobs', 'queues', 'mail', 'retries'), line('jobs', 'queues', 'a b', 'timeout'), line('live', 'rules')]).toEqual([7, 9, 10]);
  expect([line('jobs', 'max_concurrent'), line('absent')]).toEqual([5, undefined]);
});
