/** crap.richtext (Lua API 2.17): custom nodes, registered while the project loads, and rendering with them. */
import type { JsonObject } from '../domain/json.js';
import type { Op } from '../domain/op.js';
import { BindingError } from '../lua/errors.js';
import { luaTypeName } from '../lua/type-names.js';
import { type LuaFunction, LuaTable, type LuaValue } from '../lua/value.js';
import type { Binding } from '../lua/vm.js';
import { binding, NOTHING } from './binding.js';
import { isLuaFunction, releaseFunctions } from './held-functions.js';
import { renderRichtext } from './richtext-render.js';
import type { Session } from './session.js';

const LATE =
  'crap.richtext.register_node must be called from init.lua or a definition file — runtime registration only lands in one VM of the pool';

/** Names of ProseMirror's own nodes. */
const BUILT_IN = [
  'doc',
  'paragraph',
  'heading',
  'blockquote',
  'code_block',
  'horizontal_rule',
  'image',
  'hard_break',
  'bullet_list',
  'ordered_list',
  'list_item',
  'text',
];

export function richtextBindings(session: Session): Record<string, Binding> {
  const { vm } = session;
  const nodes = new Map<string, LuaFunction | undefined>();

  function* renderNode(name: string, attributes: JsonObject): Op<string | undefined> {
    const render = nodes.get(name);
    if (!render) return undefined;
    const [html] = yield* vm.call(render, [attributes as LuaValue]);
    if (typeof html === 'string') return html;
    throw new BindingError('RICHTEXT_RENDER', `Render error: node '${name}' returned ${luaTypeName(html)} instead of a string`);
  }

  return {
    register_node: binding(
      ['string', 'table'],
      (name, spec) => {
        const given = spec.get('render');
        const render = isLuaFunction(given) ? given : undefined;
        releaseFunctions(vm, spec, render);
        try {
          if (session.phase !== 'loading') throw new BindingError('REGISTER_LATE', LATE);
          checkNode(name, spec);
        } catch (error) {
          if (render) vm.release(render);
          throw error;
        }
        nodes.set(name, render);
        return NOTHING;
      },
      { holdsFunctions: true },
    ),
    render: binding(['string'], (content) => renderRichtext(content, renderNode)),
  };
}

function checkNode(name: string, spec: LuaTable): void {
  if (!/^[A-Za-z0-9_]+$/.test(name)) {
    throw new BindingError('RICHTEXT_NODE', `Invalid node name '${name}' — use alphanumeric and underscores only`);
  }
  if (BUILT_IN.includes(name)) throw new BindingError('RICHTEXT_NODE', `Node name '${name}' is a built-in node`);
  const attributes = new Set<unknown>();
  const list = spec.get('attrs');
  if (list instanceof LuaTable) {
    for (const entry of list.entries.values()) if (entry instanceof LuaTable) attributes.add(entry.get('name'));
  }
  const searchable = spec.get('searchable_attrs');
  if (!(searchable instanceof LuaTable)) return;
  for (const attribute of searchable.entries.values()) {
    if (attributes.has(attribute)) continue;
    throw new BindingError('RICHTEXT_NODE', `Node '${name}': searchable attribute '${String(attribute)}' is not one of its attrs`);
  }
}
