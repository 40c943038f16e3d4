/** A collection with every kind of name that a filter can use, documents of it, and filters over them. */
import fc from 'fast-check';
import { Float, type Json } from '../../src/domain/json.js';
import { cell, type Group, member, type Operand, rows, type Table, type Target, type Where } from './naive.js';

/** The first is the default. Filters never fall back: the documents that they are held against must not either. */
export const LOCALES = ['en', 'de'];
const row = (name: string, type: string, more = {}) => ({ name, type, ...more });
const group = (name: string, ...fields: object[]) => row(name, 'group', { fields });

export const FIELDS = [
  row('txt', 'text'),
  row('num', 'number'),
  row('chk', 'checkbox'),
  row('day', 'date'),
  row('loc', 'text', { localized: true }),
  row('one', 'relationship', { relationship: { collection: 'tags' } }),
  row('tags', 'relationship', { relationship: { collection: 'tags', has_many: true } }),
  row('shown', 'relationship', { localized: true, relationship: { collection: ['tags', 'more'], has_many: true } }),
  row('folded', 'collapsible', { fields: [row('inner', 'text')] }),
  group('grp', row('txt', 'text'), row('num', 'number'), group('deep', row('txt', 'text'))),
  row('items', 'array', {
    fields: [
      row('label', 'text'),
      row('n', 'number'),
      row('on', 'checkbox'),
      row('side', 'row', { fields: [row('aside', 'text')] }),
      group('grp', row('txt', 'text'), row('num', 'number'), group('deep', row('txt', 'text'))),
    ],
  }),
  row('notes', 'array', { localized: true, fields: [row('label', 'text')] }),
  row('body', 'blocks', {
    blocks: [
      { type: 'text', fields: [row('text', 'text'), row('size', 'number'), group('look', row('color', 'text'))] },
      {
        type: 'list',
        fields: [
          row('points', 'array', { fields: [row('text', 'text'), row('weight', 'number')] }),
          row('nested', 'blocks', {
            blocks: [
              { type: 'leaf', fields: [row('word', 'text')] },
              { type: 'bare', fields: [] },
            ],
          }),
        ],
      },
    ],
  }),
];

const inRows =
  (list: string, ...path: string[]) =>
  (document: Table) =>
    rows(document, list).map((each) => cell(path.reduce(member as (at: unknown, name: string) => unknown, each)));

const real = (name: string, ...path: string[]): Target => ({
  name,
  kind: 'number',
  values: (document) => cell(path.reduce(member as (at: unknown, name: string) => unknown, document), true),
});
const text = (name: string, ...path: string[]): Target => ({
  name,
  kind: 'text',
  values: (document) => cell(path.reduce(member as (at: unknown, name: string) => unknown, document)),
});

const TARGETS: Target[] = [
  text('id', 'id'),
  text('txt', 'txt'),
  real('num', 'num'),
  { name: 'chk', kind: 'checkbox', values: (document) => cell(document['chk']) },
  { name: 'day', kind: 'date', values: (document) => cell(document['day']) },
  text('loc', 'loc'),
  text('one', 'one'),
  text('inner', 'inner'),
  text('grp.txt', 'grp', 'txt'),
  text('grp__txt', 'grp', 'txt'),
  real('grp.num', 'grp', 'num'),
  text('grp.deep.txt', 'grp', 'deep', 'txt'),
  { name: 'tags.id', kind: 'text', values: (document) => (document['tags'] as string[]).map((id) => cell(id)) },
  { name: 'shown.id', kind: 'text', values: (document) => (document['shown'] as string[]).map((id) => cell(id.split('/')[1])) },
  { name: 'items.id', kind: 'text', values: inRows('items', 'id') },
  { name: 'items.label', kind: 'text', values: inRows('items', 'label') },
  { name: 'items.n', kind: 'number', values: (document) => rows(document, 'items').map((each) => cell(each['n'], true)) },
  { name: 'items.on', kind: 'checkbox', values: inRows('items', 'on') },
  { name: 'items.aside', kind: 'text', values: inRows('items', 'aside') },
  { name: 'items.grp.txt', kind: 'text', values: inRows('items', 'grp', 'txt') },
  { name: 'items.grp.num', kind: 'number', values: inRows('items', 'grp', 'num') },
  { name: 'items.grp.deep.txt', kind: 'text', values: inRows('items', 'grp', 'deep', 'txt') },
  { name: 'notes.label', kind: 'text', values: inRows('notes', 'label') },
  { name: 'body._block_type', kind: 'text', values: inRows('body', '_block_type') },
  { name: 'body.text', kind: 'text', values: inRows('body', 'text') },
  { name: 'body.size', kind: 'number', values: inRows('body', 'size') },
  { name: 'body.look.color', kind: 'text', values: inRows('body', 'look', 'color') },
  { name: 'body.points.text', kind: 'text', values: nestedRows('points', 'text') },
  { name: 'body.points.weight', kind: 'number', values: nestedRows('points', 'weight') },
  { name: 'body.nested._block_type', kind: 'text', values: nestedRows('nested', '_block_type') },
  { name: 'body.nested.word', kind: 'text', values: nestedRows('nested', 'word') },
];
export const BY_NAME = new Map(TARGETS.map((target) => [target.name, target]));

function nestedRows(list: string, name: string): Target['values'] {
  return (document) => rows(document, 'body').flatMap((block) => rows(block, list).map((each) => cell(each[name])));
}

