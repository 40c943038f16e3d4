/** JSON that a user typed. */
import { messageOf, UsageError } from '../domain/errors.js';
import { Float, type Json, type JsonObject } from '../domain/json.js';
import { parseJson } from '../domain/json-text.js';

/** Any JSON value. UsageError INVALID_JSON with the reference's text: `Invalid JSON data: EOF while parsing …`. */
export function jsonValue(text: string, what = 'data', remedy = `give one JSON value in quotes, like '{"id": 1}'`): Json {
  try {
    return parseJson(text);
  } catch (error) {
    throw new UsageError('INVALID_JSON', `Invalid JSON ${what}: ${messageOf(error)}`, {
      remedy,
      details: { text: text.slice(0, 200) },
    });
  }
}

/** A JSON object, or UsageError INVALID_JSON. */
export function jsonObject(text: string, what = 'data', remedy = `give an object, like '{"id": 1}'`): JsonObject {
  const value = jsonValue(text, what, remedy);
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Float)) return value;
  throw new UsageError('INVALID_JSON', `Invalid JSON ${what}: expected an object`, { remedy });
}

/** A document, or `collection/id`. */
export type ActingUser = JsonObject | string;

const USER_FORMS = `name a document of an auth collection, like users/<id>, or give one as a JSON object, like '{"id": "1"}'`;

/** What was typed: `users/V1StGXR8_Z5jdHi6B-myT`, or a JSON object; UsageError INVALID_JSON. */
export function parseActingUser(text: string): ActingUser {
  return /^[a-z0-9_]+\/[^\s/{}"]+$/.test(text) ? text : jsonObject(text, 'user', USER_FORMS);
}
