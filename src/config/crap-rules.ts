/** What must hold between the values of crap.toml, in the reference's words (Lua API 1.4, jobs page 6). */
import { isTimeZone, timeZones } from '../domain/schedule.js';
import { didYouMean } from '../domain/suggest.js';
import type { CrapConfig } from './crap-config.js';
import { isVersion } from './generation.js';

export interface RuleBreach {
  severity: 'error' | 'warning';
  /** Path of the key. */
  path: readonly string[];
  message: string;
  remedy?: string;
}

const POSITIVE: readonly (readonly [section: keyof CrapConfig, key: string])[] = [
  ['database', 'pool_max_size'],
  ['database', 'connection_timeout'],
  ['pagination', 'default_limit'],
  ['pagination', 'max_limit'],
  ['hooks', 'vm_pool_size'],
  ['jobs', 'poll_interval'],
  ['jobs', 'cron_interval'],
  ['jobs', 'heartbeat_interval'],
];

const SMTP_TLS: readonly string[] = ['starttls', 'tls', 'none'];

/** Every breach, in the order of the file's sections. */
export function ruleBreaches(config: CrapConfig): RuleBreach[] {
  const breaches: RuleBreach[] = [];
  for (const [section, key] of POSITIVE) {
    const value = (config[section] as Record<string, unknown>)[key];
    if (value === 0) {
      breaches.push({
        severity: 'error',
        path: [section, key],
        message: `${section}.${key} must be > 0`,
        remedy: 'write a larger value, or remove the key for the default',
      });
    }
  }
  if (config.database.path.trim() === '') {
    breaches.push({
      severity: 'error',
      path: ['database', 'path'],
      message: 'database.path must not be empty',
      remedy: 'write the path of the SQLite file, or remove the key for data/crap.db',
    });
  }
  breaches.push(...localeBreaches(config));
  if (config.jobs.max_concurrent === 0) {
    breaches.push({
      severity: 'warning',
      path: ['jobs', 'max_concurrent'],
      message: 'jobs.max_concurrent = 0 — no jobs will be executed',
      remedy: 'write at least 1 where runs shall be executed',
    });
  }
  breaches.push(...unheeded(config));
  return breaches;
}

/** Values that the reference takes and that do not do what they seem to say; each is a warning. */
function unheeded({ crap_version: version, admin, email }: CrapConfig): RuleBreach[] {
  const breaches: RuleBreach[] = [];
  const warn = (path: string[], message: string, remedy: string) => breaches.push({ severity: 'warning', path, message, remedy });
  if (version !== undefined && !isVersion(version)) {
    warn(
      ['crap_version'],
      `crap_version "${version}" is no version: it does not say for which generation the project was written`,
      'write one such as "0.1.0-alpha.8"',
    );
  }
  if (admin.default_timezone !== undefined && !isTimeZone(admin.default_timezone)) {
    const zone = `admin.default_timezone "${admin.default_timezone}" is no time zone${didYouMean(admin.default_timezone, timeZones())}`;
    warn(['admin', 'default_timezone'], `${zone}: dates that take it are refused`, 'write an IANA name such as "Europe/Berlin"');
  }
  if (email.provider !== 'smtp' && email.provider !== 'log') {
    const message = `email.provider "${email.provider}" is not served here: mails are written to the log and not sent`;
    warn(['email', 'provider'], message, 'write "smtp" with smtp_host, or "log" where that is meant');
  }
  if (!SMTP_TLS.includes(email.smtp_tls)) {
    const known = SMTP_TLS.map((value) => `"${value}"`).join(', ');
    warn(['email', 'smtp_tls'], `email.smtp_tls "${email.smtp_tls}" is none of ${known}: mails cannot be sent`, `write one of ${known}`);
  }
  return breaches;
}

/** Names of columns have no hyphens, and case makes no difference to them. */
function columnSuffix(code: string): string {
  return code.replaceAll('-', '_').toLowerCase();
}

function localeBreaches({ locale }: CrapConfig): RuleBreach[] {
  const breaches: RuleBreach[] = [];
  const error = (key: string, message: string, remedy: string) =>
    breaches.push({ severity: 'error', path: ['locale', key], message, remedy });
  for (const code of locale.locales) {
    if (code === '') error('locales', 'Locale code must not be empty', 'remove the empty text from the list');
    else if (!/^[A-Za-z0-9_-]+$/.test(code)) {
      error(
        'locales',
        `Invalid locale code '${code}': only ASCII alphanumeric, hyphens, and underscores allowed`,
        'write codes such as "en" or "de-AT"',
      );
    }
  }
  for (const [i, code] of locale.locales.entries()) {
    const other = locale.locales.slice(0, i).find((earlier) => columnSuffix(earlier) === columnSuffix(code));
    if (other === undefined) continue;
    const what = other === code ? `locale '${code}' stands twice in the list` : `locales '${other}' and '${code}' need the same columns`;
    error('locales', `${what}: the values of a localized field are in columns such as title__${columnSuffix(code)}`, 'keep one of them');
  }
  if (locale.locales.length > 0 && !locale.locales.includes(locale.default_locale)) {
    const list = `[${locale.locales.map((code) => JSON.stringify(code)).join(', ')}]`;
    error(
      'default_locale',
      `default_locale '${locale.default_locale}' must be included in the locales list ${list}`,
      'add it to locales, or choose one of them',
    );
  }
  return breaches;
}
