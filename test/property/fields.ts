/** Any collection: all field types, nested up to three levels, as a definition file would write them. */
import fc from 'fast-check';

export type ScalarType =
  | 'text'
  | 'textarea'
  | 'richtext'
  | 'code'
  | 'email'
  | 'json'
  | 'number'
  | 'checkbox'
  | 'date'
  | 'select'
  | 'radio'
  | 'relationship'
  | 'upload';

/** A field as Lua has it: what is absent is not written. */
export interface Field {
  name: string;
  type: ScalarType | 'array' | 'blocks' | 'group' | 'row' | 'collapsible' | 'tabs' | 'join';
  required?: boolean;
  localized?: boolean;
  hidden?: boolean;
  has_many?: boolean;
  default_value?: string | number | boolean;
  options?: { label: string; value: string }[];
  picker_appearance?: string;
  timezone?: boolean;
  relationship?: { collection: string | string[]; has_many: boolean };
  fields?: Field[];
  blocks?: { type: string; fields: Field[] }[];
  tabs?: { label: string; fields: Field[] }[];
  collection?: string;
  on?: string;
}

export interface Collection {
  timestamps: boolean;
  soft_delete: boolean;
  versions: boolean;
  fields: Field[];
}

/** What relations point at: `targets` and `others` have the documents 't0' … 't3', `media` is an upload collection with 'm0' and 'm1'. */
export const TARGETS = ['t0', 't1', 't2', 't3'];
export const MEDIA = ['m0', 'm1'];
export const OPTIONS = ['red', 'green', 'blue', 'a,b', 'ä "quoted"'];

type Draft = Omit<Field, 'name' | 'fields' | 'blocks' | 'tabs'> & {
  fields?: Draft[];
  blocks?: { fields: Draft[] }[];
  tabs?: { fields: Draft[] }[];
};

const plain = fc.constantFrom<ScalarType>('text', 'textarea', 'richtext', 'code', 'email', 'json', 'number', 'checkbox');

const scalar: fc.Arbitrary<Draft> = fc
  .tuple(fc.oneof({ weight: 4, arbitrary: plain }, fc.constantFrom<ScalarType>('date', 'select', 'radio')), fc.nat(7), fc.nat(9), fc.nat(9))
  .map(([type, flags, many, extra]) => {
    const draft: Draft = { type };
    if (flags % 4 === 0) draft.localized = true;
    if (flags === 1) draft.required = true;
    if (flags === 2 && extra < 3) draft.hidden = true;
    if (type === 'select' || type === 'radio') draft.options = OPTIONS.map((value) => ({ label: value, value }));
    if (['text', 'number', 'select'].includes(type) && many < 3) draft.has_many = true;
    if (type === 'date' && many < 4) Object.assign(draft, { picker_appearance: 'dayAndTime', timezone: true });
    if (!draft.has_many && !draft.timezone && extra < 3) Object.assign(draft, defaultOf(type));
    return draft;
  });

function defaultOf(type: ScalarType): Partial<Draft> {
  switch (type) {
    case 'number':
      return { default_value: 2.5 };
    case 'checkbox':
      return { default_value: true };
    case 'text':
    case 'textarea':
    case 'code':
      return { default_value: 'it\'s "so"' };
    case 'select':
      return { default_value: 'green' };
    default:
      return {};
  }
}

const relation: fc.Arbitrary<Draft> = fc
  .tuple(fc.constantFrom<'relationship' | 'upload'>('relationship', 'relationship', 'upload'), fc.boolean(), fc.boolean(), fc.boolean())
  .map(([type, has_many, polymorphic, localized]) => ({
    type,
    ...(localized && { localized }),
    relationship: { collection: type === 'upload' ? 'media' : polymorphic ? ['targets', 'others'] : 'targets', has_many },
  }));

const join: fc.Arbitrary<Draft> = fc.constant({ type: 'join', collection: 'others', on: 'target' });

