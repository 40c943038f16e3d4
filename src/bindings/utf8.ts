/** Bytes to text, with the reference's words for what is no UTF-8. */

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text, or what is wrong: "invalid utf-8 sequence of 1 bytes from index 0", "incomplete utf-8 byte sequence from index 3". */
export function utf8Text(bytes: Uint8Array): string | { problem: string } {
  try {
    return strict.decode(bytes);
  } catch {
    return { problem: utf8Problem(bytes) };
  }
}

/** Names the first bytes that are no UTF-8, as Rust's Utf8Error does. */
function utf8Problem(bytes: Uint8Array): string {
  let at = 0;
  while (at < bytes.length) {
    const lead = bytes[at] as number;
    if (lead < 0x80) {
      at++;
      continue;
    }
    const length = lead >= 0xc2 && lead <= 0xdf ? 2 : lead >= 0xe0 && lead <= 0xef ? 3 : lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
    if (length === 0) return invalid(1, at);
    let good = 1;
    while (good < length && at + good < bytes.length && continues(bytes, at, good)) good++;
    if (good === length) {
      at += length;
      continue;
    }
    if (at + good >= bytes.length) return `incomplete utf-8 byte sequence from index ${at}`;
    return invalid(good, at);
  }
  return invalid(1, 0);
}

function continues(bytes: Uint8Array, at: number, index: number): boolean {
  const lead = bytes[at] as number;
  const byte = bytes[at + index] as number;
  if (index > 1) return byte >= 0x80 && byte <= 0xbf;
  const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  return byte >= low && byte <= high;
}

function invalid(count: number, at: number): string {
  return `invalid utf-8 sequence of ${count} bytes from index ${at}`;
}

/** The bytes less a character at the end of which only a part is there. */
export function withoutPartialCharacter(bytes: Uint8Array): Uint8Array {
  const text = utf8Text(bytes);
  if (typeof text === 'string') return bytes;
  const at = /^incomplete .* from index (\d+)$/.exec(text.problem)?.[1];
  return at === undefined ? bytes : bytes.subarray(0, Number(at));
}
