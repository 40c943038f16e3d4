/** Filters evaluated over documents that were read, by the rules of the API page (4.3): no SQL, no code shared with the operations. */
import { Float } from '../../src/domain/json.js';

export type Kind = 'text' | 'number' | 'checkbox' | 'date';

/** What a column or a JSON value holds: NULL, a text, or a number with its text. */
type Cell = null | string | { number: number; text: string };

/** Something that a filter can name. */
export interface Target {
  name: string;
  kind: Kind;
  /** One value a document, or one a row of a list: then some row must meet the condition. */
  values(document: Table): Cell | Cell[];
}

export type Table = { [key: string]: unknown };
export type Operand = string | number | boolean | Float;
export type Condition = { [operator: string]: Operand | Operand[] };
export type Group = { [name: string]: Operand | Condition };
export type Where = Group & { or?: Group[] };

export function matches(targets: ReadonlyMap<string, Target>, document: Table, where: Where): boolean {
  const { or, ...all } = where as { or?: Group[] } & Group;
  const holds = (group: Group) =>
    Object.entries(group).every(([name, given]) => {
      const conditions = isCondition(given) ? Object.entries(given) : [['equals', given] as const];
      return conditions.every(([operator, operand]) => meets(targets.get(name)!, document, operator, operand));
    });
  return holds(all) && (or === undefined || or.some(holds));
}

function isCondition(given: Operand | Condition): given is Condition {
  return typeof given === 'object' && !(given instanceof Float);
}

/** Each condition on rows asks for some row of its own. */
function meets(target: Target, document: Table, operator: string, operand: Operand | Operand[]): boolean {
  const values = target.values(document);
  return Array.isArray(values)
    ? values.some((cell) => holdsFor(cell, operator, operand, target.kind))
    : holdsFor(values, operator, operand, target.kind);
}

function holdsFor(cell: Cell, operator: string, operand: Operand | Operand[], kind: Kind): boolean {
  if (operator === 'exists' || operator === 'not_exists') return (cell !== null) === ((operator === 'exists') === (operand !== false));
  if (operator === 'not_in' && (operand as Operand[]).length === 0) return true;
  if (cell === null) return false;
  if (operator === 'in') return (operand as Operand[]).some((each) => compare(cell, meant(each, kind)) === 0);
  if (operator === 'not_in') return (operand as Operand[]).every((each) => compare(cell, meant(each, kind)) !== 0);
  const own = typeof cell === 'string' ? cell : cell.text;
  if (operator === 'contains') return fold(own).includes(fold(textOf(operand as Operand)));
  if (operator === 'like') return like(own, textOf(operand as Operand));
  const order = compare(cell, meant(operand as Operand, kind));
  switch (operator) {
    case 'equals':
      return order === 0;
    case 'not_equals':
      return order !== 0;
    case 'greater_than':
      return order > 0;
    case 'less_than':
      return order < 0;
    case 'greater_than_or_equal':
      return order >= 0;
    case 'less_than_or_equal':
      return order <= 0;
    default:
      throw new Error(`no such operator: ${operator}`);
  }
}

function textOf(operand: Operand): string {
  return String(operand instanceof Float ? operand.value : operand);
}

/** The operand as the field's type takes it; what is no number is compared as text. */
function meant(operand: Operand, kind: Kind): Cell {
  const text = textOf(operand);
  if (kind === 'number' && text !== '' && Number.isFinite(Number(text))) return { number: Number(text), text };
  if (kind === 'checkbox') {
    if (['1', 'true', 'yes', 'on'].includes(text)) return { number: 1, text: '1' };
    if (['0', 'false', 'no', 'off'].includes(text)) return { number: 0, text: '0' };
  }
  return kind === 'date' && /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T12:00:00.000Z` : text;
}

/** Numbers stand before texts; texts are ordered by their bytes. */
function compare(a: Cell, b: Cell): number {
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b));
  if (typeof a === 'string' || typeof b === 'string') return typeof a === 'string' ? 1 : -1;
  return a!.number - b!.number;
}

/** Case counts only beyond ASCII. */
function fold(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

function like(text: string, pattern: string): boolean {
  const source = [...fold(pattern)].map((char) =>
    char === '%' ? '.*' : char === '_' ? '.' : char.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'),
  );
  return new RegExp(`^${source.join('')}$`, 'su').test(fold(text));
}

/** A value as it was read. `real`: from a column that keeps every number as a float. */
export function cell(value: unknown, real = false): Cell {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return { number: value ? 1 : 0, text: value ? '1' : '0' };
  const whole = value instanceof Float ? value.value : Number(value);
  const isReal = real || value instanceof Float;
  return { number: whole, text: isReal && Number.isInteger(whole) ? `${whole}.0` : String(whole) };
}

/** The rows of a list inside a document or row; none where there is no list. */
export function rows(at: unknown, name: string): Table[] {
  const list = typeof at === 'object' && at !== null ? (at as Table)[name] : undefined;
  return Array.isArray(list) ? list : [];
}

export function member(at: unknown, name: string): unknown {
  return typeof at === 'object' && at !== null && !Array.isArray(at) ? (at as Table)[name] : undefined;
}