/** `depth`: containers that may still stand below. Inside of rows nothing is localized, hidden, or virtual. */
function field(depth: number): fc.Arbitrary<Draft> {
  if (depth === 0) return fc.oneof({ weight: 5, arbitrary: scalar }, { weight: 2, arbitrary: relation });
  const fields = fc.array(field(depth - 1), { minLength: 1, maxLength: 3 });
  const localized = fc.nat(3).map((n) => (n === 0 ? { localized: true } : {}));
  const lists = fc.array(fields, { minLength: 1, maxLength: 2 });
  return fc.oneof(
    { weight: 6, arbitrary: scalar },
    { weight: 3, arbitrary: relation },
    { weight: 1, arbitrary: join },
    {
      weight: 6,
      arbitrary: fc
        .tuple(
          fc.constantFrom<'group' | 'array' | 'row' | 'collapsible'>('group', 'array', 'group', 'array', 'row', 'collapsible'),
          fields,
          localized,
        )
        .map(([type, inner, flag]) => ({ type, fields: inner, ...(type === 'group' || type === 'array' ? flag : {}) })),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(lists, localized)
        .map(([all, flag]) => ({ type: 'blocks' as const, ...flag, blocks: all.map((each) => ({ fields: each })) })),
    },
    { weight: 1, arbitrary: lists.map((all) => ({ type: 'tabs' as const, tabs: all.map((each) => ({ fields: each })) })) },
  );
}

export const collection: fc.Arbitrary<Collection> = fc
  .tuple(fc.array(field(2), { minLength: 1, maxLength: 6 }), fc.boolean(), fc.nat(3), fc.nat(3))
  .map(([drafts, timestamps, soft, versions]) => ({
    timestamps,
    soft_delete: soft === 0,
    versions: versions === 0,
    fields: named(drafts, { next: 0 }, false),
  }));

/** Names are given afterwards, so that no two are the same. */
function named(drafts: readonly Draft[], counter: { next: number }, inRows: boolean): Field[] {
  return drafts
    .filter((draft) => !(inRows && draft.type === 'join'))
    .map((draft) => {
      const name = `f${counter.next++}`;
      const { fields, blocks, tabs, ...rest } = draft;
      const within = inRows || draft.type === 'array' || draft.type === 'blocks';
      const given: Field = { name, ...rest };
      if (inRows) {
        delete given.localized;
        delete given.hidden;
        delete given.default_value;
      }
      if (fields) given.fields = named(fields, counter, within);
      if (blocks) given.blocks = blocks.map((block, i) => ({ type: `b${i}`, fields: named(block.fields, counter, true) }));
      if (tabs) given.tabs = tabs.map((tab, i) => ({ label: `Tab ${i}`, fields: named(tab.fields, counter, within) }));
      return given;
    });
}

/** The fields of a level with row, collapsible and tabs looked through. */
export function transparent(fields: readonly Field[]): Field[] {
  return fields.flatMap((each) => {
    if (each.type === 'row' || each.type === 'collapsible') return transparent(each.fields ?? []);
    return each.type === 'tabs' ? (each.tabs ?? []).flatMap((tab) => transparent(tab.fields)) : [each];
  });
}

/** A field outside of rows that holds a value of its own, with the groups that it stands in. */
export interface Leaf {
  path: string[];
  field: Field;
  localized: boolean;
  hidden: boolean;
}

export function leaves(fields: readonly Field[], path: string[] = [], localized = false, hidden = false): Leaf[] {
  return transparent(fields).flatMap((each) => {
    const here = [...path, each.name];
    const [inLocales, concealed] = [localized || each.localized === true, hidden || each.hidden === true];
    if (each.type === 'group') return leaves(each.fields ?? [], here, inLocales, concealed);
    return each.type === 'join' ? [] : [{ path: here, field: each, localized: inLocales, hidden: concealed }];
  });
}

/** The paths of all groups outside of rows. */
export function groups(fields: readonly Field[], path: string[] = []): string[][] {
  return transparent(fields).flatMap((each) =>
    each.type === 'group' ? [[...path, each.name], ...groups(each.fields ?? [], [...path, each.name])] : [],
  );
}
