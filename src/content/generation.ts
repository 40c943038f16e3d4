/** How stored values read back, and what else content does differently for projects of the two generations (Lua API 10.5). */

import { float, type Json } from '../domain/json.js';
import { parseJson } from '../domain/json-text.js';
import type { SqlValue } from '../store/db.js';
import type { FieldDefinition } from './schema.js';

export type Generation = 8 | 10;

/** A number column: always a float in generation 8; whole numbers are integers in generation 10. */
export function readNumber(generation: Generation, value: number | bigint): Json {
  if (generation === 10) return value;
  return float(Number(value));
}

/** A checkbox column: 0 or 1 in generation 8, a boolean in generation 10. */
function readCheckbox(generation: Generation, value: number | bigint): Json {
  return generation === 10 ? Number(value) !== 0 : value;
}

/** Whether a text column holds JSON that generation 10 decodes when it is read. */
export function holdsJson(field: FieldDefinition): boolean {
  return field.type === 'json' || (field.hasMany && field.relationship === undefined);
}

/** A text column that holds JSON: the raw text in generation 8, decoded in generation 10 (text that is no JSON stays text). */
function readJsonText(generation: Generation, text: string): Json {
  if (generation === 8) return text;
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}

/** An update without the key of a checkbox sets it to 0 in generation 8 (forms of the reference rely on it), leaves it in generation 10. */
export function resetsAbsentCheckboxes(generation: Generation): boolean {
  return generation === 8;
}

/** Booleans and tables given to a number field: NULL in generation 8, a validation message in generation 10. */
export function refusesNonNumbers(generation: Generation): boolean {
  return generation === 10;
}

/** Rows of arrays and blocks that are sent back keep their ids, and what is not sent of them: generation 10. */
export function keepsRowIds(generation: Generation): boolean {
  return generation === 10;
}

/** Hooks are told the id of the document and the locale that the call works in: generation 10. */
export function showsDocument(generation: Generation): boolean {
  return generation === 10;
}

/** after_read hooks may not call into the database: generation 10. */
export function sealsAfterRead(generation: Generation): boolean {
  return generation === 10;
}

/** An update that publishes writes what a pending draft changed too: generation 10. Generation 8 leaves it in its version. */
export function publishesPendingDraft(generation: Generation): boolean {
  return generation === 10;
}

/** Restoring a version keeps the version's status: generation 10. In generation 8 it publishes. */
export function restoresStatus(generation: Generation): boolean {
  return generation === 10;
}

/** The key of list_versions' rows: `docs` in generation 8, `documents` in generation 10. */
export function versionsKey(generation: Generation): 'docs' | 'documents' {
  return generation === 10 ? 'documents' : 'docs';
}

/** Documents that stand for references keep their hidden fields: generation 8. */
export function populatedShowsHidden(generation: Generation): boolean {
  return generation === 8;
}

/** Search does not look into hidden fields, as filters cannot name them: generation 10. */
export function hidesFromSearch(generation: Generation): boolean {
  return generation === 10;
}

/** Levels of references that a read populates. Generation 8: 0 to 10, 0 unless asked for; 10: as the settings say. */
export function depthOf(generation: Generation, given: number | undefined, settings: { default: number; max: number } | undefined): number {
  const { default: initial, max } = generation === 10 && settings ? settings : { default: 0, max: 10 };
  return Math.max(0, Math.min(given ?? initial, max));
}

/** find_by_id without `draft` does not find what is not published, as find: generation 10. */
export function hidesDraftsById(generation: Generation): boolean {
  return generation === 10;
}

/** Rules of fields inside rows are asked, and update rules of fields see the stored document: generation 10. */
export function judgesRows(generation: Generation): boolean {
  return generation === 10;
}

/** validate, ref_count, writes of drafts, versions and populated documents ask access rules too: generation 10. */
export function asksEveryRule(generation: Generation): boolean {
  return generation === 10;
}

/** Globals have drafts too: generation 10. Generation 8 ignores their `draft` option. */
export function draftsGlobals(generation: Generation): boolean {
  return generation === 10;
}

/** Unknown keys of option tables: ignored in generation 8, an error in generation 10. */
export function refusesUnknownOptions(generation: Generation): boolean {
  return generation === 10;
}

/** An access function that returns an empty table: allowed in generation 8, denied in generation 10. */
export function emptyConstraintDenies(generation: Generation): boolean {
  return generation === 10;
}

/** `or` groups in the table that an access function returns: an unknown operator in generation 8, understood in generation 10. */
export function constraintsMayUseOr(generation: Generation): boolean {
  return generation === 10;
}

/** Constraints take some operators, on columns of the collection that are not localized: generation 10. */
export function constraintsAreLimited(generation: Generation): boolean {
  return generation === 10;
}

/** A rule that read a field of the user without a value and returns a constraint denies: generation 10. */
export function unsetFieldsDeny(generation: Generation): boolean {
  return generation === 10;
}

/** create_many writes in the locale that it is given, and "all" is none: generation 10. Generation 8 has no such option there. */
export function createManyTakesLocale(generation: Generation): boolean {
  return generation === 10;
}

export function columnValue(
  generation: Generation,
  kind: 'text' | 'number' | 'checkbox',
  json: boolean,
  value: SqlValue,
): Json | undefined {
  if (value === null || value instanceof Uint8Array) return undefined;
  if (typeof value === 'string') return json ? readJsonText(generation, value) : value;
  if (kind === 'checkbox') return readCheckbox(generation, value);
  return readNumber(generation, value);
}
