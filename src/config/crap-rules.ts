/** What must hold between the values of crap.toml, in the reference's words (Lua API 1.4, jobs page 6). */
import type { CrapConfig } from './crap-config.js';

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
  breaches.push(...localeBreaches(config));
  if (config.jobs.max_concurrent === 0) {
    breaches.push({
      severity: 'warning',
      path: ['jobs', 'max_concurrent'],
      message: 'jobs.max_concurrent = 0 — no jobs will be executed',
      remedy: 'write at least 1 where runs shall be executed',
    });
  }
  return breaches;
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
