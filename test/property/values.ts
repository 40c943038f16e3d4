/** Any value that a field may be given, and any document of a collection. Absent values are undefined. */
import fc from 'fast-check';
import { Float, type Json } from '../../src/domain/json.js';
import { type Collection, type Field, leaves, MEDIA, OPTIONS, TARGETS, transparent } from './fields.js';

/** Whole floats are `Float`, as scripts make them. */
export type Given = Json | undefined;

const text = fc.oneof(
  { weight: 3, arbitrary: fc.string({ maxLength: 12 }) },
  { weight: 3, arbitrary: fc.string({ maxLength: 12, unit: 'grapheme' }).map((given) => given.normalize('NFC')) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '',
      ' ',
      "it's",
      '"',
      '%',
      '_',
      '\\',
      'null',
      'true',
      '0',
      '1.0',
      '[1]',
      '{}',
      'a\nb',
      '\t',
      '日本',
      '🌙',
      'NaN',
      "'; --",
      '\0',
      'a\0b',
      '\r\n',
      '\uFEFFa',
      '\u2028',
      '\u{10FFFF}',
      '\u00A0',
    ),
  },
);

const integer = fc.oneof(fc.integer({ min: -1000, max: 1000 }), fc.integer({ min: -(2 ** 31) + 1 }));
const float = fc
  .oneof(fc.integer({ min: -1000, max: 1000 }), fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 }))
  .map((value) => (Number.isInteger(value) ? new Float(value + 0) : Math.abs(value) < 1e-4 ? 0.5 : value));
const number = fc.oneof(integer, float);

/** JSON without null, which Lua has not. */
const json: fc.Arbitrary<Json> = fc.letrec<{ value: Json; list: Json; object: Json }>((tie) => ({
  value: fc.oneof({ maxDepth: 2 }, text as fc.Arbitrary<Json>, number, fc.boolean(), tie('list'), tie('object')),
  list: fc.array(tie('value'), { maxLength: 3 }),
  object: fc.dictionary(fc.stringMatching(/^[a-z]{1,4}$/), tie('value'), { maxKeys: 3 }),
})).value;

const pad = (n: number) => String(n).padStart(2, '0');
const day = fc.tuple(fc.integer({ min: 1970, max: 2099 }), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 28 }));
const clock = fc.tuple(fc.nat(23), fc.nat(59), fc.nat(59));
const dayText = day.map(([y, m, d]) => `${y}-${pad(m)}-${pad(d)}`);
const date = fc.oneof(
  dayText,
  clock.map(([h, m]) => `${pad(h)}:${pad(m)}`),
  clock.map(([h, m, s]) => `${pad(h)}:${pad(m)}:${pad(s)}`),
  day.map(([y, m]) => `${y}-${pad(m)}`),
  fc.tuple(dayText, clock).map(([d, [h, m]]) => `${d}T${pad(h)}:${pad(m)}`),
  fc.tuple(dayText, clock).map(([d, [h, m, s]]) => `${d}T${pad(h)}:${pad(m)}:${pad(s)}`),
  fc
    .tuple(dayText, clock, fc.constantFrom('Z', '+02:00', '-05:30', '.5Z', '.123456+00:00'))
    .map(([d, [h, m, s], zone]) => `${d}T${pad(h)}:${pad(m)}:${pad(s)}${zone}`),
  fc.constant(''),
);

/** Zones whose clocks have not changed since 1970, and what they are ahead of UTC, in minutes. */
export const ZONES: Readonly<Record<string, number>> = { UTC: 0, 'Asia/Tokyo': 540, 'America/Phoenix': -420, 'Asia/Kolkata': 330 };

const email = fc.oneof(fc.stringMatching(/^[a-z]{1,5}@[a-z]{1,5}\.[a-z]{2}$/), fc.constant(''));

