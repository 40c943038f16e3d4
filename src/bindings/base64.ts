/** Base64 as the reference's decoder reads it: standard alphabet, padding required, no white space, with its texts. */

/** The bytes, or the text of what is wrong: "Invalid padding", "Invalid symbol 95, offset 3." … */
export function decodeBase64(text: string): Buffer | string {
  const bytes = Buffer.from(text, 'utf8');
  const padding = /=*$/.exec(text)?.[0].length ?? 0;
  const end = bytes.length - padding;
  const strange = bytes.subarray(0, end).findIndex((byte) => !isSymbol(byte));
  if (strange >= 0) return problemAt(bytes, strange);
  if (padding > 2 || bytes.length % 4 !== 0)
    return end % 4 === 1 && padding === 0 ? `Invalid input length: ${bytes.length}` : 'Invalid padding';
  const decoded = Buffer.from(text, 'base64');
  if (decoded.toString('base64') !== text) return `Invalid last symbol ${bytes[end - 1]}, offset ${end - 1}.`;
  return decoded;
}

/** Padding in front of white space at the end is fine; what follows it is not. */
function problemAt(bytes: Uint8Array, at: number): string {
  let offset = at;
  while (bytes[offset] === 61 && offset % 4 >= 2) offset++;
  return `Invalid symbol ${bytes[offset]}, offset ${offset}.`;
}

function isSymbol(byte: number): boolean {
  return (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122) || (byte >= 48 && byte <= 57) || byte === 43 || byte === 47;
}
