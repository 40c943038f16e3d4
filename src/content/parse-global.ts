/** `crap.globals.define`: one table to a GlobalDefinition (Lua API 3.1). */
import type { Problem } from '../domain/errors.js';
import type { LuaTable } from '../lua/value.js';
import { refuseCycles } from './parse-cycles.js';
import { readFields, readMcpDescription } from './parse-field.js';
import { checkColumnNames } from './parse-names.js';
import { type ParseOptions, Parsing, Reader } from './parse-reader.js';
import { readAccess, readHooks } from './parse-refs.js';
import { accessNames, checkSlug, readLive, readVersions } from './parse-shared.js';
import { readLabels } from './parse-structure.js';
import { COLLECTION_HOOKS, type FieldDefinition, type GlobalDefinition } from './schema.js';

const KEYS = ['labels', 'fields', 'hooks', 'access', 'live', 'versions', 'mcp'];

/** Throws BindingError "Failed to parse global '{slug}': …", as parseCollection does. */
export function parseGlobal(slug: string, config: LuaTable, options: ParseOptions): { definition: GlobalDefinition; warnings: Problem[] } {
  const parsing = new Parsing('global', slug, options);
  const definition = parsing.attempt('', () => readGlobal(slug, new Reader(parsing, config, ''), options));
  if (definition && parsing.errors.length === 0) parsing.attempt('fields', () => checkColumnNames(definition));
  parsing.finish();
  return { definition: definition!, warnings: parsing.warnings };
}

function readGlobal(slug: string, reader: Reader, options: ParseOptions): GlobalDefinition {
  refuseCycles(reader.table);
  checkSlug(reader.parsing, slug, 'globals');
  reader.unknownKeys('global', KEYS);
  const fields = readFields(reader, 'fields', 'main');
  warnOfConstraints(reader.parsing, fields);
  return {
    slug,
    labels: readLabels(reader),
    fields,
    hooks: readHooks(reader, COLLECTION_HOOKS),
    access: readAccess(reader, accessNames(options.generation)),
    live: readLive(reader),
    versions: readVersions(reader),
    mcpDescription: readMcpDescription(reader),
    file: options.file,
    line: options.line,
  };
}

/** A global is one row: nothing in it can be looked up or collide. */
function warnOfConstraints(parsing: Parsing, fields: readonly FieldDefinition[]): void {
  for (const field of fields) {
    for (const key of ['unique', 'index'] as const) {
      if (field[key])
        parsing.warn('DEFINITION_NO_EFFECT', `${field.name}.${key}`, `Field '${field.name}': ${key} has no effect in a global`);
    }
    warnOfConstraints(parsing, field.fields);
    for (const tab of field.tabs) warnOfConstraints(parsing, tab.fields);
  }
}
