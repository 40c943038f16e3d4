/** The body of an HTTP answer: decoded (gzip, deflate, br), its decoded bytes counted, endless ones cut. */
import type { IncomingMessage } from 'node:http';
import { pipeline, Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib';
import { messageOf } from '../domain/errors.js';
import { BindingError } from '../lua/errors.js';

/** What is asked for where the script asks for nothing. */
export const ACCEPT_ENCODING = 'gzip, deflate, br';
/** Encodings on top of each other that an answer may have. */
const MAX_ENCODINGS = 3;

export interface HttpBody {
  body: Buffer;
  /** true when there was more than allowed. */
  cut: boolean;
  /** true when what came over the wire was something else. */
  decoded: boolean;
}

/** Reads at most `maxBytes` decoded bytes; the rest is not fetched. */
export async function readBody(response: IncomingMessage, maxBytes: number, bodyless: boolean): Promise<HttpBody> {
  const encodings = bodyless ? [] : encodingsOf(response);
  const iterator = (response as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done) return { body: Buffer.alloc(0), cut: false, decoded: encodings.length > 0 };
  let stream = Readable.from(resumed(first.value, iterator), { objectMode: false });
  let peeked = first.value;
  for (const encoding of encodings) {
    const decoder = decoderOf(encoding, peeked);
    stream = pipeline(stream, decoder, () => {});
    peeked = NOTHING_PEEKED;
  }
  try {
    return { ...(await collect(stream, maxBytes)), decoded: encodings.length > 0 };
  } catch (error) {
    if (!isDecodingError(error)) throw error;
    throw new BindingError('HTTP_BODY', `failed to read response body: ${messageOf(error)}`, { cause: error });
  } finally {
    // The stream may be waiting for the next piece, and would notice only then that nobody reads any more.
    if (!response.complete) response.destroy();
  }
}

/** In the order in which they are taken off. */
function encodingsOf(response: IncomingMessage): string[] {
  const names = (response.headers['content-encoding'] ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '' && name !== 'identity');
  const unknown = names.find((name) => !['gzip', 'x-gzip', 'deflate', 'br'].includes(name));
  const problem =
    unknown !== undefined ? `unsupported content-encoding: ${unknown}` : names.length > MAX_ENCODINGS ? 'too many content-encodings' : '';
  if (problem === '') return names.reverse();
  response.destroy();
  throw new BindingError('HTTP_BODY', `failed to read response body: ${problem}`);
}

const NOTHING_PEEKED = Buffer.alloc(0);

/** "deflate" comes with a zlib header, as the standard says, and from some servers without one. */
function decoderOf(encoding: string, start: Buffer) {
  if (encoding === 'br') return createBrotliDecompress();
  if (encoding !== 'deflate') return createGunzip();
  return start.length === 0 || ((start[0] as number) & 0x0f) === 8 ? createInflate() : createInflateRaw();
}

async function* resumed(first: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield first;
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

async function collect(stream: Readable, maxBytes: number): Promise<{ body: Buffer; cut: boolean }> {
  const chunks: Buffer[] = [];
  let size = 0;
  let cut = false;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    const room = maxBytes - size;
    chunks.push(chunk.length > room ? chunk.subarray(0, room) : chunk);
    size += chunk.length;
    cut = size > maxBytes;
    if (cut) break;
  }
  return { body: Buffer.concat(chunks), cut };
}

function isDecodingError(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return typeof code === 'string' && /^(Z_|ERR__?ERROR_|ERR_BROTLI|ERR_PADDING|ERR_ZLIB)/.test(code);
}
