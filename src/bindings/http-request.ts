/**
 * One HTTP request as crap.http makes it: every hop's addresses are resolved, checked and only then connected to;
 * redirects are followed by hand; time and size are limited.
 */
import type { LookupAddress } from 'node:dns';
import { lookup as resolve } from 'node:dns/promises';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { messageOf } from '../domain/errors.js';
import { BindingError } from '../lua/errors.js';
import type { AddressRules } from './http-address.js';
import { ACCEPT_ENCODING, readBody } from './http-body.js';

export interface HttpRequest {
  /** Upper case. */
  method: string;
  url: string;
  headers: Readonly<Record<string, string>>;
  body: string | undefined;
  timeoutSeconds: number;
  /** Longer bodies are cut; counted after decoding. */
  maxResponseBytes: number;
  rules: AddressRules;
  /** Told why a target was refused: host, address, class of the address. */
  refused?(host: string, address: string, why: string): void;
}

export interface HttpResponse {
  status: number;
  /** Lower-case names; of several values the last. Without content-encoding and content-length where the body was decoded. */
  headers: Record<string, string>;
  body: Buffer;
  /** true when the body was longer than allowed. */
  cut: boolean;
}

const MAX_REDIRECTS = 10;
/** A longer body of a redirect ends its connection instead. */
const DISCARD_BYTES = 64 * 1024;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** Headers that name their sender to one origin only. */
const CREDENTIALS = new Set(['authorization', 'cookie', 'proxy-authorization']);
/** Set by the client itself. */
const OWN_HEADERS = new Set(['content-length', 'transfer-encoding', 'connection']);

function fault(code: string, message: string, options: { remedy?: string; cause?: unknown } = {}): BindingError {
  return new BindingError(code, message, options);
}

/** A URL of scheme http or https, with the reference's texts for everything else. */
export function parseTarget(text: string, base?: URL): URL {
  let url: URL;
  try {
    url = new URL(text, base);
  } catch {
    throw fault('HTTP_URL', `${base ? 'invalid redirect URL' : 'invalid URL'}: ${urlProblem(text)}`);
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw fault('HTTP_URL', `unsupported scheme: ${url.protocol.slice(0, -1)}`);
  }
  return url;
}