const WORDS = ['a', 'A', 'b', 'ab', 'ä', '%', 'a%b', 'a_b', '\\', '10', '9', '🌙x'];
const NUMBERS = [0, 1, 2, 10, -1, 0.5, 2.5];
const DAYS = ['2026-01-02', '2026-01-02T12:00:00', '2025-12-31T23:59', '2026-02', '07:30'];
/** Ids of the documents in `tags` and `more`. */
export const TAGS = ['t0', 't1', 't2'];

const word = fc.constantFrom(...WORDS);
const numeral: fc.Arbitrary<Json> = fc.constantFrom(...NUMBERS, new Float(2));
const tags = fc.uniqueArray(fc.constantFrom(...TAGS), { maxLength: 3 });
/** fast-check makes some records without a prototype, which are no tables to the operations. */
const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record(model, { noNullPrototype: true });
const some = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 6 });
const list = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 5, arbitrary: fc.array(arbitrary, { minLength: 1, maxLength: 4 }) }, fc.constant<T[]>([]));
const deep = some(record({ txt: some(word) }));

const leaf = fc.oneof(record({ _block_type: fc.constant('leaf'), word: some(word) }), record({ _block_type: fc.constant('bare') }));
const block = fc.oneof(
  record({ _block_type: fc.constant('text'), text: some(word), size: some(numeral), look: some(record({ color: some(word) })) }),
  record({
    _block_type: fc.constant('list'),
    points: some(list(record({ text: some(word), weight: some(numeral) }))),
    nested: some(list(leaf)),
  }),
);
export const documents = record({
  txt: some(word),
  num: some(numeral),
  chk: some(fc.boolean()),
  day: some(fc.constantFrom(...DAYS)),
  loc: some(word),
  one: some(fc.constantFrom(...TAGS)),
  tags: some(tags),
  shown: some(tags.map((ids) => ids.map((id, i) => `${i % 2 === 0 ? 'tags' : 'more'}/${id}`))),
  inner: some(word),
  grp: some(record({ txt: some(word), num: some(numeral), deep })),
  items: some(
    list(
      record({
        label: some(word),
        n: some(numeral),
        on: some(fc.boolean()),
        aside: some(word),
        grp: some(record({ txt: some(word), num: some(numeral), deep })),
      }),
    ),
  ),
  notes: some(list(record({ label: some(word) }))),
  body: some(list(block)),
});
/** What an update in the second locale writes. */
export const german = record({ loc: some(word), notes: some(list(record({ label: some(word) }))) });

const COMPARISONS = ['equals', 'not_equals', 'greater_than', 'less_than', 'greater_than_or_equal', 'less_than_or_equal'];

/** `strict`: only what both generations understand in the same way. */
function operandFor(target: Target, strict: boolean): fc.Arbitrary<Operand> {
  const tag = target.name === 'one' || target.name.endsWith('.id') || target.name === 'id';
  switch (target.kind) {
    case 'number': {
      const numbers: fc.Arbitrary<Operand> = numeral as fc.Arbitrary<Operand>;
      return strict ? numbers : fc.oneof({ weight: 4, arbitrary: numbers }, fc.constantFrom<Operand>('2', '2.50', '1e1', 'abc', ''));
    }
    case 'checkbox':
      return strict ? fc.boolean() : fc.constantFrom<Operand>(true, false, 1, 0, 'yes', 'off', 'true');
    case 'date':
      return fc.constantFrom<Operand>(
        '2026-01-02T12:00:00.000Z',
        '2025-12-31T23:59:00.000Z',
        ...(strict ? [] : ['2026-01-02', '2026-02', '07:30']),
      );
    default:
      if (tag) return fc.constantFrom<Operand>(...TAGS);
      return strict ? word.filter((each) => each !== '\\') : fc.oneof(word, fc.constantFrom<Operand>('', 10, 9, true, '_%', '%a%', '__'));
  }
}

function conditionsOn(target: Target, strict: boolean): fc.Arbitrary<Operand | { [operator: string]: Operand | Operand[] }> {
  const operand = operandFor(target, strict);
  const operands = fc.array(operand, { maxLength: 3 });
  // Bare dates, and words of truth as text, have a meaning of their own in generation 10.
  const textual = strict && target.kind !== 'text' ? [] : ['like', 'contains'];
  const one = fc.oneof(
    { weight: 6, arbitrary: fc.tuple(fc.constantFrom(...COMPARISONS, ...textual), operand) },
    { weight: 2, arbitrary: fc.tuple(fc.constantFrom('in', 'not_in'), operands) },
    {
      weight: 2,
      arbitrary: fc.tuple(
        fc.constantFrom('exists', 'not_exists'),
        strict ? fc.constant<Operand>(true) : fc.constantFrom<Operand>(true, false, ''),
      ),
    },
  );
  return fc.oneof(
    { weight: 1, arbitrary: operand },
    { weight: 4, arbitrary: fc.array(one, { minLength: 1, maxLength: 2 }).map((list) => Object.fromEntries(list)) },
  );
}

export function filters(strict: boolean): fc.Arbitrary<Where> {
  const entry = fc.constantFrom(...TARGETS).chain((target) => conditionsOn(target, strict).map((given) => [target.name, given] as const));
  const groupOf = (most: number, least: number): fc.Arbitrary<Group> =>
    fc.array(entry, { minLength: least, maxLength: most }).map((list) => Object.fromEntries(list));
  return fc.oneof(
    { weight: 3, arbitrary: groupOf(1, 1) },
    { weight: 2, arbitrary: groupOf(3, 2) },
    {
      weight: 3,
      arbitrary: fc.tuple(groupOf(1, 0), fc.array(groupOf(2, 1), { minLength: 1, maxLength: 3 })).map(([all, or]) => ({ ...all, or })),
    },
  ) as fc.Arbitrary<Where>;
}
