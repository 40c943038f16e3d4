/** Make hook: the file of one function that a definition names: a hook, a field hook, a validator, an access function. */
import { COLLECTION_HOOKS } from '../content/schema.js';
import { UsageError } from '../domain/errors.js';
import { didYouMean } from '../domain/suggest.js';
import { indented, requireSlug, type ScaffoldRequest, writeScaffold } from './scaffold.js';

export const HOOK_TYPES = ['collection', 'field', 'validate', 'access'] as const;
export type HookType = (typeof HOOK_TYPES)[number];

const FIELD_EVENTS = ['before_validate', 'before_change', 'after_change', 'after_read'];
const RULES = ['read', 'create', 'update', 'delete'];

export interface HookTemplate {
  type: HookType;
  /** When it is called; a comment of the file says so. */
  event?: string;
  /** What requires it: `hooks.posts.slugify`. */
  ref: string;
  /** Lines of the function; default one that changes nothing. */
  body?: readonly string[];
}

export interface MakeHookRequest extends ScaffoldRequest {
  name: string;
  /** Default "collection". */
  type?: HookType;
  /** Its folder below hooks/ or access/. */
  collection?: string;
  /** Default "before_change"; of access functions the operation, default "read". */
  event?: string;
}

export interface MadeHook {
  name: string;
  path: string;
  ref: string;
  /** The line that names it in a definition. */
  usage: string;
}

/** UsageError INVALID_SLUG, INVALID_OPTION; RefusedError FILE_EXISTS. */
export function makeHook(request: MakeHookRequest): MadeHook {
  const { dir, name, type = 'collection', collection, force } = request;
  requireSlug(name);
  if (collection !== undefined) requireSlug(collection);
  const event = eventOf(type, request.event);
  const parts = [type === 'access' ? 'access' : 'hooks', ...(collection === undefined ? [] : [collection]), name];
  const ref = parts.join('.');
  const [path] = writeScaffold(dir, { [`${parts.join('/')}.lua`]: hookText({ type, event, ref }) }, force);
  return { name, path: path!, ref, usage: usageOf(type, event, ref) };
}

function eventOf(type: HookType, event: string | undefined): string {
  const events: readonly string[] =
    type === 'field' ? FIELD_EVENTS : type === 'access' ? RULES : type === 'validate' ? ['validate'] : COLLECTION_HOOKS;
  const chosen = event ?? (type === 'access' ? 'read' : type === 'validate' ? 'validate' : 'before_change');
  if (events.includes(chosen)) return chosen;
  throw new UsageError('INVALID_OPTION', `--position: '${chosen}' is none of ${type} functions${didYouMean(chosen, events)}`, {
    remedy: `one of ${events.join(', ')}`,
    details: { option: '--position', found: chosen },
  });
}

/** How a definition (of a collection, of a field) names the function. */
function usageOf(type: HookType, event: string, ref: string): string {
  if (type === 'validate') return `validate = "${ref}"`;
  return type === 'access' ? `access = { ${event} = "${ref}" }` : `hooks = { ${event} = { "${ref}" } }`;
}

export function hookText({ type, event, ref, body }: HookTemplate): string {
  const { comments, head, lines } = TEMPLATES[type];
  return [
    `-- In a definition: ${usageOf(type, event ?? 'before_change', ref)}`,
    ...comments,
    head,
    ...indented(body ?? lines),
    'end',
    '',
  ].join('\n');
}

const TEMPLATES: Record<HookType, { comments: string[]; head: string; lines: string[] }> = {
  collection: {
    comments: [
      '-- Runs in the transaction of the write: an error undoes it, and runs that it queues become visible together with it, or not at all.',
      '-- ctx: collection, operation, data, context, hook_depth, user',
      '---@param ctx crap.HookContext',
      '---@return crap.HookContext?',
    ],
    head: 'return function(ctx)',
    lines: ['-- Changes of ctx.data count when ctx is returned.', 'return ctx'],
  },
  field: {
    comments: [
      '-- ctx: field_name, collection, operation, data, user',
      '---@param value any',
      '---@param ctx crap.FieldHookContext',
      '---@return any',
    ],
    head: 'return function(value, ctx)',
    lines: ['-- What is returned is the new value.', 'return value'],
  },
  validate: {
    comments: [
      '-- ctx: collection, field_name, data, user',
      '---@param value any',
      '---@param ctx crap.ValidateContext',
      '---@return boolean|string',
    ],
    head: 'return function(value, ctx)',
    lines: ['-- true accepts the value; a text refuses it and says why.', 'return true'],
  },
  access: {
    comments: [
      '-- ctx: user (nil for nobody), id (of single documents)',
      '---@param ctx crap.AccessContext',
      '---@return crap.AccessResult',
    ],
    head: 'return function(ctx)',
    lines: ['-- true allows, false refuses; a table of conditions allows the documents that meet them.', 'return ctx.user ~= nil'],
  },
};
