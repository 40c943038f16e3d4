/** JSON as commands print it: integers beyond 2^53 and whole floats keep their form, undefined members vanish. */
import { Float, formatFloat } from '../domain/json.js';

/** `indent`: blanks a level, 0 = one line. */
export function renderJson(value: unknown, indent = 0): string {
  return render(value, indent, '\n');
}

function render(value: unknown, indent: number, newline: string): string {
  if (value instanceof Float) return Number.isFinite(value.value) ? formatFloat(value.value) : 'null';
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const inner = indent === 0 ? '' : newline + ' '.repeat(indent);
  const outer = indent === 0 ? '' : newline;
  const colon = indent === 0 ? ':' : ': ';
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]';
    return `[${inner}${value.map((entry) => render(entry, indent, inner)).join(`,${inner}`)}${outer}]`;
  }
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
  if (entries.length === 0) return '{}';
  const members = entries.map(([key, entry]) => `${JSON.stringify(key)}${colon}${render(entry, indent, inner)}`);
  return `{${inner}${members.join(`,${inner}`)}${outer}}`;
}
