import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { defaultCrapConfig } from '../../src/config/crap-config.js';
import { loadConfig } from '../../src/config/load-config.js';
import { defaultMoonlighterConfig, SETTINGS } from '../../src/config/moonlighter-config.js';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ml-c-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function load(crap: string, moonlighter?: string, env: Record<string, string> = {}) {
  writeFileSync(join(dir, 'crap.toml'), crap, { mode: 0o640 });
  if (moonlighter !== undefined) writeFileSync(join(dir, 'moonlighter.toml'), moonlighter);
  return loadConfig(dir, env);
}

const messages = (loaded: ReturnType<typeof loadConfig>) => loaded.problems.map(({ message }) => message);

describe('crap.toml', () => {
  it('missing or empty gives every default', () => {
    const { crap, problems, generation } = loadConfig(dir, {});
    expect(problems).toEqual([]);
    expect(generation).toBe(8);
    expect(crap).toEqual(defaultCrapConfig());
    expect(crap.jobs).toEqual({
      max_concurrent: 10,
      poll_interval: 1,
      cron_interval: 60,
      heartbeat_interval: 10,
      auto_purge: 604800,
      image_queue_batch_size: 10,
      queues: {},
    });
    expect(crap.hooks).toEqual({
      on_init: [],
      max_depth: 3,
      vm_pool_size: expect.any(Number),
      max_memory: 52428800,
      allow_private_networks: false,
      http_max_response_bytes: 10485760,
    });
    expect(crap.database).toEqual({ path: 'data/crap.db', pool_max_size: 64, busy_timeout: 30, connection_timeout: 30 });
    expect(crap.access.default_deny).toBe(true);
    expect(crap.pagination).toEqual({ default_limit: 20, max_limit: 1000, mode: 'page' });
    expect(crap.depth).toEqual({ default_depth: 1, max_depth: 10 });
    expect(crap.locale).toEqual({ default_locale: 'en', locales: [], fallback: true });
    expect(crap.auth.token_expiry).toBe(7200);
    expect(loadConfig(dir, {}).crap).toEqual(load('').crap);
  });

  it('takes every section, with durations and sizes resolved', () => {
    const { crap, problems } = load(`
crap_version = "0.1.0-alpha.8"
[server]
admin_port = 4000
compression = "gzip"
[database]
busy_timeout = 1500
connection_timeout = "5s"
[admin]
theme = { dark = true }
[hooks]
on_init = ["hooks.on_init"]
max_instructions = 0
max_memory = "100MB"
[auth]
token_expiry = "2h"
[depth]
max_depth = 4
[upload]
max_file_size = "50MB"
[email]
smtp_timeout = "1m"
[live]
enabled = true
[locale]
default_locale = "de"
locales = ["en", "de"]
[jobs]
poll_interval = "2s"
auto_purge = ""
priority_decay = 30
[jobs.queues.bulk]
concurrency = 2
timeout = "5m"
[cors]
[access]
default_deny = false
[pagination]
mode = "cursor"
[mcp]
[cache]
[logging]
[update]
channel = 1
`);
    expect(problems).toEqual([]);
    expect(crap.server).toMatchObject({ admin_port: 4000, compression: 'gzip' });
    expect(crap.database).toMatchObject({ busy_timeout: 1.5, connection_timeout: 5 });
    expect(crap.admin).toEqual({ theme: { dark: true } });
    expect(crap.hooks).toMatchObject({ on_init: ['hooks.on_init'], max_instructions: 0, max_memory: 104857600 });
    expect(crap.jobs).toMatchObject({ poll_interval: 2, priority_decay: 30, queues: { bulk: { concurrency: 2, timeout: 300 } } });
    expect(crap.jobs.auto_purge).toBeUndefined();
    expect(crap.update).toEqual({ channel: 1 });
    expect(structuredClone(crap)).toEqual(crap);
  });

  it('leaves the instruction limit undefined unless it is written', () => {
    expect(load('[hooks]\nmax_depth = 2').crap.hooks.max_instructions).toBeUndefined();
    expect(load('[hooks]\nmax_instructions = 5000').crap.hooks.max_instructions).toBe(5000);
  });

  it('lists all that is wrong together, each with its line and remedy', () => {
    const { problems, crap } = load(`[jobs]
pol_interval = 5
max_concurrent = "5"
poll_interval = 0
heartbeat_interval = "1h30m"
cron_interval = 1.5

[acess]
default_deny = true

[jobs.queues.email]
retires = 2

[pagination]
mode = "pages"
max_limit = -1
default_limit = 0
`);
    expect(problems.map(({ line, field, message }) => [line, field, message]).sort((a, b) => Number(a[0]) - Number(b[0]))).toEqual([
      [
        2,
        'jobs.pol_interval',
        "unknown field `pol_interval` in [jobs] (did you mean 'poll_interval'?), expected one of `max_concurrent`, `poll_interval`, `cron_interval`, `heartbeat_interval`, `auto_purge`, `image_queue_batch_size`, `priority_decay`, `queues`",
      ],
      [3, 'jobs.max_concurrent', 'jobs.max_concurrent: invalid type: string "5", expected an integer of at least 0'],
      [4, 'jobs.poll_interval', 'jobs.poll_interval must be > 0'],
      [
        5,
        'jobs.heartbeat_interval',
        'jobs.heartbeat_interval: invalid duration \'1h30m\': use an integer (seconds) or a string like "30s", "5m", "2h", "7d"',
      ],
      [6, 'jobs.cron_interval', expect.stringContaining('floating point `1.5`, expected an integer (seconds) or a string')],
      [8, 'acess', expect.stringMatching(/^unknown field `acess` \(did you mean 'access'\?\), expected one of `crap_version`, `server`/)],
      [12, 'jobs.queues.email.retires', expect.stringContaining("(did you mean 'retries'?)")],
      [15, 'pagination.mode', 'pagination.mode: invalid value: string "pages", expected one of "page", "cursor"'],
      [16, 'pagination.max_limit', 'pagination.max_limit: invalid value: integer `-1`, expected an integer of at least 0'],
      [17, 'pagination.default_limit', 'pagination.default_limit must be > 0'],
    ]);
    expect(problems.every(({ severity, file, remedy, code }) => severity === 'error' && file === 'crap.toml' && remedy && code)).toBe(true);
    expect(crap.jobs.heartbeat_interval).toBe(10);
  });

  it('says where a section is no table', () => {
    const { problems, crap } = load('jobs = 5\n');
    expect(problems).toMatchObject([{ field: 'jobs', line: 1, message: expect.stringMatching(/table/) }]);
    expect(crap.jobs.max_concurrent).toBe(10);
  });

  it('gives line and column of broken TOML, and every default', () => {
    const { problems, crap } = load('[jobs]\npoll_interval = = 2\n');
    expect(problems).toMatchObject([
      { code: 'CONFIG_SYNTAX', file: 'crap.toml', line: 2, message: expect.stringMatching(/not valid TOML: .*line 2, column \d+/) },
    ]);
    expect(crap.jobs.poll_interval).toBe(1);
  });

  it('warns of a misspelt key in a section that takes further keys, and takes it', () => {
    const { problems, crap } = load('[database]\npaht = "x.db"\nread_pool = 3\n');
    expect(problems).toMatchObject([{ severity: 'warning', line: 2, remedy: expect.stringContaining('path') }]);
    expect(crap.database).toMatchObject({ path: 'data/crap.db', paht: 'x.db', read_pool: 3 });
  });

  it('Regression: refuses locales that would share the columns of localized fields', () => {
    expect(messages(load('[locale]\nlocales = ["en", "pt-BR", "pt_br", "en"]\n'))).toEqual([
      "locales 'pt-BR' and 'pt_br' need the same columns: the values of a localized field are in columns such as title__pt_br",
      "locale 'en' stands twice in the list: the values of a localized field are in columns such as title__en",
    ]);
    expect(messages(load('[locale]\nlocales = ["en", "en-GB", "e-n"]\n'))).toEqual([]);
  });

  it('speaks of locales and of no jobs in the words of the reference', () => {
    expect(messages(load('[locale]\nlocales = ["en", "de"]\ndefault_locale = "fr"\n'))).toEqual([
      'default_locale \'fr\' must be included in the locales list ["en", "de"]',
    ]);
    expect(messages(load('[locale]\nlocales = ["en", "", "d e"]\n'))).toEqual([
      'Locale code must not be empty',
      "Invalid locale code 'd e': only ASCII alphanumeric, hyphens, and underscores allowed",
    ]);
    expect(load('[jobs]\nmax_concurrent = 0\n').problems).toMatchObject([
      { severity: 'warning', line: 2, message: 'jobs.max_concurrent = 0 — no jobs will be executed' },
    ]);
    expect(messages(load('[hooks]\nvm_pool_size = 0\n[database]\npool_max_size = 0\n'))).toEqual([
      'database.pool_max_size must be > 0',
      'hooks.vm_pool_size must be > 0',
    ]);
  });

  it('warns of a secret in a file that everybody may read', () => {
    writeFileSync(join(dir, 'crap.toml'), '[auth]\nsecret = "abc"\n');
    chmodSync(join(dir, 'crap.toml'), 0o644);
    expect(loadConfig(dir, {}).problems).toMatchObject([{ severity: 'warning', code: 'CONFIG_WORLD_READABLE', line: 2 }]);
    writeFileSync(join(dir, 'crap.toml'), `[auth]\nsecret = "\${SECRET:-abc}"\n`);
    expect(loadConfig(dir, {}).problems).toEqual([]);
  });
});

