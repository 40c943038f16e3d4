/** Bytes to text, with the reference's words for what is no UTF-8. */
import { utf8Fault } from '../lua/json.js';

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text, or what is wrong: "invalid utf-8 sequence of 1 bytes from index 0", "incomplete utf-8 byte sequence from index 3". */
export function utf8Text(bytes: Uint8Array): string | { problem: string } {
  try {
    return strict.decode(bytes);
  } catch {
    return { problem: utf8Fault(bytes) };
  }
}

/** The bytes less a character at the end of which only a part is there. */
export function withoutPartialCharacter(bytes: Uint8Array): Uint8Array {
  const text = utf8Text(bytes);
  if (typeof text === 'string') return bytes;
  const at = /^incomplete .* from index (\d+)$/.exec(text.problem)?.[1];
  return at === undefined ? bytes : bytes.subarray(0, Number(at));
}
