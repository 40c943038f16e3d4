/** Lists inside fields and definitions: options, blocks, tabs; labels that may be one text or one a locale. */

import type { Json } from '../domain/json.js';
import { slugProblem } from '../domain/slug.js';
import { luaTypeName } from '../lua/type-names.js';
import { LuaTable } from '../lua/value.js';
import { readFields, type Scope } from './parse-field.js';
import type { Reader } from './parse-reader.js';
import { ParseFailure, textOf } from './parse-value.js';
import type { BlockDefinition, Option, TabDefinition } from './schema.js';

/** A text, or a table locale -> text; anything else counts as absent. */
function readLabel(reader: Reader, key: string): Json | undefined {
  const value = reader.get(key);
  if (value === undefined || value === null) return undefined;
  const text = textOf(value);
  if (text !== undefined) return text;
  if (!(value instanceof LuaTable)) {
    reader.ignored(key, 'a text or a table of texts by locale', luaTypeName(value));
    return undefined;
  }
  const texts: [string, string][] = [];
  for (const [locale, entry] of value.entries) {
    if (typeof locale === 'string' && typeof entry === 'string') texts.push([locale, entry]);
    else reader.ignored(`${key}.${String(locale)}`, 'a text under a locale code', luaTypeName(entry));
  }
  return Object.fromEntries(texts);
}

export function readLabels(reader: Reader): { singular?: Json; plural?: Json } {
  const labels = reader.child('labels');
  if (!labels) return {};
  labels.unknownKeys('labels', ['singular', 'plural']);
  const singular = readLabel(labels, 'singular');
  const plural = readLabel(labels, 'plural');
  return { ...(singular !== undefined && { singular }), ...(plural !== undefined && { plural }) };
}

export function readOptions(reader: Reader): Option[] {
  return (reader.tables('options', 'options') ?? []).map((option) => {
    option.unknownKeys('option', ['label', 'value']);
    const value = option.string('value') ?? '';
    return { label: readLabel(option, 'label') ?? value, value };
  });
}

export function readBlocks(reader: Reader, depth: number): BlockDefinition[] {
  const seen = new Set<string>();
  return (reader.tables('blocks', 'block tables') ?? []).map((block) => {
    const type = block.string('type');
    if (type === undefined) throw new ParseFailure("Block definition missing 'type'");
    block.unknownKeys('block', ['type', 'label', 'label_field', 'group', 'image_url', 'fields']);
    const problem = reader.parsing.generation === 10 ? slugProblem(type) : undefined;
    if (problem) throw new ParseFailure(`Block type '${type}': ${problem}`);
    if (seen.has(type)) {
      reader.parsing.strict(
        'DEFINITION_DUPLICATE_BLOCK',
        block.at('type'),
        `Block type '${type}' is defined twice; only the first is used`,
      );
    }
    seen.add(type);
    return {
      type,
      label: readLabel(block, 'label'),
      labelField: block.string('label_field'),
      group: block.string('group'),
      imageUrl: block.string('image_url'),
      fields: readFields(block, 'fields', 'nested', depth),
    };
  });
}

export function readTabs(reader: Reader, scope: Scope, depth: number): TabDefinition[] {
  return (reader.tables('tabs', 'tab tables') ?? []).map((tab) => {
    tab.unknownKeys('tab', ['label', 'description', 'fields']);
    return {
      label: tab.string('label') ?? '',
      description: tab.string('description'),
      fields: readFields(tab, 'fields', scope, depth),
    };
  });
}