describe('what the reference takes and this host cannot heed', () => {
  const warnings = (crap: string) => load(crap).problems.map(({ severity, field, line }) => [severity, field, line]);

  it.each([
    ['crap_version = "banana"', 'crap_version', 1],
    ['[admin]\ndefault_timezone = "Europe/Berln"', 'admin.default_timezone', 2],
    ['[email]\nprovider = "sendgrid"', 'email.provider', 2],
    ['[email]\nsmtp_tls = "ssl"', 'email.smtp_tls', 2],
    ['[auth.password_policy]\nmin_lenght = 12', 'auth.password_policy.min_lenght', 2],
  ])('Regression: %s was taken in silence', (crap, field, line) => {
    expect(warnings(crap)).toEqual([['warning', field, line]]);
  });

  it('says nothing about what it heeds', () => {
    expect(warnings('crap_version = "^0.1.0-alpha.8"\n[admin]\ndefault_timezone = "Europe/Berlin"\n')).toEqual([]);
    expect(warnings('[email]\nprovider = "log"\nsmtp_tls = "none"\n[auth.password_policy]\nmin_length = 12\n')).toEqual([]);
  });

  it('Regression: an empty path of the database was opened as the folder', () => {
    const loaded = load('[database]\npath = ""\n');
    expect(loaded.problems).toMatchObject([
      { severity: 'error', code: 'CONFIG_INVALID', message: 'database.path must not be empty', line: 2, field: 'database.path' },
    ]);
  });

  it('Regression: of a list it names the element that is no string', () => {
    expect(messages(load('[hooks]\non_init = ["a.b", 1]\n'))).toEqual([
      'hooks.on_init: invalid type: integer `1` in the list, expected a list of strings',
    ]);
  });
});

