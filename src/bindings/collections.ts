/** crap.collections (Lua API 2.3, 4): define and config, and the operations of content/ as Lua calls them. */
import { count } from '../content/count.js';
import { create } from '../content/create.js';
import { createMany } from '../content/create-many.js';
import { remove } from '../content/delete.js';
import { deleteMany } from '../content/delete-many.js';
import { find } from '../content/find.js';
import { findById } from '../content/find-by-id.js';
import { listVersions } from '../content/list-versions.js';
import { parseCollection } from '../content/parse-collection.js';
import { parseQuery } from '../content/query.js';
import { refCount } from '../content/ref-count.js';
import { renderCollection } from '../content/render-config.js';
import { restoreVersion } from '../content/restore-version.js';
import { undelete } from '../content/undelete.js';
import { unpublish } from '../content/unpublish.js';
import { update } from '../content/update.js';
import { updateMany } from '../content/update-many.js';
import { validateDocument } from '../content/validate-document.js';
import type { Op } from '../domain/op.js';
import { LuaTable, type LuaValue } from '../lua/value.js';
import type { Binding } from '../lua/vm.js';
import { binding, NOTHING } from './binding.js';
import { checkPhase, defining, definitionSite } from './definition-site.js';
import { inCall } from './effects.js';
import { withPagination } from './pagination.js';
import type { Session } from './session.js';

const DEFINE_LATE =
  'crap.collections.define must be called from a definition file or init.lua for a NEW collection — runtime registration does not create the table or admin routes. Re-defining an already-registered collection is allowed.';

export function collectionBindings(session: Session): Record<string, Binding> {
  const content = () => session.contentContext();
  return {
    define: binding(['string', 'table'], (slug, config) => {
      const { registry, options } = session;
      checkPhase(session, 'collection', registry.collections.has(slug), DEFINE_LATE);
      defining(session, () => {
        const parsed = parseCollection(slug, config, { generation: options.generation, ...definitionSite(session) });
        session.problems.push(...parsed.warnings);
        registry.collections.set(slug, parsed.definition);
      });
      return NOTHING;
    }),
    find: binding(['string', 'table?'], function* (slug, query) {
      return withPagination(yield* find(content(), slug, parseQuery(query)), session.options.generation);
    }),
    find_by_id: binding(['string', 'string', 'table?'], function* (slug, id, options) {
      return (yield* findById(content(), slug, id, parseQuery(options))) as LuaValue;
    }),
    count: binding(['string', 'table?'], function* (slug, query) {
      return yield* count(content(), slug, parseQuery(query));
    }),
    create: binding(['string', 'table', 'table?'], (slug, data, options) =>
      inCall(session, () => create(content(), slug, data, parseQuery(options)) as Op<LuaValue>),
    ),
    update: binding(['string', 'string', 'table', 'table?'], (slug, id, data, options) =>
      inCall(session, () => update(content(), slug, id, data, parseQuery(options)) as Op<LuaValue>),
    ),
    delete: binding(['string', 'string', 'table?'], (slug, id, options) =>
      inCall(session, () => remove(content(), slug, id, parseQuery(options))),
    ),
    undelete: binding(['string', 'string', 'table?'], (slug, id, options) =>
      inCall(session, () => undelete(content(), slug, id, parseQuery(options))),
    ),
    unpublish: binding(['string', 'string', 'table?'], (slug, id, options) =>
      inCall(session, () => unpublish(content(), slug, id, parseQuery(options)) as Op<LuaValue>),
    ),
    validate: binding(['string', 'table', 'table?'], function* (slug, data, options) {
      return (yield* validateDocument(content(), slug, data, parseQuery(options))) as LuaValue;
    }),
    create_many: binding(['string', 'table', 'table?'], (slug, items, options) =>
      inCall(session, () => createMany(content(), slug, items, parseQuery(options)) as Op<LuaValue>),
    ),
    update_many: binding(['string', 'table', 'table', 'table?'], (slug, query, data, options) =>
      inCall(session, () => updateMany(content(), slug, parseQuery(query), data, parseQuery(options)) as Op<LuaValue>),
    ),
    delete_many: binding(['string', 'table', 'table?'], (slug, query, options) =>
      inCall(session, () => deleteMany(content(), slug, parseQuery(query), parseQuery(options)) as Op<LuaValue>),
    ),
    list_versions: binding(['string', 'string', 'table?'], function* (slug, id, options) {
      return withPagination(yield* listVersions(content(), slug, id, parseQuery(options)), session.options.generation);
    }),
    restore_version: binding(['string', 'string', 'string', 'table?'], (slug, id, version, options) =>
      inCall(session, () => restoreVersion(content(), slug, id, version, parseQuery(options)) as Op<LuaValue>),
    ),
    ref_count: binding(['string', 'string', 'any'], function* (slug, id, options) {
      return yield* refCount(content(), slug, id, parseQuery(options instanceof LuaTable ? options : undefined));
    }),
  };
}

/** crap.collections.config: the lossy rendering that plugins read, append to and define again. */
export function collectionConfigBindings(session: Session): Record<string, Binding> {
  const { collections } = session.registry;
  return {
    get: binding(['string'], (slug) => {
      const definition = collections.get(slug);
      return definition && renderCollection(definition);
    }),
    list: binding([], () => Object.fromEntries([...collections].map(([slug, definition]) => [slug, renderCollection(definition)]))),
  };
}
