import { describe, expect, it } from 'vitest';
import type { Problem } from '../../src/domain/errors.js';
import { Float } from '../../src/domain/json.js';
import type { BindingError } from '../../src/lua/errors.js';
import { LuaTable, type LuaValue, Opaque } from '../../src/lua/value.js';
import { type JobParseOptions, parseJob } from '../../src/project/define-job.js';

function table(fields: { [key: string]: LuaValue }): LuaTable {
  const entries = Object.entries(fields).map(([key, value]) => [key, isPlain(value) ? table(value) : value] as const);
  return new LuaTable(new Map(entries), 0);
}

function isPlain(value: LuaValue): value is { [key: string]: LuaValue } {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

const parse = (fields: { [key: string]: LuaValue }, options: Partial<JobParseOptions> = {}) =>
  parseJob('x', table(fields), { generation: 8, ...options });
const run = { handler: 'jobs.x.run' };
const inner = (fields: { [key: string]: LuaValue }, options?: Partial<JobParseOptions>) => {
  try {
    parse(fields, options);
  } catch (error) {
    const { problems } = (error as BindingError).details as { problems: Problem[] };
    return problems.map(({ message }) => message.replace(/^Failed to parse job 'x': /, '')).join('; ');
  }
  throw new Error('it was taken');
};

describe('a definition', () => {
  it('has the defaults of the reference', () => {
    expect(parse(run)).toEqual({
      slug: 'x',
      handler: { ref: 'jobs.x.run' },
      queue: 'default',
      retries: 0,
      timeout: 60,
      concurrency: 1,
      skipIfRunning: true,
      priority: 0,
      transaction: true,
    });
  });

  it('takes every key', () => {
    const definition = parse(
      {
        handler: { ref: 'jobs.x.run', options: { size: 3 } },
        schedule: '0 8 * * 1',
        timezone: 'Europe/Berlin',
        queue: 'mail',
        retries: 3,
        timeout: 5,
        concurrency: 10,
        skip_if_running: false,
        priority: -2,
        labels: { singular: 'Digest' },
        access: 'access.jobs.admin',
        transaction: 'immediate',
      },
      { file: 'jobs/x.lua', line: 7 },
    );
    expect(definition).toEqual({
      slug: 'x',
      handler: { ref: 'jobs.x.run', options: { size: 3 } },
      schedule: '0 8 * * 1',
      timezone: 'Europe/Berlin',
      queue: 'mail',
      retries: 3,
      timeout: 5,
      concurrency: 10,
      skipIfRunning: false,
      priority: -2,
      label: 'Digest',
      access: { ref: 'access.jobs.admin' },
      transaction: 'immediate',
      file: 'jobs/x.lua',
      line: 7,
    });
    expect(structuredClone(definition)).toEqual(definition);
  });

  it.each([
    ['3', 3],
    [' 3 ', 3],
    ['0x10', 16],
    [new Float(2), 2],
    ['2.0', 2],
    [0, 0],
  ])('takes the whole number %s', (written, retries) => {
    expect(parse({ ...run, retries: written }).retries).toBe(retries);
  });

  it('takes numbers for texts, as the reference does', () => {
    expect(parse({ handler: 42, queue: 5.5 })).toMatchObject({ handler: { ref: '42' }, queue: '5.5' });
  });
});

describe('what is refused', () => {
  it.each<[{ [key: string]: LuaValue }, string | RegExp]>([
    [{}, "Job 'x' missing required 'handler' field"],
    [{ handler: '' }, /^Job 'x' missing required 'handler' field/],
    [{ handler: new Opaque('function') }, "Job 'x' missing required 'handler' field: expected a function reference, got function"],
    [{ handler: { options: {} } }, /^Job 'x' missing required 'handler' field/],
    [{ ...run, schedule: 'every day' }, /^Job 'x' has invalid cron expression 'every day': expected five fields/],
    [
      { ...run, schedule: '60 * * * *' },
      `Job 'x' has invalid cron expression '60 * * * *': minute: expected a number from 0 to 59, found "60"`,
    ],
    [{ ...run, schedule: '' }, /^Job 'x' has invalid cron expression ''/],
    [{ ...run, schedule: '0 0 30 2 *' }, /^Job 'x' has invalid cron expression '0 0 30 2 \*': it never comes due/],
    [{ ...run, schedule: {} }, "Job config key 'schedule' expected a cron text, got table"],
    [{ ...run, skip_if_running: 'yes' }, "runtime error: Field config key 'skip_if_running' expected a boolean, got string"],
    [{ ...run, skip_if_running: 1 }, "runtime error: Field config key 'skip_if_running' expected a boolean, got integer"],
    [{ ...run, retries: -1 }, "Job config key 'retries' expected a whole number from 0 to 4294967294, got integer -1"],
    [{ ...run, retries: 2.5 }, /'retries' expected a whole number.*got number 2\.5$/],
    [{ ...run, timeout: '5m' }, `Job config key 'timeout' expected a whole number of seconds of at least 1, got string "5m"`],
    [{ ...run, timeout: 0 }, "Job 'x' has `timeout = 0`: it must be at least 1 second"],
    [{ ...run, concurrency: true }, /'concurrency' expected a whole number.*got boolean$/],
    [{ ...run, priority: 3e9 }, /'priority' expected a whole number from -2147483648 to 2147483647/],
    [
      { ...run, timezone: 'Europe/Berlim' },
      /'timezone' expected the name of an IANA time zone, got string "Europe\/Berlim" \(did you mean 'Europe\/Berlin'\?\)$/,
    ],
    [{ ...run, labels: 'Digest' }, /'labels' expected a table/],
    [{ ...run, labels: { singula: 'Digest' } }, "Unknown key 'singula' in 'labels' (did you mean 'singular'?)"],
    [{ ...run, access: new Opaque('function') }, "Job config key 'access' expected a function reference, got function"],
    [{ ...run, transaction: 'maybe' }, /'transaction' expected true, false or "immediate"/],
    [{ ...run, retrys: 2 }, /^Unknown job config key 'retrys' \(did you mean 'retries'\?\)\. Valid keys: handler, schedule, /],
    [{ ...run, backof: {} }, /^Unknown job config key 'backof'/],
    [{ ...run, handler: { ref: 'a.b', opts: 1 } }, "Job config key 'handler' takes only 'ref' and 'options', got 'opts'"],
  ])('%j', (fields, expected) => {
    if (typeof expected === 'string') expect(inner(fields)).toBe(expected);
    else expect(inner(fields)).toMatch(expected);
  });

  it("raises the reference's text; why stands in the list of problems", () => {
    const raised = (fields: { [key: string]: LuaValue }) => {
      try {
        return parse(fields);
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(raised({ ...run, schedule: 'every day' })).toBe("Failed to parse job 'x': Job 'x' has invalid cron expression 'every day'");
    expect(raised({ handler: new Opaque('function') })).toBe("Failed to parse job 'x': Job 'x' missing required 'handler' field");
  });

  it('is listed together, in the order of the reference, with file, line and remedy', () => {
    const fields = { bakoff: 1, timeout: 0, skip_if_running: 1, schedule: 'x' };
    expect(() => parse(fields, { file: 'jobs/x.lua', line: 3 })).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(
          /^Failed to parse job 'x': Job 'x' missing required 'handler' field; Job 'x' has invalid cron .*; runtime error: Field config key/,
        ),
        details: {
          slug: 'x',
          problems: ['handler', 'schedule', 'skip_if_running', 'timeout', 'bakoff'].map((field) =>
            expect.objectContaining({ severity: 'error', field, file: 'jobs/x.lua', line: 3, remedy: expect.any(String) }),
          ),
        },
      }),
    );
  });
});

describe('generation 10', () => {
  it('gives each call its own transaction, and the retries of the queue', () => {
    const queues = { mail: { retries: 4 } };
    expect(parse({ ...run, queue: 'mail' }, { generation: 10, queues })).toMatchObject({ transaction: false, retries: 4 });
    expect(parse({ ...run, queue: 'mail', retries: 0, transaction: true }, { generation: 10, queues })).toMatchObject({
      transaction: true,
      retries: 0,
    });
    expect(parse({ ...run, queue: 'mail' }, { generation: 8, queues }).retries).toBe(0);
  });

  it('checks the slug', () => {
    expect(() => parseJob('My Job', table(run), { generation: 10 })).toThrow(/Invalid slug 'My Job'/);
    expect(parseJob('My Job', table(run), { generation: 8 }).slug).toBe('My Job');
  });
});