describe('the environment in crap.toml', () => {
  const text = `[server]\nhost = "\${HOST:-0.0.0.0}"\n[jobs]\npoll_interval = "\${POLL:-2s}"\n[email]\nfrom_name = "a \${A} b \${B:-}"\n`;

  it('replaces references inside texts, defaults where unset or empty', () => {
    const { crap, problems } = load(text, undefined, { POLL: '5s', HOST: '', A: '1' });
    expect(problems).toEqual([]);
    expect(crap.server.host).toBe('0.0.0.0');
    expect(crap.jobs.poll_interval).toBe(5);
    expect(crap.email.from_name).toBe('a 1 b ');
  });

  it('names what is not set', () => {
    expect(load(text).problems).toMatchObject([
      {
        code: 'CONFIG_ENV_MISSING',
        line: 6,
        field: 'email.from_name',
        message: `Environment variable 'A' referenced in crap.toml is not set (use \${A:-default} for a fallback)`,
      },
    ]);
  });
});

describe('moonlighter.toml', () => {
  it('missing gives every default', () => {
    const { moonlighter, problems } = loadConfig(dir, {});
    expect(problems).toEqual([]);
    expect(moonlighter).toEqual(defaultMoonlighterConfig());
    expect(moonlighter.jobs).toEqual({ timezone: 'UTC', lease: 30, max_write_hold: 0, shutdown_grace: 10 });
    expect(moonlighter.workers.threads).toBeGreaterThanOrEqual(1);
    expect(moonlighter.lua).toEqual({ engine: 'lua54' });
    expect(moonlighter.server).toEqual({ host: '127.0.0.1', port: 7878 });
  });

  it('documents every setting', () => {
    for (const settings of Object.values(SETTINGS)) {
      for (const { description, defaultText } of Object.values(settings)) {
        expect(description).toMatch(/\.$/);
        expect(defaultText).not.toBe('');
      }
    }
  });

  it('takes durations to the millisecond, sizes and lists', () => {
    const { moonlighter, problems } = load(
      '',
      '[jobs]\nmax_write_hold = "250ms"\ntimezone = "Europe/Berlin"\n[lua]\nmax_memory = "8MB"\n[http]\nallow = ["127.0.0.1:80"]\n[database]\nsynchronous = "full"\n',
    );
    expect(problems).toEqual([]);
    expect(moonlighter.jobs).toMatchObject({ max_write_hold: 0.25, timezone: 'Europe/Berlin' });
    expect(moonlighter).toMatchObject({
      lua: { max_memory: 8388608 },
      http: { allow: ['127.0.0.1:80'] },
      database: { synchronous: 'full' },
    });
  });

  it('refuses what is wrong, with lines', () => {
    const { problems } = load(
      '',
      '[lua]\nengine = "luajit"\n[jobs]\ntimezone = "Europe/Berlim"\nleese = 1\n[compat]\ngeneration = 9\n[workers]\nthreads = 0\n',
    );
    expect(problems.map(({ line, message, file }) => [file, line, message])).toEqual(
      expect.arrayContaining([
        ['moonlighter.toml', 2, expect.stringContaining('luajit')],
        ['moonlighter.toml', 4, expect.stringContaining("(did you mean 'Europe/Berlin'?)")],
        ['moonlighter.toml', 5, expect.stringContaining("(did you mean 'lease'?)")],
        ['moonlighter.toml', 7, 'compat.generation: expected 8 or 10, found integer `9`'],
        ['moonlighter.toml', 9, 'workers.threads: invalid value: integer `0`, expected an integer from 1 to 256'],
      ]),
    );
    expect(problems).toHaveLength(5);
  });

  it('yields to the environment, which is checked too', () => {
    const env = {
      MOONLIGHTER_JOBS_MAX_WRITE_HOLD: '2s',
      MOONLIGHTER_WORKERS_THREADS: '3',
      MOONLIGHTER_HTTP_ALLOW: 'localhost:80, 10.0.0.0/8',
      MOONLIGHTER_SERVER_PORT: 'none',
      MOONLIGHTER_JOBS_LEESE: '1',
      MOONLIGHTER_OTHER: 'not ours',
    };
    const { moonlighter, problems } = load('', '[workers]\nthreads = 2\nslots = 9\n', env);
    expect(moonlighter.workers).toMatchObject({ threads: 3, slots: 9 });
    expect(moonlighter.jobs.max_write_hold).toBe(2);
    expect(moonlighter.http.allow).toEqual(['localhost:80', '10.0.0.0/8']);
    expect(problems.map(({ severity, field }) => [severity, field])).toEqual([
      ['error', 'MOONLIGHTER_SERVER_PORT'],
      ['warning', 'MOONLIGHTER_JOBS_LEESE'],
    ]);
  });
});

