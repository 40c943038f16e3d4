/** crap.util.slugify (Lua API 2.8). */

/** Lower case; whatever is neither letter nor digit (in Unicode's sense) becomes `-`, runs collapsed, ends trimmed. */
export function slugify(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^\p{Alphabetic}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '');
}
