/** crap.globals (Lua API 2.4, 4.13): define and config, get and update. */
import { getGlobal } from '../content/global-get.js';
import { updateGlobal } from '../content/global-update.js';
import { listGlobalVersions, restoreGlobalVersion, unpublishGlobal, validateGlobal } from '../content/global-versions.js';
import { parseGlobal } from '../content/parse-global.js';
import { parseQuery } from '../content/query.js';
import { renderGlobal } from '../content/render-config.js';
import type { Op } from '../domain/op.js';
import type { LuaValue } from '../lua/value.js';
import type { Binding } from '../lua/vm.js';
import { binding, NOTHING } from './binding.js';
import { checkPhase, defining, definitionSite } from './definition-site.js';
import { inCall } from './effects.js';
import { withPagination } from './pagination.js';
import type { Session } from './session.js';

const DEFINE_LATE =
  'crap.globals.define must be called from a definition file or init.lua for a NEW global — runtime registration does not create the row or admin routes. Re-defining an already-registered global is allowed.';

export function globalBindings(session: Session): Record<string, Binding> {
  return {
    ...(session.options.generation === 10 ? laterBindings(session) : {}),
    define: binding(['string', 'table'], (slug, config) => {
      const { registry, options } = session;
      checkPhase(session, 'global', registry.globals.has(slug), DEFINE_LATE);
      defining(session, () => {
        const parsed = parseGlobal(slug, config, { generation: options.generation, ...definitionSite(session) });
        session.problems.push(...parsed.warnings);
        registry.globals.set(slug, parsed.definition);
      });
      return NOTHING;
    }),
    get: binding(['string', 'table?'], function* (slug, options) {
      return (yield* getGlobal(session.contentContext(), slug, parseQuery(options))) as LuaValue;
    }),
    update: binding(['string', 'table', 'table?'], (slug, data, options) =>
      inCall(session, () => updateGlobal(session.contentContext(), slug, data, parseQuery(options)) as Op<LuaValue>),
    ),
  };
}

/** What the later generation has beside get and update. */
function laterBindings(session: Session): Record<string, Binding> {
  const content = () => session.contentContext();
  return {
    validate: binding(['string', 'table', 'table?'], function* (slug, data, options) {
      return (yield* validateGlobal(content(), slug, data, parseQuery(options))) as LuaValue;
    }),
    unpublish: binding(['string', 'table?'], (slug, options) =>
      inCall(session, () => unpublishGlobal(content(), slug, parseQuery(options)) as Op<LuaValue>),
    ),
    list_versions: binding(['string', 'table?'], function* (slug, options) {
      return withPagination(yield* listGlobalVersions(content(), slug, parseQuery(options)), session.options.generation);
    }),
    restore_version: binding(['string', 'string', 'table?'], (slug, version, options) =>
      inCall(session, () => restoreGlobalVersion(content(), slug, version, parseQuery(options)) as Op<LuaValue>),
    ),
  };
}

/** crap.globals.config, as for collections. */
export function globalConfigBindings(session: Session): Record<string, Binding> {
  const { globals } = session.registry;
  return {
    get: binding(['string'], (slug) => {
      const definition = globals.get(slug);
      return definition && renderGlobal(definition);
    }),
    list: binding([], () => Object.fromEntries([...globals].map(([slug, definition]) => [slug, renderGlobal(definition)]))),
  };
}