describe('[http] allow', () => {
  const good = [
    'localhost:8080',
    '10.1.0.0/16',
    'intranet.example',
    '127.0.0.1',
    '192.168.1.4:80',
    '::1',
    '[::1]:80',
    'fd00::/8',
    'my_host',
    ' Padded.example ',
  ];
  const bad = [
    '10.1.0.0/99',
    'fd00::/129',
    'http://x/',
    'a b',
    '',
    '*.example',
    'host:',
    'host:0',
    'host:70000',
    '[::1',
    '[x]:80',
    'x/8',
    'a..b',
    ':80',
  ];

  it('takes names, addresses and ranges', () => {
    const { moonlighter, problems } = load('', `[http]\nallow = ${JSON.stringify(good)}\n`);
    expect(problems).toEqual([]);
    expect(moonlighter.http.allow).toEqual(good);
  });

  it.each(bad)('Regression: %j could never match and was taken in silence', (entry) => {
    const { problems } = load('', `[http]\nallow = ["localhost", ${JSON.stringify(entry)}]\n`);
    expect(problems).toMatchObject([{ severity: 'error', code: 'CONFIG_VALUE', field: 'http.allow', line: 2 }]);
    expect(problems[0]?.message).toContain(`string ${JSON.stringify(entry)}, expected a host name, an address or a range`);
  });
});

describe('the generation', () => {
  it('Regression: a number in quotes is told from the number', () => {
    expect(messages(load('', '[compat]\ngeneration = "10"\n'))).toEqual(['compat.generation: expected 8 or 10, found string "10"']);
  });

  it.each([
    ['', undefined, 8],
    ['crap_version = "0.1.0-alpha.8"', undefined, 8],
    ['crap_version = "0.1.0-alpha.9"', undefined, 10],
    ['crap_version = "0.1.0-alpha.10"', undefined, 10],
    ['crap_version = "0.1.0"', undefined, 10],
    ['crap_version = "0.2"', undefined, 10],
    ['crap_version = "nonsense"', undefined, 8],
    ['crap_version = "0.1.0-alpha.10"', '[compat]\ngeneration = 8', 8],
    ['', '[compat]\ngeneration = 10', 10],
  ])('%s and %s', (crap, moonlighter, expected) => {
    expect(load(crap, moonlighter).generation).toBe(expected);
  });

  it('10 keeps runs longer and knows the queues of the framework', () => {
    const { crap } = load('crap_version = "0.1.0-alpha.10"\n[jobs.queues.email]\nconcurrency = 9\n');
    expect(crap.jobs.auto_purge).toBe(30 * 86_400);
    expect(crap.jobs.queues).toEqual({
      images: { concurrency: 2, timeout: 300, retries: 2 },
      email: { concurrency: 9, timeout: 30, retries: 3 },
      bulk: { concurrency: 1, timeout: 3600, retries: 0 },
    });
  });
});
