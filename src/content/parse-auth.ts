/** `auth` of a collection: its options, and the email field that it brings (Lua API 3.1). */
import type { Json, JsonObject } from '../domain/json.js';
import { luaTypeName } from '../lua/type-names.js';
import { LuaTable } from '../lua/value.js';
import { namesOf } from './parse-names.js';
import { plainField } from './parse-plain-field.js';
import type { Reader } from './parse-reader.js';
import { readRef } from './parse-refs.js';
import { ParseFailure, toJson } from './parse-value.js';
import type { FieldDefinition } from './schema.js';

const KEYS = ['token_expiry', 'disable_local', 'verify_email', 'forgot_password', 'strategies', 'mfa'];
const KEYS_10 = [...KEYS, 'enabled', 'methods', 'mfa_when', 'password_policy'];

/**
 * Undefined when the collection is no auth collection. Keys: token_expiry (seconds, 7200), disable_local, verify_email (false),
 * forgot_password (true), strategies [{ name, authenticate }], mfa; the later generation's keys stay as written.
 */
export function readAuth(reader: Reader): JsonObject | undefined {
  const value = reader.get('auth');
  if (value === undefined || value === null || value === false) return undefined;
  if (value === true) return { token_expiry: 7200, disable_local: false, verify_email: false, forgot_password: true, strategies: [] };
  if (!(value instanceof LuaTable)) {
    reader.ignored('auth', 'true or a table', luaTypeName(value));
    return undefined;
  }
  const auth = reader.child('auth')!;
  auth.unknownKeys('auth', reader.parsing.generation === 10 ? KEYS_10 : KEYS);
  if (!auth.boolean('enabled', true)) return undefined;
  const kept: JsonObject = {};
  for (const key of ['methods', 'mfa_when', 'password_policy']) if (auth.has(key)) kept[key] = toJson(auth.get(key));
  const mfa = auth.string('mfa');
  return {
    ...kept,
    token_expiry: auth.natural('token_expiry') ?? 7200,
    disable_local: auth.boolean('disable_local', false),
    verify_email: auth.boolean('verify_email', false),
    forgot_password: auth.boolean('forgot_password', true),
    strategies: (auth.tables('strategies', 'strategy tables') ?? []).map((strategy): Json => {
      strategy.unknownKeys('strategy', ['name', 'authenticate']);
      const ref = readRef(strategy, 'authenticate');
      const options = ref?.options === undefined ? undefined : { options: ref.options };
      return { name: strategy.string('name') ?? '', authenticate: ref?.ref ?? '', ...options };
    }),
    ...(mfa !== undefined && { mfa }),
  };
}

/** One of `strategies`: the function that says who is asking. */
export interface AuthStrategy {
  name: string;
  authenticate: string;
  /** Of a `{ ref, options }` function. */
  options?: Json;
}

/** The fields with `email` in front, unless there is one. Generation 10 wants an own one to be unique and of type email. */
export function withEmail(fields: readonly FieldDefinition[], generation: 8 | 10): FieldDefinition[] {
  if (!namesOf(fields).includes('email')) {
    const email = plainField('email', 'email', { required: true, unique: true, admin: { placeholder: 'user@example.com' } });
    return [email, ...fields];
  }
  const own = fields.find((field) => field.name === 'email');
  if (generation === 10 && own && (own.type !== 'email' || !own.unique)) {
    throw new ParseFailure("Field 'email' of an auth collection must be of type email and unique");
  }
  return [...fields];
}
