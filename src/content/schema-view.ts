/** What `crap.schema` shows of definitions (Lua API 2.13). */
import { Float, type Json } from '../domain/json.js';
import type { LuaValue } from '../lua/value.js';
import type { ContentRegistry } from './context.js';
import type { BlockDefinition, CollectionDefinition, FieldDefinition, GlobalDefinition } from './schema.js';

type View = { [key: string]: LuaValue };

/** { slug, labels, timestamps, has_auth, has_upload, has_versions, has_drafts, fields }. */
export function collectionView(definition: CollectionDefinition): LuaValue {
  return {
    slug: definition.slug,
    labels: labelsView(definition.labels),
    timestamps: definition.timestamps,
    has_auth: definition.auth !== undefined,
    has_upload: definition.upload !== undefined,
    has_versions: definition.versions !== undefined,
    has_drafts: definition.versions?.drafts ?? false,
    fields: definition.fields.map(fieldView),
  };
}

/** { slug, labels, fields }. */
export function globalView(definition: GlobalDefinition): LuaValue {
  return { slug: definition.slug, labels: labelsView(definition.labels), fields: definition.fields.map(fieldView) };
}

/** A list of { slug, labels }, in the order of definition. */
export function listCollections(registry: Pick<ContentRegistry, 'collections'>): LuaValue {
  return [...registry.collections.values()].map(({ slug, labels }) => ({ slug, labels: labelsView(labels) }));
}

export function listGlobals(registry: Pick<ContentRegistry, 'globals'>): LuaValue {
  return [...registry.globals.values()].map(({ slug, labels }) => ({ slug, labels: labelsView(labels) }));
}

function fieldView(field: FieldDefinition): LuaValue {
  const { relationship, admin, join } = field;
  return present({
    name: field.name,
    type: field.type,
    required: field.required,
    localized: field.localized,
    unique: field.unique,
    relationship:
      relationship &&
      present({
        collection: relationship.polymorphic ? relationship.collections : relationship.collections[0],
        has_many: relationship.hasMany,
        max_depth: relationship.maxDepth,
      }),
    min_length: field.minLength,
    max_length: field.maxLength,
    min: field.min === undefined ? undefined : new Float(field.min),
    max: field.max === undefined ? undefined : new Float(field.max),
    has_many: field.hasMany || undefined,
    min_date: field.minDate,
    max_date: field.maxDate,
    language: admin['language'] as LuaValue,
    features: (Array.isArray(admin['features']) ? admin['features'] : undefined) as LuaValue,
    picker: admin['picker'] as LuaValue,
    collection: join?.collection,
    on: join?.on,
    options: filled(field.options.map(({ label, value }) => ({ label: labelText(label), value }))),
    fields: filled(field.fields.map(fieldView)),
    blocks: filled(field.blocks.map(blockView)),
  });
}

function blockView({ type, label, group, imageUrl, fields }: BlockDefinition): LuaValue {
  return present({ type, label: labelText(label), group, image_url: imageUrl, fields: fields.map(fieldView) });
}

function labelsView({ singular, plural }: CollectionDefinition['labels']): LuaValue {
  return present({ singular: labelText(singular), plural: labelText(plural) });
}

/** A label in several locales is the text of the alphabetically first one. */
function labelText(label: Json | undefined): LuaValue {
  if (typeof label !== 'object' || label === null) return label as LuaValue;
  const [first] = Object.keys(label).sort();
  return first === undefined ? undefined : ((label as Record<string, Json>)[first] as LuaValue);
}

function present(table: View): LuaValue {
  return Object.fromEntries(Object.entries(table).filter(([, value]) => value !== undefined && value !== null));
}

function filled(list: LuaValue[]): LuaValue[] | undefined {
  return list.length > 0 ? list : undefined;
}
