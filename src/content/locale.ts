/** The locale that a call works in (Lua API 4.1). */
import type { ContentContext } from './context.js';
import { refused } from './failure.js';

/**
 * What a caller's `locale` means: undefined = the default locale or locales are off; "all" only where `mayBeAll`
 * (elsewhere it is the default locale). Unknown codes are an error in every call that takes the option.
 */
export function localeOf(ctx: ContentContext, given: string | undefined, mayBeAll: boolean): string | undefined {
  const { locales, default: initial } = ctx.settings.locale;
  if (locales.length === 0 || given === undefined) return undefined;
  if (given === 'all') return mayBeAll ? 'all' : undefined;
  if (!locales.includes(given)) {
    throw refused('LOCALE_INVALID', `Invalid locale '${given}'. Available locales: ${locales.join(', ')}`);
  }
  return given === initial ? undefined : given;
}

/** Of a write: generation 10 refuses "all", which names no place to write to. */
export function localeOfWrite(ctx: ContentContext, given: string | undefined): string | undefined {
  const locale = localeOf(ctx, given, true);
  if (locale !== 'all' || ctx.settings.generation === 8) return locale;
  throw refused('LOCALE_INVALID', `locale = "all" is for reads: a write names one of ${ctx.settings.locale.locales.join(', ')}`);
}
