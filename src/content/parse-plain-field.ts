/** Fields that the host adds itself, and the base that every field definition starts from. */
import type { FieldDefinition, FieldType } from './schema.js';

/** A field with the defaults of the definition language, and what is given on top. */
export function plainField(name: string, type: FieldType, given: Partial<FieldDefinition> = {}): FieldDefinition {
  return {
    name,
    type,
    required: false,
    unique: false,
    index: false,
    localized: false,
    hidden: false,
    hasMany: false,
    options: [],
    timezone: false,
    hooks: { before_validate: [], before_change: [], after_change: [], after_read: [] },
    access: {},
    admin: {},
    fields: [],
    blocks: [],
    tabs: [],
    ...given,
  };
}
