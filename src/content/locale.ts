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
