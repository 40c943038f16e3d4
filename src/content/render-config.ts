/**
 * Definitions as `crap.collections.config.get/list` and `crap.globals.config` show them (Lua API 2.3). The rendering loses
 * what the reference's loses (bounds, index, polymorphic targets, join targets, compound indexes …), since plugins read,
 * append and define again: the schema must come out the same.
 */
import type { FunctionRef } from '../domain/job.js';
import type { Json } from '../domain/json.js';
import type { LuaValue } from '../lua/value.js';
import type { AuthStrategy } from './parse-auth.js';
import type { BlockDefinition, CollectionDefinition, FieldDefinition, GlobalDefinition, TabDefinition } from './schema.js';
import { isObject } from './value-text.js';

type Rendered = { [key: string]: LuaValue };

export function renderCollection(definition: CollectionDefinition): LuaValue {
  return {
    ...renderShared(definition),
    timestamps: definition.timestamps,
    admin: { ...definition.admin } as Rendered,
    ...(definition.auth && { auth: renderAuth(definition.auth) }),
    ...(definition.upload && { upload: Object.keys(definition.upload).length === 0 ? true : (definition.upload as Rendered) }),
    ...(definition.softDelete && { soft_delete: true }),
    ...(definition.softDeleteRetention !== undefined && { soft_delete_retention: definition.softDeleteRetention }),
  };
}

export function renderGlobal(definition: GlobalDefinition): LuaValue {
  return renderShared(definition);
}

function renderShared(definition: CollectionDefinition | GlobalDefinition): Rendered {
  return {
    labels: { ...definition.labels } as Rendered,
    fields: definition.fields.map(renderField),
    hooks: renderHooks(definition.hooks),
    access: renderAccess(definition.access),
    live: renderLive(definition.live),
    ...(definition.versions && { versions: renderVersions(definition.versions) }),
    ...(definition.mcpDescription !== undefined && { mcp: { description: definition.mcpDescription } }),
  };
}

function renderField(field: FieldDefinition): LuaValue {
  const { relationship } = field;
  const hooks = renderHooks(field.hooks);
  const access = renderAccess(field.access);
  const admin = renderAdmin(field.admin);
  return present({
    name: field.name,
    type: field.type,
    required: field.required || undefined,
    unique: field.unique || undefined,
    localized: field.localized || undefined,
    hidden: field.hidden || undefined,
    has_many: (field.hasMany && !relationship) || undefined,
    validate: field.validate && renderRef(field.validate),
    default_value: field.defaultValue as LuaValue,
    picker_appearance: field.pickerAppearance,
    timezone: field.timezone || undefined,
    default_timezone: field.defaultTimezone,
    options: filled(field.options.map(({ label, value }) => ({ label: label as LuaValue, value }))),
    admin: Object.keys(admin).length > 0 ? admin : undefined,
    hooks: Object.keys(hooks).length > 0 ? hooks : undefined,
    access: Object.keys(access).length > 0 ? access : undefined,
    mcp: field.mcpDescription === undefined ? undefined : { description: field.mcpDescription },
    relationship:
      relationship &&
      present({
        collection: relationship.collections[0],
        has_many: relationship.hasMany || undefined,
        max_depth: relationship.maxDepth,
      }),
    fields: filled(field.fields.map(renderField)),
    blocks: filled(field.blocks.map(renderBlock)),
    tabs: filled(field.tabs.map(renderTab)),
    integer: field.integer || undefined,
    required_when: field.requiredWhen && renderRef(field.requiredWhen),
    required_locales: field.requiredLocales,
  });
}

function renderBlock(block: BlockDefinition): LuaValue {
  const { type, label, group, imageUrl } = block;
  return present({ type, label: label as LuaValue, group, image_url: imageUrl, fields: block.fields.map(renderField) });
}

function renderTab(tab: TabDefinition): LuaValue {
  return present({ label: tab.label, description: tab.description, fields: tab.fields.map(renderField) });
}

/** `collapsed` is shown only when false, `resizable` never. */
function renderAdmin(admin: FieldDefinition['admin']): Rendered {
  const shown = Object.entries(admin).filter(([key, value]) => key !== 'resizable' && (key !== 'collapsed' || value === false));
  return Object.fromEntries(shown) as Rendered;
}

function renderHooks(hooks: object): Rendered {
  const lists = (Object.entries(hooks) as [string, FunctionRef[]][]).filter(([, list]) => list.length > 0);
  return Object.fromEntries(lists.map(([name, list]) => [name, list.map(renderRef)]));
}

function renderAccess(access: object): Rendered {
  const rules = (Object.entries(access) as [string, FunctionRef | undefined][]).filter(([, rule]) => rule !== undefined);
  return Object.fromEntries(rules.map(([name, rule]) => [name, renderRef(rule!)]));
}

function renderRef({ ref, options }: { ref: string; options?: Json | undefined }): LuaValue {
  return options === undefined ? ref : { ref, options: options as LuaValue };
}

function renderLive(live: Json | undefined): LuaValue {
  if (typeof live === 'boolean' || typeof live === 'string') return live;
  if (!isObject(live) || typeof live['filter'] !== 'string') return true;
  return renderRef({ ref: live['filter'], options: live['options'] });
}

function renderVersions({ drafts, maxVersions }: { drafts: boolean; maxVersions: number }): LuaValue {
  if (drafts && maxVersions === 0) return true;
  return maxVersions > 0 ? { drafts, max_versions: maxVersions } : { drafts };
}

const AUTH_DEFAULTS: Rendered = { token_expiry: 7200, disable_local: false, verify_email: false, forgot_password: true };

/** true when everything is default, else what differs; `mfa` is lost. */
function renderAuth(auth: NonNullable<CollectionDefinition['auth']>): LuaValue {
  const strategies = ((auth['strategies'] ?? []) as unknown as AuthStrategy[]).map(({ name, authenticate, options }) => ({
    name,
    authenticate: renderRef({ ref: authenticate, options }),
  }));
  const shown = Object.entries(auth).filter(([key, value]) => {
    return key !== 'strategies' && key !== 'mfa' && value !== AUTH_DEFAULTS[key];
  });
  if (shown.length === 0 && strategies.length === 0) return true;
  return { ...(Object.fromEntries(shown) as Rendered), ...(strategies.length > 0 && { strategies }) };
}

function present(table: Rendered): LuaValue {
  return Object.fromEntries(Object.entries(table).filter(([, value]) => value !== undefined));
}

function filled(list: LuaValue[]): LuaValue[] | undefined {
  return list.length > 0 ? list : undefined;
}
