/** crap.crypto (Lua API 2.16): hashes, base64 and AES-256-GCM under the project's secret. All texts are UTF-8. */
import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { BindingError, conversionError } from '../lua/errors.js';
import type { Binding } from '../lua/vm.js';
import { decodeBase64 } from './base64.js';
import { binding } from './binding.js';
import { secretOf } from './secret.js';
import type { Session } from './session.js';
import { utf8Text } from './utf8.js';

const MAX_RANDOM = 1024 * 1024;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export function cryptoBindings(session: Session): Record<string, Binding> {
  const sha256 = (text: string) => createHash('sha256').update(text).digest();
  let key: Buffer | undefined;
  const secretKey = () => {
    key ??= sha256(secretOf(session));
    return key;
  };
  return {
    sha256: binding(['string'], (text) => sha256(text).toString('hex')),
    hmac_sha256: binding(['string', 'string'], (data, secret) => createHmac('sha256', secret).update(data).digest('hex')),
    constant_time_eq: binding(['string', 'string'], (a, b) => timingSafeEqual(sha256(a), sha256(b)) && a === b),
    base64_encode: binding(['string'], (text) => Buffer.from(text).toString('base64')),
    base64_decode: binding(['string'], (text) => {
      const bytes = decode(text, 'base64 decode error');
      const decoded = utf8Text(bytes);
      if (typeof decoded === 'string') return decoded;
      throw new BindingError('CRYPTO', `base64 decode utf8 error: ${decoded.problem}`);
    }),
    random_bytes: binding(['integer'], (count) => {
      if (count < 0) throw conversionError('bad argument #1: error converting Lua integer to usize (out of range)');
      if (count > MAX_RANDOM) throw new BindingError('CRYPTO', `random_bytes: requested ${count} bytes exceeds maximum of ${MAX_RANDOM}`);
      return randomBytes(Number(count)).toString('hex');
    }),
    encrypt: binding(['string'], (text) => {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', secretKey(), nonce);
      return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64');
    }),
    decrypt: binding(['string'], (text) => decrypt(secretKey(), text)),
  };
}

function decode(text: string, prefix: string): Buffer {
  const result = decodeBase64(text);
  if (typeof result !== 'string') return result;
  throw new BindingError('CRYPTO', `${prefix}: ${result}`);
}

function decrypt(key: Buffer, text: string): string {
  const bytes = decode(text, 'base64 decode');
  if (bytes.length < NONCE_BYTES) throw new BindingError('CRYPTO', 'ciphertext too short');
  const failed = (cause?: unknown) => new BindingError('CRYPTO', 'decrypt error: aead::Error', { cause });
  if (bytes.length < NONCE_BYTES + TAG_BYTES) throw failed();
  let plain: Buffer;
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES));
    decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
    plain = Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, bytes.length - TAG_BYTES)), decipher.final()]);
  } catch (error) {
    throw failed(error);
  }
  const decoded = utf8Text(plain);
  if (typeof decoded === 'string') return decoded;
  throw new BindingError('CRYPTO', `decrypt utf8 error: ${decoded.problem}`);
}
