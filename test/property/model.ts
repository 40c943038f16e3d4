/**
 * What a document reads as after writes, by the rules of the API page alone (3.3 to 3.5, 4.1, 4.4, 7.3, 10.5): an independent model,
 * which shares no code with the operations.
 */
import { Float, type Json } from '../../src/domain/json.js';
import { parseJson } from '../../src/domain/json-text.js';
import { type Expected, JsonText, TextLike } from './compare.js';
import { type Collection, type Field, groups, type Leaf, leaves, transparent } from './fields.js';
import { type Values, ZONES } from './values.js';

export interface Rules {
  generation: 8 | 10;
  /** Empty = off; the first one is the default. */
  locales: string[];
  fallback: boolean;
}

/** What a column holds: NULL, a text, a number, a checkbox, or the text of some JSON. */
type Cell = null | string | { number: number } | { checked: boolean } | JsonText;

const ID = new TextLike(/^[\w-]{21}$/);
const TIME = new TextLike(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/);

export class ModelDocument {
  readonly #collection: Collection;
  readonly #rules: Rules;
  readonly #leaves: Leaf[];
  /** By `leaf@locale`; '' where there is one for all. */
  readonly #cells = new Map<string, Cell>();
  readonly #rows = new Map<string, Expected[]>();

  constructor(collection: Collection, rules: Rules, values: Values) {
    this.#collection = collection;
    this.#rules = rules;
    this.#leaves = leaves(collection.fields);
    for (const leaf of this.#leaves) {
      if (isSide(leaf.field)) continue;
      for (const locale of this.#localesOf(leaf)) this.#cells.set(`${keyOf(leaf)}@${locale}`, initialCell(leaf.field));
    }
    this.#write(values, undefined);
  }

  update(values: Values, locale: string | undefined): void {
    for (const leaf of this.#leaves) {
      const absent = values[keyOf(leaf)] === undefined;
      if (leaf.field.type === 'checkbox' && absent && this.#rules.generation === 8) {
        this.#cells.set(`${keyOf(leaf)}@${this.#own(leaf, locale)}`, { checked: false });
      }
    }
    this.#write(values, locale);
  }

  /** Everything but the id. */
  read(locale: string | undefined): { [key: string]: Expected } {
    const document: { [key: string]: Expected } = { id: new TextLike(/./) };
    for (const path of groups(this.#collection.fields)) container(document, path);
    for (const leaf of this.#leaves) {
      if (leaf.hidden) continue;
      const at = container(document, leaf.path.slice(0, -1));
      const shown = isSide(leaf.field) ? this.#readRows(leaf, locale) : this.#readCell(leaf, locale);
      if (shown !== undefined) at[leaf.field.name] = shown;
      const zone = leaf.field.timezone ? this.#readZone(leaf, locale) : undefined;
      if (zone !== undefined) at[`${leaf.field.name}_tz`] = zone;
    }
    if (this.#collection.versions) document['_status'] = 'published';
    if (this.#collection.timestamps) Object.assign(document, { created_at: TIME, updated_at: TIME });
    return document;
  }

  #write(values: Values, locale: string | undefined): void {
    for (const leaf of this.#leaves) {
      const key = keyOf(leaf);
      const given = values[key];
      if (given === undefined) continue;
      const place = `${key}@${this.#own(leaf, locale)}`;
      if (isSide(leaf.field)) {
        this.#rows.set(place, rowsOf(leaf.field, given, this.#rules.generation));
        continue;
      }
      const zone = leaf.field.timezone ? values[`${key}_tz`] : undefined;
      this.#cells.set(place, cellOf(leaf.field, given, typeof zone === 'string' ? zone : undefined));
      if (zone !== undefined) this.#cells.set(`${key}_tz@${this.#own(leaf, locale)}`, String(zone));
    }
  }

  #localesOf(leaf: Leaf): string[] {
    return leaf.localized && this.#rules.locales.length > 0 ? this.#rules.locales : [''];
  }

  #own(leaf: Leaf, locale: string | undefined): string {
    const all = this.#localesOf(leaf);
    return locale !== undefined && all.includes(locale) ? locale : all[0]!;
  }

  #readRows(leaf: Leaf, locale: string | undefined): Expected[] {
    const own = this.#rows.get(`${keyOf(leaf)}@${this.#own(leaf, locale)}`) ?? [];
    if (own.length > 0 || !this.#rules.fallback) return own;
    return this.#rows.get(`${keyOf(leaf)}@${this.#own(leaf, undefined)}`) ?? [];
  }

  #readCell(leaf: Leaf, locale: string | undefined): Expected | undefined {
    return this.#readAt(keyOf(leaf), leaf, locale, (cell) => shownCell(leaf.field, cell, this.#rules.generation));
  }

  #readZone(leaf: Leaf, locale: string | undefined): Expected | undefined {
    return this.#readAt(`${keyOf(leaf)}_tz`, leaf, locale, (cell) => (typeof cell === 'string' ? cell : undefined));
  }

