/** What generation 10 does with the data of a write before hooks and checks see it (Lua API 10.5); nothing in generation 8. */
import type { Json, JsonObject } from '../domain/json.js';
import type { Op } from '../domain/op.js';
import type { ContentContext } from './context.js';
import { keepsRowIds } from './generation.js';
import { ABSENT, copyJson, type Input, valueOfLeaf } from './input.js';
import { columnOf, type Plan, type PlannedLeaf } from './plan.js';
import type { FieldDefinition } from './schema.js';
import { readSideRows } from './side-read.js';
import { namesRows } from './side-write.js';
import { formed } from './text-form.js';
import { validationError } from './validate/report.js';
import { isObject } from './value-text.js';
import { pendingDraft, type Version } from './version-rows.js';

export interface WriteKind {
  isUpdate: boolean;
  /** undefined = the default one. */
  locale: string | undefined;
}

/** Refuses what is not localized in another locale than the default one, sets defaults of absent keys (rows: always), brings texts into their form. */
export function readyInput(ctx: ContentContext, plan: Plan, input: Input, { isUpdate, locale }: WriteKind): void {
  if (ctx.settings.generation !== 10) return;
  if (locale !== undefined && plan.locales) refuseShared(plan, input);
  for (const leaf of plan.leaves) {
    const value = valueOfLeaf(input, leaf);
    const { defaultValue } = leaf.field;
    if (value === ABSENT) {
      const standing = !isUpdate && leaf.storage === 'column' && defaultValue !== undefined && (leaf.localized || locale === undefined);
      if (standing) place(input, leaf, copyJson(defaultValue as Json));
    } else if (leaf.storage === 'side') defaultsInRows(leaf.field, value);
  }
  formInput(ctx, plan, input);
}

/** Rows that are sent back with their ids have what is not sent of them from those of the pending draft, which every write builds on, else from the stored ones. */
export function* fillRows(ctx: ContentContext, plan: Plan, id: string, input: Input, locale: string | undefined): Op<void> {
  if (!keepsRowIds(ctx.settings.generation)) return;
  let pending: Version | undefined | null = null;
  for (const leaf of plan.sides) {
    const value = valueOfLeaf(input, leaf);
    if (value === ABSENT || !namesRows(leaf, value)) continue;
    const own = leaf.localized && plan.locales ? (locale ?? plan.defaultLocale) : undefined;
    if (pending === null) pending = yield* pendingDraft(ctx, plan, id);
    const drafted = pending?.state.sides.get(columnOf(plan, leaf, locale));
    const stored = drafted ?? (yield* readSideRows(ctx, plan, leaf, [id], own)).get(id) ?? [];
    const byId = new Map(stored.filter(isObject).map((row) => [row['id'], row]));
    for (const row of value.filter(isObject)) {
      const known = byId.get(row['id'] ?? null);
      if (!known || known['_block_type'] !== row['_block_type']) continue;
      for (const [name, kept] of Object.entries(known)) if (!Object.hasOwn(row, name)) row[name] = kept;
    }
  }
}

/** Hooks may have changed the data since. */
export function formInput(ctx: ContentContext, plan: Plan, input: Input): void {
  if (ctx.settings.generation !== 10) return;
  for (const leaf of plan.leaves) {
    const value = valueOfLeaf(input, leaf);
    if (value === ABSENT || value === null) continue;
    const better = formed(leaf.field, value);
    if (better !== value) place(input, leaf, better);
    if (leaf.storage === 'side') formRows(leaf.field, better);
  }
}

/** A document that is to be kept in another locale shares the values of these fields with the default one. */
function refuseShared(plan: Plan, input: Input): void {
  const shared = plan.leaves.filter((leaf) => !leaf.localized && valueOfLeaf(input, leaf) !== ABSENT);
  if (shared.length === 0) return;
  const where = `write it in the default locale '${plan.defaultLocale}'`;
  throw validationError(shared.map(({ key, field }) => ({ key, message: `${field.name} is not localized: ${where}` })));
}

/** Puts a value where `valueOfLeaf` reads it. */
function place(input: Input, leaf: PlannedLeaf, value: Json): void {
  const { data } = input;
  const outer = data[leaf.path[0]!];
  const nested =
    leaf.path.length > 1 && isObject(outer) && !(Object.hasOwn(data, leaf.key) && input.copies.get(leaf.key) !== data[leaf.key]);
  if (!nested) {
    data[leaf.key] = value;
    return;
  }
  let at: JsonObject = data;
  for (const name of leaf.path.slice(0, -1)) {
    if (!isObject(at[name])) at[name] = {};
    at = at[name] as JsonObject;
  }
  at[leaf.path[leaf.path.length - 1]!] = value;
}

function defaultsInRows(field: FieldDefinition, value: Json): void {
  eachField(field, value, (sub, row) => {
    if (sub.defaultValue !== undefined && !Object.hasOwn(row, sub.name) && row['id'] === undefined)
      row[sub.name] = copyJson(sub.defaultValue as Json);
    else if (sub.type === 'array' || sub.type === 'blocks') defaultsInRows(sub, row[sub.name] ?? null);
  });
}

function formRows(field: FieldDefinition, value: Json): void {
  eachField(field, value, (sub, row) => {
    const given = row[sub.name];
    if (given === undefined || given === null) return;
    const better = formed(sub, given);
    if (better !== given) row[sub.name] = better;
    if (sub.type === 'array' || sub.type === 'blocks') formRows(sub, better);
  });
}

/** Every sub-field of every row with the object that holds it; groups are gone into. */
function eachField(field: FieldDefinition, value: Json, act: (sub: FieldDefinition, holder: JsonObject) => void): void {
  if ((field.type !== 'array' && field.type !== 'blocks') || !Array.isArray(value)) return;
  for (const row of value) {
    if (!isObject(row)) continue;
    const fields = field.type === 'array' ? field.fields : field.blocks.find(({ type }) => type === row['_block_type'])?.fields;
    inLevel(fields ?? [], row, act);
  }
}

function inLevel(fields: readonly FieldDefinition[], holder: JsonObject, act: (sub: FieldDefinition, holder: JsonObject) => void): void {
  for (const sub of fields) {
    if (sub.type === 'row' || sub.type === 'collapsible') inLevel(sub.fields, holder, act);
    else if (sub.type === 'tabs') for (const tab of sub.tabs) inLevel(tab.fields, holder, act);
    else if (sub.type === 'group') {
      const group = holder[sub.name];
      if (isObject(group)) inLevel(sub.fields, group, act);
    } else if (sub.type !== 'join') act(sub, holder);
  }
}
