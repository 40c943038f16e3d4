/** Of any definition: synchronising twice changes nothing, and a grown definition ends where a new database would. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ContentRegistry } from '../../src/content/context.js';
import { schemaHash } from '../../src/content/sync.js';
import { type Config, collection, registryOf, settings, TestDatabase } from './support.js';

const SCALARS = ['text', 'number', 'checkbox', 'date', 'select', 'json', 'email', 'code', 'richtext'] as const;
const flags = { required: fc.boolean(), unique: fc.boolean(), index: fc.boolean(), localized: fc.boolean() };
const scalar = fc.record({ type: fc.constantFrom(...SCALARS), ...flags });
const relation = fc.record({
  type: fc.constant('relationship'),
  localized: fc.boolean(),
  relationship: fc.record({ collection: fc.constantFrom('posts', ['posts', 'media']), has_many: fc.boolean() }),
});

/** Names are given afterwards, so that they never collide. */
const tree = fc.letrec<{ field: Config; container: Config }>((tie) => ({
  field: fc.oneof({ maxDepth: 3 }, { weight: 4, arbitrary: scalar }, { weight: 1, arbitrary: relation }, tie('container')),
  container: fc.record({
    type: fc.constantFrom('group', 'row', 'collapsible', 'array'),
    localized: fc.boolean(),
    fields: fc.array(tie('field'), { maxLength: 3 }),
  }),
}));

const definition = fc.record({
  timestamps: fc.boolean(),
  versions: fc.constantFrom(false, true, { drafts: false }),
  fields: fc.array(tree.field, { minLength: 1, maxLength: 6 }),
});

function named(fields: readonly Config[], counter = { next: 0 }): Config[] {
  return fields.map((field) => {
    const name = `f${counter.next++}`;
    const inner = field['fields'] as Config[] | undefined;
    return { name, ...field, ...(inner && { fields: named(inner, counter) }) };
  });
}

const registry = (config: Config): ContentRegistry =>
  registryOf(collection('posts', { ...config, fields: named(config['fields'] as Config[]) }).definition);

function shape(db: TestDatabase): Record<string, string[]> {
  const tables = db.all("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB '_fts_*_*' ORDER BY name");
  return Object.fromEntries(tables.map(({ name }) => [String(name), db.columns(String(name)).toSorted()]));
}

describe.each([[[] as string[]], [['en', 'de']]])('with locales %j', (locales) => {
  const with_ = settings(locales);

  it('a second run changes nothing', () => {
    fc.assert(
      fc.property(definition, (config) => {
        const db = new TestDatabase();
        try {
          db.sync(registry(config), with_);
          const before = db.schema();
          expect(db.sync(registry(config), with_)).toEqual({ created: [], altered: [], warnings: [] });
          expect(db.schema()).toEqual(before);
        } finally {
          db.dispose();
        }
      }),
      { numRuns: 25 },
    );
  });

  it('a definition that grew ends with the tables and columns of a new database', () => {
    fc.assert(
      fc.property(definition, fc.nat({ max: 5 }), (config, kept) => {
        const early = { ...config, versions: false, fields: (config['fields'] as Config[]).slice(0, kept) };
        const grown = new TestDatabase();
        const fresh = new TestDatabase();
        try {
          grown.sync(registry(early), with_);
          grown.exec(
            "INSERT INTO posts (id) SELECT 'p' WHERE NOT EXISTS (SELECT 1 FROM pragma_table_info('posts') WHERE \"notnull\" = 1 AND dflt_value IS NULL)",
          );
          const documents = grown.all('SELECT id FROM posts');
          grown.sync(registry(config), with_);
          fresh.sync(registry(config), with_);
          expect(shape(grown)).toEqual(shape(fresh));
          expect(grown.all('SELECT id FROM posts')).toEqual(documents);
          expect(schemaHash(registry(early), with_) === schemaHash(registry(config), with_)).toBe(
            JSON.stringify(shapeOnly(early)) === JSON.stringify(shapeOnly(config)),
          );
        } finally {
          grown.dispose();
          fresh.dispose();
        }
      }),
      { numRuns: 25 },
    );
  });

  /** The statements of a new database: what the hash stands for. */
  function shapeOnly(config: Config): string[] {
    const db = new TestDatabase();
    try {
      db.sync(registry(config), with_);
      return db.schema().toSorted();
    } finally {
      db.dispose();
    }
  }
});
