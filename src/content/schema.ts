/**
 * Definitions of collections and globals as plain data (structured-cloneable): what `define` parsed.
 * Parsing stands in content/parse-*.ts, SQL layout in content/layout.ts.
 */
import type { FunctionRef } from '../domain/job.js';
import type { Json, JsonObject } from '../domain/json.js';

export const FIELD_TYPES = [
  'text',
  'number',
  'textarea',
  'richtext',
  'select',
  'radio',
  'checkbox',
  'date',
  'email',
  'json',
  'code',
  'relationship',
  'upload',
  'array',
  'group',
  'blocks',
  'row',
  'collapsible',
  'tabs',
  'join',
] as const;
export type FieldType = (typeof FIELD_TYPES)[number];

export interface Option {
  label: Json;
  value: string;
}

export interface BlockDefinition {
  type: string;
  label?: Json;
  group?: string;
  labelField?: string;
  imageUrl?: string;
  fields: FieldDefinition[];
}

export interface TabDefinition {
  label: string;
  description?: string;
  fields: FieldDefinition[];
}

export interface FieldHooks {
  before_validate: FunctionRef[];
  before_change: FunctionRef[];
  after_change: FunctionRef[];
  after_read: FunctionRef[];
}

export interface FieldDefinition {
  name: string;
  type: FieldType;
  required: boolean;
  unique: boolean;
  index: boolean;
  localized: boolean;
  hidden: boolean;
  hasMany: boolean;
  defaultValue?: Json;
  options: Option[];
  min?: number;
  max?: number;
  minLength?: number;
  maxLength?: number;
  minRows?: number;
  maxRows?: number;
  minDate?: string;
  maxDate?: string;
  pickerAppearance?: string;
  timezone: boolean;
  defaultTimezone?: string;
  /** Function ref of the custom validator. */
  validate?: FunctionRef;
  hooks: FieldHooks;
  access: { read?: FunctionRef; create?: FunctionRef; update?: FunctionRef };
  admin: JsonObject;
  mcpDescription?: string;
  /** relationship, upload: targets (several = polymorphic). */
  relationship?: { collections: string[]; polymorphic: boolean; hasMany: boolean; maxDepth?: number };
  /** array, group, row, collapsible. */
  fields: FieldDefinition[];
  blocks: BlockDefinition[];
  tabs: TabDefinition[];
  /** join. */
  join?: { collection: string; on: string };
  /** Generation 10: whole numbers only; a condition and locales for `required`. */
  integer?: boolean;
  requiredWhen?: FunctionRef;
  requiredLocales?: string[];
}

export const COLLECTION_HOOKS = [
  'before_validate',
  'before_change',
  'after_change',
  'before_read',
  'after_read',
  'before_delete',
  'after_delete',
  'before_broadcast',
] as const;
export type CollectionHook = (typeof COLLECTION_HOOKS)[number];

export interface AccessRules {
  read?: FunctionRef;
  create?: FunctionRef;
  update?: FunctionRef;
  delete?: FunctionRef;
  trash?: FunctionRef;
  /** Generation 10; absent = the rule that each falls back to (Lua API 10.4). */
  draft?: FunctionRef;
  versions?: FunctionRef;
  unlock?: FunctionRef;
  admin?: FunctionRef;
  mcp?: FunctionRef;
}

export interface CollectionDefinition {
  slug: string;
  labels: { singular?: Json; plural?: Json };
  timestamps: boolean;
  admin: JsonObject;
  fields: FieldDefinition[];
  hooks: Record<CollectionHook, FunctionRef[]>;
  access: AccessRules;
  /** Present on auth collections. */
  auth?: JsonObject;
  upload?: JsonObject;
  live?: Json;
  versions?: { drafts: boolean; maxVersions: number };
  indexes: { fields: string[]; unique: boolean }[];
  softDelete: boolean;
  softDeleteRetention?: string;
  mcpDescription?: string;
  file?: string;
  line?: number;
}

export interface GlobalDefinition {
  slug: string;
  labels: { singular?: Json; plural?: Json };
  fields: FieldDefinition[];
  hooks: Record<CollectionHook, FunctionRef[]>;
  access: AccessRules;
  live?: Json;
  versions?: { drafts: boolean; maxVersions: number };
  mcpDescription?: string;
  file?: string;
  line?: number;
}
