/** Whatever create accepts reads back as the value mapping says, by id and in a find; what it refuses leaves nothing. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BindingError } from '../../src/lua/errors.js';
import type { Stage } from '../content/support.js';
import { holds, TIMEOUT } from './check.js';
import { differences } from './compare.js';
import { type Collection, collection } from './fields.js';
import { ModelDocument, type Rules } from './model.js';
import { dataOf, openWith } from './stage.js';
import { type Values, valuesOf } from './values.js';

const RULES: [string, Rules][] = [
  ['generation 8', { generation: 8, locales: [], fallback: true }],
  ['generation 8 with locales', { generation: 8, locales: ['en', 'de'], fallback: true }],
  ['generation 8 with locales, no fallback', { generation: 8, locales: ['en', 'de'], fallback: false }],
  ['generation 10', { generation: 10, locales: [], fallback: true }],
  ['generation 10 with locales', { generation: 10, locales: ['en', 'de'], fallback: true }],
];

interface Update {
  values: Values;
  locale: string | undefined;
}

interface Case {
  collection: Collection;
  /** Group leaves as `group__leaf` keys instead of tables. */
  flat: boolean;
  documents: { created: Values; updates: Update[] }[];
}

function cases(rules: Rules): fc.Arbitrary<Case> {
  const strict = rules.generation === 10;
  return collection.chain((given) => {
    // Fields that are not localized are written in the default locale only, by what generation 10 asks for.
    const elsewhere = valuesOf(given, strict, (localized) => localized || !strict).map((values) => ({ values, locale: rules.locales[1] }));
    const here = valuesOf(given, strict).map((values) => ({ values, locale: undefined }));
    const update: fc.Arbitrary<Update> = rules.locales.length > 0 ? fc.oneof(here, elsewhere) : here;
    const document = fc.record({ created: valuesOf(given, strict), updates: fc.array(update, { maxLength: 2 }) });
    return fc.record({
      collection: fc.constant(given),
      flat: fc.boolean(),
      documents: fc.array(document, { minLength: 1, maxLength: 4 }),
    });
  });
}

/** Runs a write; false where it was refused. Anything but a refusal is a defect. */
function accepted(write: () => unknown): boolean {
  try {
    write();
    return true;
  } catch (error) {
    if (error instanceof BindingError && !['SQL_FAILED', 'SCHEMA_OUTDATED', 'CONSTRAINT_FAILED'].includes(error.code)) return false;
    throw error;
  }
}

describe.each(RULES)('%s', (_, rules) => {
  const readIn = [undefined, ...(rules.locales.length > 0 ? ['en', 'de', 'all'] : [])];

  function check(stage: Stage, id: string, model: ModelDocument): void {
    for (const locale of readIn) {
      const expected = model.read(locale);
      const options = locale === undefined ? {} : { locale };
      const found = stage.find('docs', { where: { id }, ...options }).documents;
      expect(differences(stage.findById('docs', id, options), expected), `find_by_id, locale ${locale}`).toEqual([]);
      expect(differences(found[0], expected), `find, locale ${locale}`).toEqual([]);
    }
  }

  it('documents read back as they were written', { timeout: TIMEOUT }, () => {
    let [tried, kept] = [0, 0];
    holds(cases(rules), 60, ({ collection: given, flat, documents }) => {
      const stage = openWith(given, rules);
      try {
        for (const { created, updates } of documents) {
          const before = stage.count('docs');
          tried++;
          let id = '';
          const ok = accepted(() => {
            const document = stage.create('docs', dataOf(given, created, flat), { overrideAccess: true });
            id = document.id;
            expect(differences(document, new ModelDocument(given, rules, created).read(undefined)), 'the result of create').toEqual([]);
          });
          expect(stage.count('docs')).toBe(before + (ok ? 1 : 0));
          if (!ok) continue;
          kept++;
          const model = new ModelDocument(given, rules, created);
          check(stage, id, model);
          for (const { values, locale } of updates) {
            const options = locale === undefined ? {} : { locale };
            if (accepted(() => stage.update('docs', id, dataOf(given, values, flat), options))) model.update(values, locale);
            check(stage, id, model);
          }
        }
      } finally {
        stage.dispose();
      }
    });
    // A property over refusals alone would show nothing.
    expect(kept / tried).toBeGreaterThan(0.5);
  });
});
