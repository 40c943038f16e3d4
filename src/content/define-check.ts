/** What can be said of definitions only when all of them are known: targets, table names, members of indexes (Lua API 10.5). */
import type { Problem } from '../domain/errors.js';
import { didYouMean } from '../domain/suggest.js';
import type { ContentRegistry, ContentSettings } from './context.js';
import { type Definition, isCollection, layoutOf, leavesOf } from './layout.js';
import { subColumnsOf } from './layout-side.js';
import type { CollectionDefinition, FieldDefinition } from './schema.js';
import { layoutSettings } from './sync.js';

type Registry = Pick<ContentRegistry, 'collections' | 'globals'>;
type Settings = Pick<ContentSettings, 'generation' | 'locale'>;

/** Problems in the order of definition. What the reference's first generation accepts is a warning there and an error under 10. */
export function checkDefinitions(registry: Registry, settings: Settings): Problem[] {
  const check = new Check(registry, settings);
  for (const definition of [...registry.collections.values(), ...registry.globals.values()]) {
    check.tables(definition);
    check.fields(definition, definition.fields);
    if (isCollection(definition)) check.members(definition);
    else check.sharedSlug(definition.slug, definition);
  }
  return check.problems;
}

/** `admin.default_timezone` of crap.toml, for dates with a timezone that name none. */
export function applyDefaultTimezone(registry: Registry, zone: string | undefined): void {
  if (!zone) return;
  for (const { fields } of [...registry.collections.values(), ...registry.globals.values()]) setTimezone(fields, zone);
}

function setTimezone(fields: readonly FieldDefinition[], zone: string): void {
  for (const field of fields) {
    if (field.type === 'date' && field.timezone) field.defaultTimezone ??= zone;
    setTimezone(field.fields, zone);
    for (const inner of [...field.tabs, ...field.blocks]) setTimezone(inner.fields, zone);
  }
}

/** What SQLite takes a table; FTS5 needs six beside the id and those that are searched. */
const MAX_COLUMNS = 2_000;

/** Names that it refuses for tables, and those of functions that it asks like tables, which a table of the name would hide. */
const OF_SQLITE = /^(?:sqlite_|pragma_|json_each$|json_tree$)/i;

class Check {
  readonly problems: Problem[] = [];
  readonly #registry: Registry;
  readonly #settings: Settings;
  readonly #tables = new Map<string, string>();

  constructor(registry: Registry, settings: Settings) {
    this.#registry = registry;
    this.#settings = settings;
  }

  /** Two definitions must not want the same table: collection `a_b` beside the rows of field `b` of `a`. */
  tables(definition: Definition): void {
    const layout = layoutOf(definition, layoutSettings(this.#settings, this.#registry));
    const owner = ownerOf(definition);
    const claims = [
      { table: layout.table, by: owner },
      ...layout.sideTables.map((side) => ({ table: side.table, by: `${owner} field '${side.leaf.path.join('.')}'` })),
    ];
    for (const { table, by } of claims) {
      const other = OF_SQLITE.test(table) ? 'SQLite itself' : this.#tables.get(table.toLowerCase());
      if (other !== undefined) {
        this.#add(
          'error',
          definition,
          'DEFINITION_TABLE_TWICE',
          `${by} needs the table '${table}', which ${other} already has`,
          'rename one of the two',
        );
      }
      this.#tables.set(table.toLowerCase(), by);
    }
    this.#width(definition, 1 + layout.columns.length + layout.systemColumns.length, owner);
    this.#width(definition, 7 + (layout.search?.columns.length ?? 0), `the search table of ${owner}`);
    for (const { leaf, locale } of layout.sideTables) {
      const columns = leaf.field.type === 'array' ? subColumnsOf(leaf.field.fields).length : 0;
      this.#width(definition, (locale === undefined ? 3 : 4) + columns, `${owner} field '${leaf.path.join('.')}'`);
    }
  }

  #width(definition: Definition, columns: number, owner: string): void {
    if (columns <= MAX_COLUMNS) return;
    const text = `${owner} needs ${columns} columns, and a table of SQLite holds ${MAX_COLUMNS}`;
    const remedy = 'put some of the fields into blocks or a json field, or localize fewer of them: each has a column a locale';
    this.#add('error', definition, 'DEFINITION_TOO_WIDE', text, remedy);
  }

