/** What a script asks of crap.http, read as the reference reads it, and the table that it gets (Lua API 2.12). */
import { BindingError, conversionError } from '../lua/errors.js';
import { luaTypeName } from '../lua/type-names.js';
import { LuaTable, type LuaValue } from '../lua/value.js';
import type { AddressRules } from './http-address.js';
import { type HttpRequest, type HttpResponse, parseTarget } from './http-request.js';
import type { Session } from './session.js';
import { textOf, textOption, unsignedOption } from './table-options.js';
import { utf8Text, withoutPartialCharacter } from './utf8.js';

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD'];
const DEFAULT_TIMEOUT_SECONDS = 30;

/** `{ url, method = "GET", headers?, body?, timeout = 30 }`; other keys are ignored. Throws BindingError with the reference's texts. */
export function readOptions(session: Session, rules: AddressRules, options: LuaTable): HttpRequest {
  const url = textOption(options, 'url');
  const given = options.get('method');
  const method = (given === undefined ? 'GET' : textOf(given)).toUpperCase();
  const headers = readHeaders(options.get('headers'));
  const body = options.get('body');
  const timeoutSeconds = unsignedOption(options, 'timeout', 'u64') ?? DEFAULT_TIMEOUT_SECONDS;
  if (!METHODS.includes(method)) throw new BindingError('HTTP_METHOD', `unsupported HTTP method: ${method}`);
  parseTarget(url);
  return {
    method,
    url,
    headers,
    body: body === undefined ? undefined : textOf(body),
    timeoutSeconds,
    maxResponseBytes: session.options.config.hooks.http_max_response_bytes,
    rules,
    refused: (host, address, why) => {
      session.log(
        'warn',
        `crap.http: ${host} resolves to ${address} (${why}), which is blocked; allow it under [http] allow in moonlighter.toml`,
      );
    },
  };
}

function readHeaders(value: LuaValue): Record<string, string> {
  if (value === undefined) return {};
  if (!(value instanceof LuaTable)) throw conversionError(`error converting Lua ${luaTypeName(value)} to table`);
  const headers: Record<string, string> = {};
  for (const [name, text] of value.entries) headers[textOf(name as LuaValue)] = textOf(text);
  return headers;
}

/** `{ status, headers, body }`. Throws where the body is no UTF-8, and under generation 10 where it was cut. */
export function answer(session: Session, wanted: HttpRequest, response: HttpResponse): LuaValue {
  let bytes: Uint8Array = response.body;
  if (response.cut) {
    const text = `response body of ${wanted.url} is longer than ${wanted.maxResponseBytes} bytes ([hooks] http_max_response_bytes)`;
    if (session.options.generation >= 10) throw new BindingError('HTTP_BODY_TOO_LARGE', text);
    session.log('warn', `crap.http: ${text}; the rest was cut`);
    bytes = withoutPartialCharacter(bytes);
  }
  const body = utf8Text(bytes);
  if (typeof body !== 'string') {
    throw new BindingError('HTTP_BODY', `failed to read response body: ${body.problem}`, {
      remedy: 'crap.http reads UTF-8 text only',
    });
  }
  return { status: response.status, headers: response.headers, body };
}
