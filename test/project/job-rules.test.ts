/** The keys of a job's definition that only Moonlighter has. */
import { describe, expect, it } from 'vitest';
import { LuaTable, type LuaValue } from '../../src/lua/value.js';
import { parseJob } from '../../src/project/define-job.js';

const table = (entries: Record<string, LuaValue> | LuaValue[]): LuaTable =>
  Array.isArray(entries)
    ? new LuaTable(new Map(entries.map((value, i) => [i + 1, value])), entries.length)
    : new LuaTable(new Map(Object.entries(entries)));
const parse = (rules: Record<string, LuaValue>) => parseJob('j', table({ handler: 'jobs.j.run', ...rules }), { generation: 8 });

const schedule = '0 8 * * *';

describe('rules of a job', () => {
  it.each<[string, Record<string, LuaValue>, object]>([
    ['key_concurrency', { key_concurrency: 3 }, { keyConcurrency: 3 }],
    ['rate_limit', { rate_limit: table({ limit: 10, per: '1m' }) }, { rateLimit: { limit: 10, per: 60 } }],
    ['backoff as a list', { backoff: table([5, '1m']) }, { backoff: { kind: 'list', seconds: [5, 60] } }],
    [
      'backoff as a curve',
      { backoff: table({ base: '250ms', jitter: 0.5 }) },
      { backoff: { kind: 'curve', base: 0.25, factor: 2, max: 300, jitter: 0.5 } },
    ],
    ['backoff as a function', { backoff: 'jobs.j.delay' }, { backoff: { kind: 'function', function: { ref: 'jobs.j.delay' } } }],
    [
      'backoff with options',
      { backoff: table({ ref: 'jobs.j.delay', options: table({ a: true }) }) },
      { backoff: { kind: 'function', function: { ref: 'jobs.j.delay', options: { a: true } } } },
    ],
    ['retention for all', { retention: '2d' }, { retention: { completed: 172_800, failed: 172_800, stale: 172_800, cancelled: 172_800 } }],
    ['retention by status', { retention: table({ failed: '30d' }) }, { retention: { failed: 2_592_000 } }],
    ['on_lost', { on_lost: 'stale' }, { onLost: 'stale' }],
    ['misfire', { schedule, misfire: 'all', misfire_limit: 5 }, { misfire: 'all', misfireLimit: 5 }],
    ['dst', { schedule, dst: table({ gap: 'after' }) }, { dst: { gap: 'after' } }],
    [
      'window',
      { schedule, from: '2026-01-01', until: '2026-02-01T00:00:00+01:00' },
      { from: Date.UTC(2026, 0, 1), until: Date.UTC(2026, 0, 31, 23) },
    ],
    ['jitter', { schedule, jitter: '10s' }, { jitter: 10 }],
    ['max_instructions', { max_instructions: 5_000_000 }, { maxInstructions: 5_000_000 }],
    ['max_memory', { max_memory: '64MB' }, { maxMemory: 67_108_864 }],
    ['max_memory in bytes', { max_memory: 1_000_000 }, { maxMemory: 1_000_000 }],
  ])('%s', (_name, rules, expected) => {
    expect(parse(rules)).toMatchObject(expected);
  });

  it.each<[Record<string, LuaValue>, string]>([
    [{ key_concurrency: 0 }, "'key_concurrency' expected a whole number from 1"],
    [{ rate_limit: 5 }, '\'rate_limit\' expected { limit = 10, per = "1m" }, got integer 5'],
    [{ rate_limit: table({ limit: 1, per: 0 }) }, "'rate_limit.per' expected a duration above zero"],
    [{ rate_limit: table({ limit: 1, pro: 5 }) }, "Unknown key 'pro' in 'rate_limit'"],
    [{ backoff: true }, "'backoff' expected { 5, 30, 300 }"],
    [{ backoff: table([5, 'soon']) }, `'backoff[2]' expected seconds or a text such as "30s", "5m", "2h", "7d", got string "soon"`],
    [{ backoff: table({ jitter: 2 }) }, "'backoff.jitter' expected a number from 0 to 1, got integer 2"],
    [{ retention: table({ completd: 5 }) }, "Unknown key 'completd' in 'retention'"],
    [{ on_lost: 'stal' }, `'on_lost' expected "retry" or "stale", got string "stal"`],
    [{ schedule, misfire: 'never' }, `'misfire' expected "skip" or "once" or "all"`],
    [{ schedule, from: 'soon' }, "'from' expected an ISO 8601 text"],
    [{ schedule, from: '2026-02-01', until: '2026-01-01' }, "'until' is not after 'from'"],
    [{ misfire: 'once' }, "'misfire' has no meaning without 'schedule'"],
    [{ max_instructions: 0 }, "'max_instructions' expected a whole number of at least 1"],
    [{ max_memory: 0 }, "'max_memory' expected bytes above zero"],
    [{ max_memory: '64 megs' }, `'max_memory' expected bytes above zero or a text such as "500KB", "64MB", "1GB", got string "64 megs"`],
  ])('refuses %j', (rules, message) => {
    expect(() => parse(rules)).toThrow(message);
  });
});
