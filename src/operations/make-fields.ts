/** Fields of a new collection or global: from `title:text:required,author:relationship:users` to Lua. */
import { isReservedName } from '../content/parse-names.js';
import { FIELD_TYPES, type FieldType } from '../content/schema.js';
import { UsageError } from '../domain/errors.js';
import { titleOf } from '../domain/slug.js';
import { didYouMean } from '../domain/suggest.js';
import { indented, quoted } from './scaffold.js';

export interface NewField {
  name: string;
  type: FieldType;
  /** Boolean options that are set. */
  options: readonly string[];
  /** Of relationship and upload. */
  target?: string;
}

const OPTIONS = ['required', 'unique', 'index', 'localized', 'hidden', 'has_many'];
const TARGETED: readonly FieldType[] = ['relationship', 'upload'];
/** What names no data of its own. */
const LAYOUT: readonly FieldType[] = ['row', 'collapsible', 'tabs'];
const SYNTAX = 'name:type[:option…], separated by commas, as in "title:text:required,author:relationship:users"';

/** Columns that collections have in every generation. */
const COLUMNS = ['id', 'created_at', 'updated_at'];

/** UsageError INVALID_OPTION naming what does not fit a project of this generation. `auth`: fields of an auth collection. */
export function parseFields(text: string, generation: 8 | 10 = 8, auth = false): NewField[] {
  const fields = text.split(',').map((part) => parseField(part.trim(), generation));
  const names = fields.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw wrong(`the field '${twice}' stands there twice`);
  const email = fields.find(({ name }) => name === 'email');
  if (auth && generation === 10 && email && !(email.type === 'email' && email.options.includes('unique'))) {
    throw wrong(
      `'email' of an auth collection must be of type email and unique: leave it out, since --auth brings it, or write email:email:unique`,
    );
  }
  return fields;
}

function parseField(text: string, generation: 8 | 10): NewField {
  const [name = '', type = 'text', ...rest] = text.split(':').map((part) => part.trim());
  if (!/^[A-Za-z0-9_]+$/.test(name) || name.includes('__') || name.startsWith('_')) {
    throw wrong(`'${name}' is no name of a field: expected letters, digits and single underscores`);
  }
  if (COLUMNS.includes(name) || (generation === 10 && isReservedName(name))) {
    throw wrong(`'${name}' is no name of a field: columns of the host's are called so`);
  }
  if (!isType(type)) throw wrong(`'${type}' of ${name} is no field type${didYouMean(type, FIELD_TYPES)}: ${FIELD_TYPES.join(', ')}`);
  if (type === 'join') throw wrong(`${name}: a join needs its collection and field; write it into the file`);
  const options: string[] = [];
  let target: string | undefined;
  for (const word of rest) {
    if (OPTIONS.includes(word)) options.push(word);
    else if (TARGETED.includes(type) && target === undefined && /^[a-z0-9_]+$/.test(word)) target = word;
    else throw wrong(`'${word}' of ${name} is no option of fields${didYouMean(word, OPTIONS)}: ${OPTIONS.join(', ')}`);
  }
  if (TARGETED.includes(type) && target === undefined) {
    throw wrong(`${name}: which collection does it refer to? ${name}:${type}:${type === 'upload' ? 'media' : 'users'}`);
  }
  return { name, type, options, ...(target !== undefined && { target }) };
}

function isType(text: string): text is FieldType {
  return (FIELD_TYPES as readonly string[]).includes(text);
}

function wrong(found: string): UsageError {
  return new UsageError('INVALID_OPTION', `--fields: ${found}`, { remedy: SYNTAX });
}

/** Lines of the table `fields`, for a definition. */
export function fieldsText(fields: readonly NewField[]): string[] {
  return ['fields = {', ...indented(fields.flatMap(fieldText)), '},'];
}

function fieldText({ name, type, options, target }: NewField): string[] {
  const has = (option: string) => options.includes(option);
  const parts = [`name = ${quoted(name)}`, ...options.filter((o) => target === undefined || o !== 'has_many').map((o) => `${o} = true`)];
  if (target !== undefined) {
    parts.push(`relationship = { collection = ${quoted(target)}${has('has_many') ? ', has_many = true' : ''} }`);
  }
  const inner = innerText(name, type);
  if (inner.length === 0) return [`crap.fields.${type}({ ${parts.join(', ')} }),`];
  return [`crap.fields.${type}({`, ...indented([...parts.map((part) => `${part},`), ...inner]), '}),'];
}

/** What a field of this type cannot do without, to be replaced. */
function innerText(name: string, type: FieldType): string[] {
  const text = `crap.fields.text({ name = ${quoted(LAYOUT.includes(type) ? `${name}_text` : 'text')} })`;
  switch (type) {
    case 'select':
    case 'radio':
      return ['options = {', '  { label = "One", value = "one" },', '  { label = "Two", value = "two" },', '},'];
    case 'array':
    case 'group':
    case 'row':
    case 'collapsible':
      return ['fields = {', `  ${text},`, '},'];
    case 'blocks':
      return ['blocks = {', `  { type = "paragraph", label = "Paragraph", fields = { ${text} } },`, '},'];
    case 'tabs':
      return ['tabs = {', `  { label = ${quoted(titleOf(name))}, fields = { ${text} } },`, '},'];
    default:
      return [];
  }
}