/** `strict`: only what both generations take in the same way. */
function scalarValue(field: Field, strict: boolean): fc.Arbitrary<Given> {
  const other: fc.Arbitrary<Given> = fc.oneof(number, fc.boolean());
  const loose = (own: fc.Arbitrary<Given>) => (strict ? own : fc.oneof({ weight: 5, arbitrary: own }, { weight: 1, arbitrary: other }));
  if (field.has_many) {
    const one: fc.Arbitrary<Given> = field.type === 'number' ? number : field.type === 'select' ? fc.constantFrom(...OPTIONS) : text;
    return fc.array(one, { maxLength: 4 }) as fc.Arbitrary<Given>;
  }
  switch (field.type) {
    case 'number':
      return strict
        ? number
        : fc.oneof(
            number,
            number.map((n) => String(n instanceof Float ? n.value : n)),
            fc.constantFrom('', '+7', '1e3', '7.25'),
          );
    case 'checkbox':
      return strict
        ? fc.boolean()
        : fc.oneof(fc.boolean(), fc.constantFrom<Given>('on', 'true', '1', 'yes', 1, 0, '', 'off', 'TRUE', 2, new Float(1)));
    case 'json':
      return fc.oneof(json, text);
    case 'date':
      return date;
    case 'select':
    case 'radio':
      return fc.constantFrom(...OPTIONS, '');
    case 'email':
      return email;
    default:
      return loose(text);
  }
}

function relationValue(field: Field): fc.Arbitrary<Given> {
  const { collection, has_many } = field.relationship!;
  const one =
    field.type === 'upload'
      ? fc.constantFrom(...MEDIA)
      : Array.isArray(collection)
        ? fc.tuple(fc.constantFrom(...collection), fc.constantFrom(...TARGETS)).map(([slug, id]) => `${slug}/${id}`)
        : fc.constantFrom(...TARGETS);
  if (!has_many) return fc.oneof({ weight: 5, arbitrary: one }, fc.constant(''));
  const list = fc.array(one, { maxLength: 4 });
  return fc.oneof(
    { weight: 4, arbitrary: list },
    list.map((ids) => ids.join(' , ')),
  );
}

/** The value of a field itself, without that it may be absent. */
export function fieldValue(field: Field, strict: boolean): fc.Arbitrary<Given> {
  switch (field.type) {
    case 'relationship':
    case 'upload':
      return relationValue(field);
    case 'array':
      return fc.array(row(field.fields ?? [], strict), { maxLength: 3 }) as fc.Arbitrary<Given>;
    case 'group':
      return row(field.fields ?? [], strict);
    case 'blocks': {
      const types = (field.blocks ?? []).map((block) =>
        row(block.fields, strict).map((data) => ({ _block_type: block.type, ...(data as object) })),
      );
      return fc.array(fc.oneof(...types), { maxLength: 3 }) as fc.Arbitrary<Given>;
    }
    default:
      return scalarValue(field, strict);
  }
}

/** The table of a row or of a group inside of one. */
function row(fields: readonly Field[], strict: boolean): fc.Arbitrary<Given> {
  const all = transparent(fields);
  const members = all.flatMap((field) => withZone(field, strict).map(([name, value]) => [name, maybe(field, value)] as const));
  return fc.record(Object.fromEntries(members)).map(withoutAbsent) as fc.Arbitrary<Given>;
}

function withZone(field: Field, strict: boolean): [string, fc.Arbitrary<Given>][] {
  const own: [string, fc.Arbitrary<Given>] = [field.name, fieldValue(field, strict)];
  return field.timezone ? [own, [`${field.name}_tz`, fc.constantFrom(...Object.keys(ZONES))]] : [own];
}

function maybe(field: Field, value: fc.Arbitrary<Given>): fc.Arbitrary<Given> {
  return field.required ? value : fc.option(value, { nil: undefined, freq: 4 });
}

function withoutAbsent(record: Record<string, Given>): Record<string, Json> {
  return Object.fromEntries(Object.entries(record).filter((entry): entry is [string, Json] => entry[1] !== undefined));
}

/** Values by leaf: `group__leaf`, and `leaf_tz` beside dates with a zone. */
export type Values = Record<string, Json>;

/** `only`: which leaves may be given. */
export function valuesOf(
  collection: Pick<Collection, 'fields'>,
  strict: boolean,
  only: (localized: boolean) => boolean = () => true,
): fc.Arbitrary<Values> {
  const members = leaves(collection.fields)
    .filter((leaf) => only(leaf.localized))
    .flatMap(({ path, field }) =>
      withZone(field, strict).map(([name, value]) => [[...path.slice(0, -1), name].join('__'), maybe(field, value)] as const),
    );
  return fc.record(Object.fromEntries(members)).map(withoutAbsent);
}
