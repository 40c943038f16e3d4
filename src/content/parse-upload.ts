/** `upload` of a collection: its options, and the fields that it brings (Lua API 3.1). */
import { HostError } from '../domain/errors.js';
import type { Json, JsonObject } from '../domain/json.js';
import { parseSize } from '../domain/size.js';
import { luaTypeName } from '../lua/type-names.js';
import { LuaTable } from '../lua/value.js';
import { namesOf } from './parse-names.js';
import { plainField } from './parse-plain-field.js';
import type { Reader } from './parse-reader.js';
import { ParseFailure, toJson } from './parse-value.js';
import type { FieldDefinition, FieldType } from './schema.js';

const KEYS = ['mime_types', 'max_file_size', 'image_sizes', 'admin_thumbnail', 'format_options'];

/** Undefined when the collection takes no uploads. max_file_size is in bytes; all other keys stay as written. */
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
  const size = maxFileSize(upload);
  if (size !== undefined) options['max_file_size'] = size;
  return options;
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
  for (const size of sizeNames(upload['image_sizes'])) {
    add(`${size}_url`, 'text');
    add(`${size}_width`, 'number');
    add(`${size}_height`, 'number');
    for (const format of formatsOf(upload['format_options'])) add(`${size}_${format}_url`, 'text');
  }
  return [...added.filter(({ name }) => !own.has(name)), ...fields];
}

function sizeNames(sizes: Json | undefined): string[] {
  if (!Array.isArray(sizes)) return [];
  const names = sizes.map((size) => (typeof size === 'object' && size !== null && 'name' in size ? size.name : undefined));
  return names.filter((name) => typeof name === 'string').map(checkedSizeName);
}

function checkedSizeName(name: string): string {
  if (/^[A-Za-z0-9_]+$/.test(name)) return name;
  throw new ParseFailure(`Invalid image size name '${name}' — use alphanumeric and underscores only`);
}

function formatsOf(options: Json | undefined): string[] {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) return [];
  return ['webp', 'avif'].filter((format) => format in options && (options as JsonObject)[format] !== false);
}