  fields(definition: Definition, fields: readonly FieldDefinition[], path = ''): void {
    for (const field of fields) {
      const at = path + field.name;
      for (const target of field.relationship?.collections ?? []) this.#target(definition, at, target);
      if (!field.relationship && (field.type === 'relationship' || field.type === 'upload')) this.#untargeted(definition, at);
      if (field.join) this.#join(definition, at, field.join);
      this.fields(definition, field.fields, `${at}.`);
      for (const inner of [...field.tabs, ...field.blocks]) this.fields(definition, inner.fields, `${at}.`);
    }
  }

  members(definition: CollectionDefinition): void {
    const keys = leavesOf(definition.fields)
      .filter((leaf) => leaf.storage === 'column')
      .map((leaf) => leaf.key);
    const own = definition.timestamps ? [...keys, 'id', 'created_at', 'updated_at'] : [...keys, 'id'];
    for (const name of definition.indexes.flatMap((index) => index.fields)) {
      if (own.includes(name)) continue;
      const text = `an index names '${name}', which has no column${didYouMean(name, own)}; the index is not made`;
      this.#add(this.#strict, definition, 'DEFINITION_INDEX_MEMBER', `${ownerOf(definition)}: ${text}`, undefined, 'indexes');
    }
    const listed = definition.admin['list_searchable_fields'];
    for (const name of Array.isArray(listed) ? listed : []) {
      if (typeof name === 'string' && keys.includes(name)) continue;
      const text = `list_searchable_fields names '${String(name)}', which has no column${didYouMean(String(name), keys)}`;
      this.#add(
        'warning',
        definition,
        'DEFINITION_SEARCH_FIELD',
        `${ownerOf(definition)}: ${text}`,
        undefined,
        'admin.list_searchable_fields',
      );
    }
  }

  sharedSlug(slug: string, definition: Definition): void {
    if (this.#settings.generation !== 10 || !this.#registry.collections.has(slug)) return;
    this.#add('error', definition, 'DEFINITION_SLUG_TWICE', `a collection and a global share the slug '${slug}'`, 'rename one of the two');
  }

  get #strict(): Problem['severity'] {
    return this.#settings.generation === 10 ? 'error' : 'warning';
  }

  #target(definition: Definition, field: string, target: string): void {
    const known = this.#registry.collections;
    if (known.has(target)) return;
    const text = `${ownerOf(definition)} field '${field}': there is no collection '${target}'${didYouMean(target, known.keys())}`;
    this.#add(this.#strict, definition, 'DEFINITION_UNKNOWN_TARGET', text, `define '${target}', or name another collection`, field);
  }

  /** The first generation keeps any id there. */
  #untargeted(definition: Definition, field: string): void {
    if (this.#settings.generation !== 10) return;
    const text = `${ownerOf(definition)} field '${field}': relationship.collection is required`;
    this.#add('error', definition, 'DEFINITION_UNKNOWN_TARGET', text, 'write relationship = { collection = "…" }', field);
  }

  #join(definition: Definition, field: string, { collection, on }: { collection: string; on: string }): void {
    const target = this.#registry.collections.get(collection);
    if (!target) {
      this.#target(definition, field, collection);
      return;
    }
    const leaf = leavesOf(target.fields).find(({ key }) => key === on);
    if (leaf?.field.type === 'relationship' || leaf?.field.type === 'upload') return;
    const text = `${ownerOf(definition)} field '${field}': collection '${collection}' has no relationship '${on}' to join on`;
    this.#add(this.#strict, definition, 'DEFINITION_JOIN', text, `name a relationship field of '${collection}'`, field);
  }

  #add(severity: Problem['severity'], definition: Definition, code: string, message: string, remedy?: string, field?: string): void {
    this.problems.push({ severity, code, message, file: definition.file, line: definition.line, field, remedy });
  }
}

function ownerOf(definition: Definition): string {
  return `${isCollection(definition) ? 'collection' : 'global'} '${definition.slug}'`;
}
