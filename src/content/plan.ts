/**
 * What content operations need to know of a definition, worked out once and kept with it: leaves with their columns, containers,
 * fields with hooks and access rules. A plan is for one definition object and one set of locales.
 */
import type { FunctionRef } from '../domain/job.js';
import type { ContentContext, ContentSettings } from './context.js';
import { refused } from './failure.js';
import { holdsJson } from './generation.js';
import { companionKind, isCollection, type Leaf, leavesOf, localeSuffix, systemColumnsOf, tableName } from './layout.js';
import type { AccessRules, CollectionDefinition, CollectionHook, FieldDefinition, FieldHooks, GlobalDefinition } from './schema.js';

export interface PlannedLeaf extends Leaf {
  /** Text columns whose text is JSON (json fields, scalar has-many fields). */
  json: boolean;
  /** Never shown in results: its own `hidden` or that of a container around it. */
  hidden: boolean;
  /** Data key of the zone beside a date with timezone. */
  zoneKey: string | undefined;
  /** true on the zone itself: written only together with its date. */
  isZone: boolean;
}

/** A named field that is no layout wrapper, at any level outside of rows: its data key, and what hangs on it. */
export interface PlannedField {
  key: string;
  path: readonly string[];
  field: FieldDefinition;
}

export interface Plan {
  definition: CollectionDefinition | GlobalDefinition;
  isGlobal: boolean;
  slug: string;
  table: string;
  /** Leaves with a column of their own, in definition order; zones behind their dates. */
  columns: PlannedLeaf[];
  /** Array, blocks and has-many leaves. */
  sides: PlannedLeaf[];
  /** Columns and sides in definition order, zones left out: what validation goes through. */
  leaves: PlannedLeaf[];
  /** Columns and sides by data key. */
  byKey: ReadonlyMap<string, PlannedLeaf>;
  /** Groups, outermost first, with their paths. */
  groups: PlannedField[];
  fields: PlannedField[];
  hooks: Record<CollectionHook, FunctionRef[]>;
  access: AccessRules;
  timestamps: boolean;
  drafts: boolean;
  softDelete: boolean;
  isAuth: boolean;
  /** Whether documents are read with `sizes`: an upload collection with image sizes. */
  hasSizes: boolean;
  /** undefined = locales are off. */
  locales: readonly string[] | undefined;
  defaultLocale: string;
  /** Fields with hooks for an event, in definition order. */
  hooked: Record<keyof FieldHooks, PlannedField[]>;
  /** Fields with a rule, in definition order, parents before children. */
  ruled: Record<'read' | 'create' | 'update', PlannedField[]>;
  /** SQL texts by purpose and shape. */
  sql: Map<string, string>;
  /** The statement that reads one document by its id, by locale ('' = the default one). */
  byId: Map<string, string>;
}

const plans = new WeakMap<object, Plan>();

export function collectionPlan(ctx: ContentContext, slug: string): Plan & { definition: CollectionDefinition } {
  const definition = ctx.registry.collections.get(slug);
  if (!definition) throw refused('COLLECTION_NOT_FOUND', `Collection '${slug}' not found`);
  return planOf(definition, ctx.settings) as Plan & { definition: CollectionDefinition };
}

export function globalPlan(ctx: ContentContext, slug: string): Plan {
  const definition = ctx.registry.globals.get(slug);
  if (!definition) throw refused('GLOBAL_NOT_FOUND', `Global '${slug}' not found`);
  return planOf(definition, ctx.settings);
}

export function planOf(definition: CollectionDefinition | GlobalDefinition, settings: Pick<ContentSettings, 'locale'>): Plan {
  const known = plans.get(definition);
  if (known && sameLocales(known, settings.locale)) return known;
  const plan = build(definition, settings.locale);
  plans.set(definition, plan);
  return plan;
}

function sameLocales(plan: Plan, locale: ContentSettings['locale']): boolean {
  const locales = plan.locales ?? [];
  return (
    locales.length === locale.locales.length &&
    (locales.length === 0 || plan.defaultLocale === locale.default) &&
    locales.every((code, i) => code === locale.locales[i])
  );
}

