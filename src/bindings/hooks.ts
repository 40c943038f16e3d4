/** crap.hooks (Lua API 2.6): lists of functions live in Lua (lua-stdlib/crap/hooks.lua); here stands what checks arguments and events. */
import { COLLECTION_HOOKS } from '../content/schema.js';
import { didYouMean } from '../domain/suggest.js';
import { BindingError } from '../lua/errors.js';
import type { Binding } from '../lua/vm.js';
import { binding, NOTHING } from './binding.js';
import { definitionSite } from './definition-site.js';
import type { Session } from './session.js';

/** `before_render` is the admin pages'; a definition has no list for it. */
const EVENTS: readonly string[] = [...COLLECTION_HOOKS, 'before_render'];

export function hookHostBindings(session: Session): Record<string, Binding> {
  return {
    // Called with wrong arguments only, for the text of the error.
    check_hook: binding(['string', 'function'], (_event, fn) => {
      session.vm.release(fn);
      return NOTHING;
    }),
    check_event: binding(['string'], () => NOTHING),
    known_event: binding(['string', 'string'], (event, call) => {
      if (EVENTS.includes(event)) return NOTHING;
      const text = `crap.hooks.${call}: unknown event '${event}'. Known events: ${EVENTS.join(', ')}`;
      if (session.options.generation >= 10) throw new BindingError('UNKNOWN_EVENT', text);
      if (call === 'remove') return NOTHING;
      session.log('warn', text);
      // A hook that never runs is a typing error: `check` shows it too.
      if (session.phase === 'loading') {
        const remedy = `register one of the known events${didYouMean(event, EVENTS)}`;
        session.problems.push({ severity: 'warning', code: 'UNKNOWN_EVENT', message: text, ...definitionSite(session), remedy });
      }
      return NOTHING;
    }),
  };
}