  #readAt(key: string, leaf: Leaf, locale: string | undefined, show: (cell: Cell) => Expected | undefined): Expected | undefined {
    const at = (code: string) => this.#cells.get(`${key}@${code}`) ?? null;
    if (locale === 'all' && leaf.localized && this.#rules.locales.length > 0) {
      const all = this.#rules.locales.map((code) => [code, show(at(code))] as const);
      return Object.fromEntries(all.filter((entry): entry is [string, Expected] => entry[1] !== undefined));
    }
    const own = at(this.#own(leaf, locale));
    return show(own === null && this.#rules.fallback ? at(this.#own(leaf, undefined)) : own);
  }
}

function keyOf(leaf: Leaf): string {
  return leaf.path.join('__');
}

function isSide(field: Field): boolean {
  return field.type === 'array' || field.type === 'blocks' || field.relationship?.has_many === true;
}

function container(document: { [key: string]: Expected }, path: readonly string[]): { [key: string]: Expected } {
  let at = document;
  for (const name of path) {
    at[name] ??= {};
    at = at[name] as { [key: string]: Expected };
  }
  return at;
}

/** SQL defaults; a checkbox is never NULL. */
function initialCell(field: Field): Cell {
  const { default_value: initial } = field;
  if (field.type === 'checkbox') return { checked: initial === true };
  if (initial === undefined) return null;
  return typeof initial === 'number' ? { number: initial } : String(initial);
}

function cellOf(field: Field, given: Json, zone: string | undefined): Cell {
  if (field.type === 'checkbox') return { checked: isChecked(given) };
  if (field.has_many || (field.type === 'json' && typeof given === 'object' && !(given instanceof Float))) return new JsonText(given);
  if (field.type === 'number') return numberCell(given);
  const text = textOf(given);
  if (text === '') return null;
  return field.type === 'date' ? dateText(text, zone) : text;
}

function isChecked(given: Json): boolean {
  if (given instanceof Float) return given.value === 1;
  return given === true || given === 1 || ['on', 'true', '1', 'yes'].includes(given as string);
}

function numberCell(given: Json): Cell {
  const value = given instanceof Float ? given.value : typeof given === 'string' && given !== '' ? Number(given) : given;
  return typeof value === 'number' && Number.isFinite(value) ? { number: value + 0 } : null;
}

function textOf(given: Json): string {
  if (typeof given === 'string') return given;
  if (given instanceof Float) return `${given.value}.0`;
  return String(given);
}

/** 3.4: times and months as they are, everything else as UTC with milliseconds; a date alone is noon. */
function dateText(text: string, zone: string | undefined): string {
  if (!/^\d{4}-\d\d-\d\d/.test(text)) return text;
  if (/(Z|[+-]\d\d:\d\d)$/.test(text)) {
    const cut = text.replace(/\.(\d+)/, (_, digits: string) => `.${digits.slice(0, 3).padEnd(3, '0')}`);
    return new Date(cut).toISOString();
  }
  const whole = text.length === 10 ? `${text}T12:00:00` : text.length === 16 ? `${text}:00` : text;
  return new Date(Date.parse(`${whole}Z`) - (zone === undefined ? 0 : ZONES[zone]!) * 60_000).toISOString();
}

/** Generation 10 decodes json fields, also what was given as text; text that is no JSON stays text. */
function shownCell(field: Field, cell: Cell, generation: 8 | 10): Expected | undefined {
  if (cell === null) return undefined;
  if (cell instanceof JsonText) return generation === 8 ? cell : cell.value;
  if (typeof cell === 'string') {
    const value = field.type === 'json' && generation === 10 ? jsonOrText(cell) : cell;
    return value ?? undefined;
  }
  if ('checked' in cell) return generation === 8 ? (cell.checked ? 1 : 0) : cell.checked;
  return generation === 10 && Number.isInteger(cell.number) ? cell.number : new Float(cell.number);
}

function rowsOf(field: Field, given: Json, generation: 8 | 10): Expected[] {
  if (field.relationship) return relatedIds(given);
  const list = Array.isArray(given) ? given : [];
  // What a block's row holds is kept as JSON, whatever its fields say.
  if (field.type === 'blocks') return list.map((row) => ({ ...(row as { [key: string]: Json }), id: ID }));
  return list.map((row) => arrayRow(transparent(field.fields ?? []), row as { [key: string]: Json }, generation));
}

/** A list, or a comma list; what stands twice is kept once. */
function relatedIds(given: Json): string[] {
  const ids = typeof given === 'string' ? given.split(',').map((id) => id.trim()) : (given as string[]);
  return [...new Set(ids.filter((id) => id !== ''))];
}

const COMPOSITE = ['group', 'array', 'blocks', 'json'];

function arrayRow(fields: readonly Field[], row: { [key: string]: Json }, generation: 8 | 10): Expected {
  const out: { [key: string]: Expected } = { id: ID };
  for (const field of fields) {
    const given = row[field.name];
    if (COMPOSITE.includes(field.type) || field.has_many || field.relationship?.has_many) {
      const value = given === undefined || given === '' ? undefined : typeof given === 'string' ? jsonOrText(given) : given;
      if (value !== undefined && value !== null) out[field.name] = value;
      continue;
    }
    const zone = field.timezone ? row[`${field.name}_tz`] : undefined;
    const cell = given === undefined ? initialRowCell(field) : cellOf(field, given, typeof zone === 'string' ? zone : undefined);
    const shown = shownCell(field, cell, generation);
    if (shown !== undefined) out[field.name] = shown;
    if (zone !== undefined && given !== undefined) out[`${field.name}_tz`] = zone;
  }
  return out;
}

function initialRowCell(field: Field): Cell {
  return field.type === 'checkbox' ? { checked: false } : null;
}

function jsonOrText(text: string): Json {
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}
