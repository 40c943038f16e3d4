/** The `admin` table of a field: free-form, kept as written; only what would break the admin pages is refused. */
import type { JsonObject } from '../domain/json.js';
import { LuaTable, type LuaValue } from '../lua/value.js';
import type { Reader } from './parse-reader.js';
import { ParseFailure, toJsonObject } from './parse-value.js';

export function readFieldAdmin(reader: Reader): JsonObject {
  const admin = reader.child('admin');
  if (!admin) return {};
  const template = admin.get('template');
  if (typeof template === 'string') checkTemplate(template);
  const extra = admin.get('extra');
  if (extra !== undefined && !isDictionary(extra)) {
    throw new ParseFailure('crap.fields.*: `admin.extra` must be a table (Lua dictionary), not a sequence or scalar', { inner: true });
  }
  return toJsonObject(admin.table);
}

function isDictionary(value: LuaValue): boolean {
  return value instanceof LuaTable && value.length === 0;
}

function checkTemplate(name: string): void {
  const problem =
    name === ''
      ? 'template name must not be empty'
      : name.startsWith('/') || name.includes('\\')
        ? `template name \`${name}\` must be a relative path with forward slashes`
        : name.split('/').some((segment) => segment === '..' || segment === '.')
          ? `template name \`${name}\` must not contain \`..\` or \`.\` segments`
          : undefined;
  if (problem) throw new ParseFailure(`crap.fields.*: invalid \`admin.template\`: ${problem}`, { inner: true });
}