function urlProblem(text: string): string {
  if (!/^\s*[a-z][a-z0-9+.-]*:/i.test(text)) return 'relative URL without a base';
  if (/^\s*https?:[\\/]*(?:$|[?#])/i.test(text)) return 'empty host';
  if (/:\d{6,}|:(?:6553[6-9]|655[4-9]\d|65[6-9]\d\d|6[6-9]\d{3}|[7-9]\d{4})(?:[/?#]|$)/.test(text)) return 'invalid port number';
  return 'invalid domain character';
}

/** Ends with the response, whatever its status. Rejects with a BindingError; `signal` abandons it. */
export async function performRequest(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), Math.min(request.timeoutSeconds * 1000, 2 ** 31 - 1));
  const stop = AbortSignal.any([signal, deadline.signal]);
  try {
    return await followRedirects(request, stop);
  } catch (error) {
    if (deadline.signal.aborted) {
      throw fault('HTTP_TIMEOUT', `HTTP transport error: timed out after ${request.timeoutSeconds} s`, { cause: error });
    }
    if (error instanceof BindingError) throw error;
    throw fault('HTTP_TRANSPORT', `HTTP transport error: ${messageOf(error)}`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

async function followRedirects(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
  let url = parseTarget(request.url);
  let headers = request.headers;
  let body = request.body;
  for (let hop = 0; ; hop++) {
    const addresses = await permitted(url, request, signal);
    const response = await exchange(url, { ...request, headers, body }, addresses, signal);
    if (!REDIRECTS.has(response.statusCode ?? 0)) return await readResponse(response, request);
    discard(response);
    if (hop >= MAX_REDIRECTS) throw fault('HTTP_REDIRECT', `too many redirects (max ${MAX_REDIRECTS})`);
    const location = response.headers.location;
    if (location === undefined) throw fault('HTTP_REDIRECT', 'redirect without Location header');
    const next = parseTarget(location, url);
    if (next.origin !== url.origin) {
      headers = Object.fromEntries(Object.entries(headers).filter(([name]) => !CREDENTIALS.has(name.toLowerCase())));
    }
    url = next;
    body = undefined;
  }
}

/** The addresses of the target that may be connected to; throws when there is none. */
async function permitted(url: URL, request: HttpRequest, signal: AbortSignal): Promise<LookupAddress[]> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
  const addresses = await addressesOf(host, signal);
  const allowed: LookupAddress[] = [];
  for (const entry of addresses) {
    const why = request.rules.refusal(host, entry.address, port);
    if (why === undefined) allowed.push(entry);
    else request.refused?.(host, entry.address, why);
  }
  if (allowed.length > 0) return allowed;
  throw fault('HTTP_BLOCKED', 'Target resolves to a blocked address; see server logs for details', {
    remedy: 'allow the host or its range under [http] allow in moonlighter.toml',
  });
}

async function addressesOf(host: string, signal: AbortSignal): Promise<LookupAddress[]> {
  const family = isIP(host);
  if (family !== 0) return [{ address: host, family }];
  try {
    return await abandonable(resolve(host, { all: true, verbatim: true }), signal);
  } catch (error) {
    signal.throwIfAborted();
    throw fault('HTTP_DNS', `DNS resolution failed: ${messageOf(error)}`, { cause: error });
  }
}

/** A name lookup cannot be cancelled; its result is not waited for. */
function abandonable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((done, failed) => {
    const abort = () => failed(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    promise.then(done, failed).finally(() => signal.removeEventListener('abort', abort));
  });
}

interface Agents {
  http: HttpAgent;
  https: HttpsAgent;
}

/** Kept connections of this thread, one set a policy: a connection was checked under the policy that opened it. */
const kept = new Map<string, Agents>();
const AGENT = { keepAlive: true, maxFreeSockets: 64, timeout: 60_000 };

function agentsOf(fingerprint: string): Agents {
  let agents = kept.get(fingerprint);
  if (!agents) {
    agents = { http: new HttpAgent(AGENT), https: new HttpsAgent(AGENT) };
    kept.set(fingerprint, agents);
  }
  return agents;
}

/** Closes the kept connections of this thread. */
export function closeConnections(): void {
  for (const agents of kept.values()) {
    agents.http.destroy();
    agents.https.destroy();
  }
  kept.clear();
}

/** Sent again on a fresh connection when a kept one turned out to be closed: only what may be repeated uses kept ones. */
const REPEATABLE = new Set(['GET', 'HEAD', 'PUT', 'DELETE']);

async function exchange(url: URL, request: HttpRequest, addresses: LookupAddress[], signal: AbortSignal): Promise<IncomingMessage> {
  const keep = REPEATABLE.has(request.method);
  try {
    return await send(url, request, addresses, signal, keep);
  } catch (error) {
    if (keep && error instanceof StaleConnection) return await send(url, request, addresses, signal, false);
    throw error instanceof StaleConnection ? error.cause : error;
  }
}

class StaleConnection extends Error {}

function send(url: URL, request: HttpRequest, addresses: LookupAddress[], signal: AbortSignal, keep: boolean): Promise<IncomingMessage> {
  const secure = url.protocol === 'https:';
  const agents = agentsOf(request.rules.fingerprint);
  const options: RequestOptions = {
    method: request.method,
    headers: headersOf(request),
    agent: keep ? (secure ? agents.https : agents.http) : false,
    lookup: pinned(addresses),
    signal,
  };
  return new Promise((done, failed) => {
    const outgoing = (secure ? httpsRequest : httpRequest)(url, options, done);
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      const stale = outgoing.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
      failed(stale ? new StaleConnection(error.message, { cause: error }) : error);
    });
    outgoing.end(request.body);
  });
}

function headersOf(request: HttpRequest): Record<string, string | number> {
  const headers: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (!OWN_HEADERS.has(name.toLowerCase())) headers[name] = value;
  }
  if (!Object.keys(headers).some((name) => name.toLowerCase() === 'accept-encoding')) headers['accept-encoding'] = ACCEPT_ENCODING;
  if (request.body !== undefined) headers['content-length'] = Buffer.byteLength(request.body);
  return headers;
}

/** A lookup that gives the checked addresses, so that nothing is resolved a second time. */
function pinned(addresses: LookupAddress[]): LookupFunction {
  const first = addresses[0] as LookupAddress;
  return (_host, options, callback) => {
    if (options.all) callback(null, addresses);
    else callback(null, first.address, first.family);
  };
}

async function readResponse(response: IncomingMessage, request: HttpRequest): Promise<HttpResponse> {
  const status = response.statusCode ?? 0;
  const { body, cut, decoded } = await readBody(
    response,
    request.maxResponseBytes,
    request.method === 'HEAD' || status === 204 || status === 304,
  );
  const headers: Record<string, string> = {};
  for (let i = 0; i + 1 < response.rawHeaders.length; i += 2) {
    const name = (response.rawHeaders[i] as string).toLowerCase();
    if (!decoded || (name !== 'content-encoding' && name !== 'content-length')) headers[name] = response.rawHeaders[i + 1] as string;
  }
  return { status, headers, body, cut };
}

/** What comes with a redirect is not read; a short rest is let through, so that the connection can be used again. */
function discard(response: IncomingMessage): void {
  const length = Number(response.headers['content-length'] ?? Number.POSITIVE_INFINITY);
  if (length <= DISCARD_BYTES) response.resume();
  else response.destroy();
}
