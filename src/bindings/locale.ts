/** crap.locale (Lua API 2.10). Localisation is on when [locale] locales is not empty. */
import type { Binding } from '../lua/vm.js';
import { binding } from './binding.js';
import type { Session } from './session.js';

export function localeBindings(session: Session): Record<string, Binding> {
  const { locale } = session.options.config;
  return {
    get_default: binding([], () => locale.default_locale),
    get_all: binding([], () => [...locale.locales]),
    is_enabled: binding([], () => locale.locales.length > 0),
  };
}
