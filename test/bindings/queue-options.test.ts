import { describe, expect, it } from 'vitest';
import { parseQueueOptions } from '../../src/bindings/queue-options.js';
import { Float } from '../../src/domain/json.js';
import { LuaTable, type LuaValue } from '../../src/lua/value.js';

const NOW = Date.UTC(2026, 0, 1);
const parse = (options: Record<string, LuaValue>) => parseQueueOptions(new LuaTable(new Map(Object.entries(options))), NOW);

describe('options of crap.jobs.queue', () => {
  it('are optional', () => {
    expect(parseQueueOptions(undefined, NOW)).toEqual({});
    expect(parse({})).toEqual({});
  });

  it.each([
    [{ priority: 5 }, { priority: 5 }],
    [{ priority: new Float(-2) }, { priority: -2 }],
    [{ delay: 0 }, { dueAt: NOW }],
    [{ delay: 1.5 }, { dueAt: NOW + 1500 }],
    [{ delay: '30s' }, { dueAt: NOW + 30_000 }],
    [{ delay: '5m' }, { dueAt: NOW + 300_000 }],
    [{ delay: '1h' }, { dueAt: NOW + 3_600_000 }],
    [{ delay: '7d' }, { dueAt: NOW + 604_800_000 }],
    [{ delay: '90' }, { dueAt: NOW + 90_000 }],
    [{ run_at: NOW / 1000 + 60 }, { dueAt: NOW + 60_000 }],
    [{ run_at: '2026-01-31T08:00:00Z' }, { dueAt: Date.UTC(2026, 0, 31, 8) }],
    [{ run_at: '2026-01-31T08:00:00+02:00' }, { dueAt: Date.UTC(2026, 0, 31, 6) }],
    [{ run_at: '2026-01-31T08:00' }, { dueAt: Date.UTC(2026, 0, 31, 8) }],
    [{ run_at: '2026-01-31 08:00:00' }, { dueAt: Date.UTC(2026, 0, 31, 8) }],
    [{ run_at: '2026-01-31' }, { dueAt: Date.UTC(2026, 0, 31) }],
    [{ unique: 'mail:7' }, { uniqueKey: 'mail:7' }],
  ])('%j', (options, expected) => {
    expect(parse(options)).toEqual(expected);
  });

  it.each<[Record<string, LuaValue>, string]>([
    [{ priority: 'high' }, 'priority must be an integer (or omitted); got string'],
    [{ priority: 1.5 }, 'priority must be an integer (or omitted); got number'],
    [{ priority: 2 ** 31 }, 'priority must be an integer between -2147483648 and 2147483647; got 2147483648'],
    [{ delay: -1 }, 'delay must be non-negative; got -1'],
    [{ delay: '-5m' }, 'delay must be non-negative; got -5m'],
    [{ delay: new Float(Number.NaN) }, 'delay must be non-negative; got NaN'],
    [{ delay: new Float(Number.POSITIVE_INFINITY) }, 'delay of Infinity seconds ends beyond the calendar'],
    [{ delay: 'soon' }, "delay 'soon' is not a valid duration (expected seconds integer or '30s' / '5m' / '1h' / '7d')"],
    [{ delay: '' }, "delay '' is not a valid duration (expected seconds integer or '30s' / '5m' / '1h' / '7d')"],
    [{ delay: true }, "delay must be seconds or a duration text such as '30s' (or omitted); got boolean"],
    [{ run_at: 'tomorrow' }, "run_at 'tomorrow' is not a valid instant"],
    [{ run_at: '2026-02-30T00:00:00Z' }, "run_at '2026-02-30T00:00:00Z' is not a valid instant"],
    [{ run_at: true }, 'run_at must be an ISO 8601 text or Unix seconds (or omitted); got boolean'],
    [{ run_at: 1e15 }, 'run_at 1000000000000000 is no instant of the calendar (expected Unix seconds)'],
    [{ delay: 1, run_at: 1 }, 'delay and run_at are mutually exclusive'],
    [{ unique: '' }, 'unique key must be non-empty (or omit the option)'],
    [{ unique: 5 }, 'unique must be a string (or omitted); got integer'],
    [{ priorty: 5 }, "Unknown queue option key 'priorty' (did you mean 'priority'?). Valid keys: priority, delay, run_at, unique"],
    [{ zzz: 5 }, "Unknown queue option key 'zzz'. Valid keys: priority, delay, run_at, unique"],
  ])('refuses %j', (options, text) => {
    expect(() => parse(options)).toThrow(text);
  });
});