function build(definition: CollectionDefinition | GlobalDefinition, locale: ContentSettings['locale']): Plan {
  const collection = isCollection(definition) ? definition : undefined;
  const fields: PlannedField[] = [];
  const hiddenKeys = new Set<string>();
  walk(definition.fields, [], false, fields, hiddenKeys);
  const columns: PlannedLeaf[] = [];
  const sides: PlannedLeaf[] = [];
  const leaves: PlannedLeaf[] = [];
  for (const leaf of leavesOf(definition.fields)) {
    const zoneKey = companionKind(leaf.field) === 'tz' ? `${leaf.key}_tz` : undefined;
    const hidden = hiddenKeys.has(leaf.key);
    const planned: PlannedLeaf = { ...leaf, json: holdsJson(leaf.field), hidden, zoneKey, isZone: false };
    if (leaf.storage !== 'virtual') leaves.push(planned);
    if (leaf.storage === 'side') sides.push(planned);
    if (leaf.storage !== 'column') continue;
    columns.push(planned);
    if (zoneKey !== undefined) columns.push(zoneLeaf(planned, zoneKey));
  }
  const system = new Set(systemColumnsOf(definition).map((column) => column.name));
  const withHooks = (event: keyof FieldHooks) => fields.filter(({ field }) => field.hooks[event].length > 0);
  const withRule = (rule: 'read' | 'create' | 'update') => fields.filter(({ field }) => field.access[rule] !== undefined);
  return {
    definition,
    isGlobal: collection === undefined,
    slug: definition.slug,
    table: tableName(definition),
    columns,
    sides,
    leaves,
    byKey: new Map([...columns, ...sides].map((leaf) => [leaf.key, leaf])),
    groups: fields.filter(({ field }) => field.type === 'group'),
    fields,
    hooks: definition.hooks,
    access: definition.access,
    timestamps: system.has('created_at'),
    drafts: system.has('_status'),
    softDelete: system.has('_deleted_at'),
    isAuth: collection?.auth !== undefined,
    hasSizes: Array.isArray(collection?.upload?.['image_sizes']),
    locales: locale.locales.length > 0 ? locale.locales : undefined,
    defaultLocale: locale.default,
    hooked: {
      before_validate: withHooks('before_validate'),
      before_change: withHooks('before_change'),
      after_change: withHooks('after_change'),
      after_read: withHooks('after_read'),
    },
    ruled: { read: withRule('read'), create: withRule('create'), update: withRule('update') },
    sql: new Map(),
    byId: new Map(),
  };
}

/** The zone of a date behaves as a text leaf beside it. */
function zoneLeaf(date: PlannedLeaf, zoneKey: string): PlannedLeaf {
  const name = `${date.field.name}_tz`;
  const field: FieldDefinition = {
    ...date.field,
    name,
    type: 'text',
    required: false,
    unique: false,
    timezone: false,
    validate: undefined,
    defaultValue: undefined,
    hooks: { before_validate: [], before_change: [], after_change: [], after_read: [] },
    access: {},
  };
  return { ...date, key: zoneKey, path: [...date.path.slice(0, -1), name], field, json: false, zoneKey: undefined, isZone: true };
}

function walk(
  fields: readonly FieldDefinition[],
  path: readonly string[],
  hidden: boolean,
  into: PlannedField[],
  hiddenKeys: Set<string>,
): void {
  for (const field of fields) {
    const concealed = hidden || field.hidden;
    if (field.type === 'row' || field.type === 'collapsible') {
      walk(field.fields, path, concealed, into, hiddenKeys);
    } else if (field.type === 'tabs') {
      for (const tab of field.tabs) walk(tab.fields, path, concealed, into, hiddenKeys);
    } else {
      const own = [...path, field.name];
      const key = own.join('__');
      into.push({ key, path: own, field });
      if (concealed) hiddenKeys.add(key);
      if (field.type === 'group') walk(field.fields, own, concealed, into, hiddenKeys);
    }
  }
}

/** The column of a leaf in a locale (undefined = the default one). A zone's locale suffix stands behind its `_tz`. */
export function columnOf(plan: Plan, leaf: PlannedLeaf, locale: string | undefined): string {
  if (!leaf.localized || !plan.locales) return leaf.key;
  return `${leaf.key}__${localeSuffix(locale ?? plan.defaultLocale)}`;
}

/** A column's name as SQL, and as the reference prints it in failing statements: quoted only where it has to be. */
export function sqlName(name: string): string {
  return RESERVED.has(name.toUpperCase()) || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? `"${name.replaceAll('"', '""')}"` : name;
}

/** SQLite's keywords that cannot stand as a bare column name everywhere, and PostgreSQL's. */
const RESERVED = new Set(
  (
    'ADD ALL ALTER ANALYSE ANALYZE AND ANY ARRAY AS ASC ASYMMETRIC AUTHORIZATION AUTOINCREMENT BETWEEN BINARY BOTH BY CASE CAST CHECK ' +
    'COLLATE COLLATION COLUMN COMMIT CONCURRENTLY CONSTRAINT CREATE CROSS CURRENT CURRENT_CATALOG CURRENT_DATE CURRENT_ROLE ' +
    'CURRENT_SCHEMA CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER DEFAULT DEFERRABLE DELETE DESC DISTINCT DO DROP ELSE END ESCAPE EXCEPT ' +
    'EXISTS FALSE FETCH FILTER FOR FOREIGN FREEZE FROM FULL GRANT GROUP HAVING ILIKE IN INDEX INDEXED INITIALLY INNER INSERT INTERSECT ' +
    'INTO IS ISNULL JOIN LATERAL LEADING LEFT LIKE LIMIT LOCALTIME LOCALTIMESTAMP MATERIALIZED NATURAL NOT NOTHING NOTNULL NULL OFFSET ' +
    'ON ONLY OR ORDER OUTER OVER OVERLAPS PLACING PRIMARY REFERENCES RETURNING RIGHT SELECT SESSION_USER SET SIMILAR SOME SYMMETRIC ' +
    'TABLE TABLESAMPLE THEN TO TRAILING TRANSACTION TRUE UNION UNIQUE UPDATE USER USING VALUES VARIADIC VERBOSE WHEN WHERE WINDOW WITH'
  ).split(' '),
);
