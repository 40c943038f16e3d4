/** crap.richtext.render (Lua API 2.17): ProseMirror documents or HTML with `<crap-node>` elements, as HTML. */
import { messageOf } from '../domain/errors.js';
import type { Json, JsonObject } from '../domain/json.js';
import { parseJson, stringifyJson } from '../domain/json-text.js';
import type { Op } from '../domain/op.js';
import { BindingError } from '../lua/errors.js';

/** Renders a custom node; undefined = no such node, or it has no render function. */
export type RenderNode = (name: string, attributes: JsonObject) => Op<string | undefined>;

/** Block nodes that are one element around their content, by the names of both usual schemas. */
const ELEMENTS: Record<string, string> = {
  paragraph: 'p',
  blockquote: 'blockquote',
  bullet_list: 'ul',
  bulletList: 'ul',
  ordered_list: 'ol',
  orderedList: 'ol',
  list_item: 'li',
  listItem: 'li',
};

const MARKS: Record<string, string> = { strong: 'strong', bold: 'strong', em: 'em', italic: 'em', code: 'code' };

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** A text that begins with `{` is a document, anything else HTML. */
export function* renderRichtext(content: string, renderNode: RenderNode): Op<string> {
  if (!content.startsWith('{')) return yield* renderHtml(content, renderNode);
  let document: Json;
  try {
    document = parseJson(content);
  } catch (error) {
    throw new BindingError('RICHTEXT_JSON', `Render error: Invalid JSON: ${messageOf(error)}`, { cause: error });
  }
  return yield* renderNodes([document], renderNode);
}

const CRAP_NODE = /<crap-node\b([^>]*)>(?:[\s\S]*?<\/crap-node>)?/g;

function* renderHtml(html: string, renderNode: RenderNode): Op<string> {
  let out = '';
  let from = 0;
  for (const match of html.matchAll(CRAP_NODE)) {
    out += html.slice(from, match.index);
    from = match.index + match[0].length;
    const name = attribute(match[1] ?? '', 'data-type');
    const rendered = name === undefined ? undefined : yield* renderNode(name, attributesOf(attribute(match[1] ?? '', 'data-attrs')));
    out += rendered ?? match[0];
  }
  return out + html.slice(from);
}

function attribute(tag: string, name: string): string | undefined {
  const match = new RegExp(`\\b${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`).exec(tag);
  const value = match?.[1] ?? match?.[2];
  return value
    ?.replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&#x27;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}

function attributesOf(text: string | undefined): JsonObject {
  if (text === undefined) return {};
  try {
    return objectOf(parseJson(text));
  } catch {
    return {};
  }
}

function objectOf(value: Json | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && value.constructor === Object ? (value as JsonObject) : {};
}

function* renderNodes(nodes: Json | undefined, renderNode: RenderNode): Op<string> {
  let out = '';
  if (Array.isArray(nodes)) for (const node of nodes) out += yield* renderOne(objectOf(node), renderNode);
  return out;
}

function* renderOne(node: JsonObject, renderNode: RenderNode): Op<string> {
  const type = typeof node['type'] === 'string' ? node['type'] : '';
  const attributes = objectOf(node['attrs']);
  const element = ELEMENTS[type];
  if (element) return `<${element}>${yield* renderNodes(node['content'], renderNode)}</${element}>`;
  switch (type) {
    case 'doc':
      return yield* renderNodes(node['content'], renderNode);
    case 'text':
      return markedText(node);
    case 'heading': {
      const level = Math.min(Math.max(Number(attributes['level'] ?? 1) || 1, 1), 6);
      return `<h${level}>${yield* renderNodes(node['content'], renderNode)}</h${level}>`;
    }
    case 'code_block':
    case 'codeBlock':
      return `<pre><code>${yield* renderNodes(node['content'], renderNode)}</code></pre>`;
    case 'horizontal_rule':
    case 'horizontalRule':
      return '<hr>';
    case 'hard_break':
    case 'hardBreak':
      return '<br>';
    case 'image':
      return image(attributes);
    default:
      return (yield* renderNode(type, attributes)) ?? emptyNode(type, attributes);
  }
}

function image(attributes: JsonObject): string {
  const shown = ['src', 'alt', 'title'].filter((name) => typeof attributes[name] === 'string');
  return `<img${shown.map((name) => ` ${name}="${escapeHtml(attributes[name] as string)}"`).join('')}>`;
}

function emptyNode(type: string, attributes: JsonObject): string {
  const json = escapeHtml(stringifyJson(attributes)).replaceAll("'", '&#39;').replaceAll('&quot;', '"');
  return `<crap-node data-type="${escapeHtml(type)}" data-attrs='${json}'></crap-node>`;
}

function markedText(node: JsonObject): string {
  let out = escapeHtml(typeof node['text'] === 'string' ? node['text'] : '');
  const marks = Array.isArray(node['marks']) ? node['marks'] : [];
  for (const mark of [...marks].reverse()) {
    const { type, attrs } = objectOf(mark);
    const element = typeof type === 'string' ? MARKS[type] : undefined;
    if (element) out = `<${element}>${out}</${element}>`;
    else if (type === 'link') out = `<a${linkAttributes(objectOf(attrs))}>${out}</a>`;
  }
  return out;
}

/** Links that would run script lose their target. */
function linkAttributes(attributes: JsonObject): string {
  let out = '';
  for (const name of ['href', 'title', 'target', 'rel']) {
    const value = attributes[name];
    if (typeof value !== 'string') continue;
    if (name === 'href' && /^[\s\0]*(?:javascript|vbscript|data):/i.test(value)) continue;
    out += ` ${name}="${escapeHtml(value)}"`;
  }
  return out;
}
