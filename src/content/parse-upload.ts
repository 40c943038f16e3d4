/** `upload` of a collection: its options, and the fields that it brings (Lua API 3.1). */
import { HostError } from '../domain/errors.js';
import type { Json, JsonObject } from '../domain/json.js';
import { parseSize } from '../domain/size.js';
import { luaTypeName } from '../lua/type-names.js';
import { LuaTable } from '../lua/value.js';
import { namesOf } from './parse-names.js';
import { plainField } from './parse-plain-field.js';
import type { Reader } from './parse-reader.js';
import { ParseFailure, toJson, toJsonObject } from './parse-value.js';
import type { FieldDefinition, FieldType } from './schema.js';

const KEYS = ['mime_types', 'max_file_size', 'image_sizes', 'admin_thumbnail', 'format_options'];

/**
 * Undefined when the collection takes no uploads. max_file_size is in bytes; image_sizes is a list of tables with names, also where it was
 * written as a table of names; all other keys stay as written.
 */
export function readUpload(reader: Reader): JsonObject | undefined {
  const value = reader.get('upload');
  if (value === undefined || value === null || value === false) return undefined;
  if (value === true) return {};
  if (!(value instanceof LuaTable)) {
    reader.ignored('upload', 'true or a table', luaTypeName(value));
    return undefined;
  }
  const upload = reader.child('upload')!;
  upload.unknownKeys('upload', KEYS);
  const options: JsonObject = {};
  for (const key of KEYS) if (upload.has(key) && key !== 'max_file_size') options[key] = toJson(upload.get(key));
  if (upload.has('image_sizes')) options['image_sizes'] = readSizes(upload);
  const size = maxFileSize(upload);
  if (size !== undefined) options['max_file_size'] = size;
  return options;
}

/** `{ { name = "thumb", … } }`, or `{ thumb = { … } }` in the order of the names. */
function readSizes(upload: Reader): Json[] {
  const written = upload.get('image_sizes');
  if (!(written instanceof LuaTable)) {
    upload.ignored('image_sizes', 'a list of tables', luaTypeName(written));
    return [];
  }
  const named = [...written.entries].filter(
    (entry): entry is [string, LuaTable] => typeof entry[0] === 'string' && entry[1] instanceof LuaTable,
  );
  if (written.length === 0 && named.length === written.entries.size) {
    return named.map(([name, size]): Json => ({ ...toJsonObject(size), name })).toSorted(byName);
  }
  return (upload.tables('image_sizes', 'tables') ?? []).flatMap((size): Json[] => {
    if (size.string('name') !== undefined) return [toJsonObject(size.table)];
    upload.ignored('image_sizes', 'a name in each size', 'one without');
    return [];
  });
}

function byName(a: Json, b: Json): number {
  return nameOf(a) < nameOf(b) ? -1 : 1;
}

function nameOf(size: Json): string {
  return String((size as JsonObject)['name']);
}

function maxFileSize(upload: Reader): number | undefined {
  const value = upload.get('max_file_size');
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') {
    try {
      return parseSize(value);
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
    }
  }
  upload.ignored('max_file_size', 'bytes or a text such as "10MB"', typeof value === 'string' ? `string '${value}'` : luaTypeName(value));
  return undefined;
}

/** The fields with those of uploads in front; one that the definition has already is not added again. */
export function withUploadFields(upload: JsonObject, fields: readonly FieldDefinition[]): FieldDefinition[] {
  const own = new Set(namesOf(fields));
  const added = [plainField('filename', 'text', { required: true })];
  const add = (name: string, type: FieldType) => added.push(plainField(name, type));
  add('mime_type', 'text');
  for (const name of ['filesize', 'width', 'height']) add(name, 'number');
  add('url', 'text');
  for (const name of ['focal_x', 'focal_y']) add(name, 'number');
  for (const { name, formats } of imageSizesOf(upload)) {
    add(`${name}_url`, 'text');
    add(`${name}_width`, 'number');
    add(`${name}_height`, 'number');
    for (const format of formats) add(`${name}_${format}_url`, 'text');
  }
  return [...added.filter(({ name }) => !own.has(name)), ...fields];
}

/** The image sizes of an upload collection with the formats that each is also kept in. */
export function imageSizesOf(upload: JsonObject | undefined): { name: string; formats: string[] }[] {
  const sizes = upload?.['image_sizes'];
  if (!Array.isArray(sizes)) return [];
  return sizes.map((size) => ({ name: checkedSizeName(nameOf(size)), formats: formatsOf(upload!['format_options']) }));
}

function checkedSizeName(name: string): string {
  if (/^[A-Za-z0-9_]+$/.test(name)) return name;
  throw new ParseFailure(`Invalid image size name '${name}' — use alphanumeric and underscores only`);
}

function formatsOf(options: Json | undefined): string[] {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) return [];
  return ['webp', 'avif'].filter((format) => format in options && (options as JsonObject)[format] !== false);
}
