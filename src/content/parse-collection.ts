/** `crap.collections.define`: one table to a CollectionDefinition (Lua API 3.1). */

import { parseDuration } from '../domain/duration.js';
import type { Problem } from '../domain/errors.js';
import { HostError } from '../domain/errors.js';
import type { LuaTable } from '../lua/value.js';
import { readAuth, withEmail } from './parse-auth.js';
import { refuseCycles } from './parse-cycles.js';
import { readFields, readMcpDescription } from './parse-field.js';
import { checkColumnNames } from './parse-names.js';
import { type ParseOptions, Parsing, Reader } from './parse-reader.js';
import { readAccess, readHooks } from './parse-refs.js';
import { accessNames, checkSlug, readLive, readVersions } from './parse-shared.js';
import { readLabels } from './parse-structure.js';
import { readUpload, withUploadFields } from './parse-upload.js';
import { toJsonObject } from './parse-value.js';
import { COLLECTION_HOOKS, type CollectionDefinition, type FieldDefinition } from './schema.js';

const KEYS = [
  ...['labels', 'timestamps', 'admin', 'fields', 'hooks', 'auth', 'upload', 'access', 'live', 'versions', 'indexes'],
  ...['soft_delete', 'soft_delete_retention', 'mcp'],
];

/**
 * Throws BindingError "Failed to parse collection '{slug}': …"; `details.problems` lists everything that is wrong, with file and line.
 * `warnings`: what is ignored or of no effect (under generation 10 most of it is an error).
 */
export function parseCollection(
  slug: string,
  config: LuaTable,
  options: ParseOptions,
): { definition: CollectionDefinition; warnings: Problem[] } {
  const parsing = new Parsing('collection', slug, options);
  const definition = parsing.attempt('', () => readCollection(slug, new Reader(parsing, config, ''), options));
  if (definition && parsing.errors.length === 0) parsing.attempt('fields', () => checkColumnNames(definition));
  parsing.finish();
  return { definition: definition!, warnings: parsing.warnings };
}

function readCollection(slug: string, reader: Reader, options: ParseOptions): CollectionDefinition {
  const { parsing } = reader;
  refuseCycles(reader.table);
  checkSlug(parsing, slug, 'collections');
  reader.unknownKeys('collection', KEYS);
  const auth = readAuth(reader);
  const upload = readUpload(reader);
  let fields: FieldDefinition[] = readFields(reader, 'fields', 'main');
  if (auth) fields = withEmail(fields, options.generation);
  if (upload) fields = withUploadFields(upload, fields);
  const softDelete = reader.boolean('soft_delete', false);
  const admin = reader.child('admin');
  admin?.boolean('hidden', false);
  const definition: CollectionDefinition = {
    slug,
    labels: readLabels(reader),
    timestamps: reader.boolean('timestamps', true),
    admin: admin ? toJsonObject(admin.table) : {},
    fields,
    hooks: readHooks(reader, COLLECTION_HOOKS),
    access: readAccess(reader, accessNames(options.generation)),
    auth,
    upload,
    live: readLive(reader),
    versions: readVersions(reader),
    indexes: readIndexes(reader),
    softDelete,
    softDeleteRetention: softDelete ? readRetention(reader) : undefined,
    mcpDescription: readMcpDescription(reader),
    file: options.file,
    line: options.line,
  };
  return definition;
}

function readIndexes(reader: Reader): CollectionDefinition['indexes'] {
  return (reader.tables('indexes', 'index tables') ?? []).flatMap((index) => {
    index.unknownKeys('index', ['fields', 'unique']);
    const fields = (index.list('fields', 'field names') ?? []).filter((name) => typeof name === 'string');
    if (fields.length === 0) {
      reader.parsing.strict('DEFINITION_VALUE_IGNORED', index.path, `'${index.path}' names no fields; it is ignored`);
      return [];
    }
    return [{ fields, unique: index.boolean('unique', false) }];
  });
}

/** Kept as text; what is no duration is reported, since nothing would ever be purged by it. */
function readRetention(reader: Reader): string | undefined {
  const text = reader.string('soft_delete_retention');
  if (text === undefined) return undefined;
  try {
    parseDuration(/^\d+$/.test(text) ? Number(text) : text);
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    reader.ignored('soft_delete_retention', 'seconds or a text such as "30d"', `'${text}'`);
  }
  return text;
}
