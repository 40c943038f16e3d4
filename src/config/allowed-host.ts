/** An entry of [http] allow: a host name, an address or a range of addresses; names and addresses may end in a port. */
import { isIP } from 'node:net';

const NAME = /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?$/i;

/** Whether something can ever match the entry: misspelt ones would be passed over in silence. */
export function isAllowedHost(text: string): boolean {
  const entry = text.trim();
  const [, base, bits] = /^(.*)\/(\d{1,3})$/.exec(entry) ?? [];
  if (base !== undefined) return isIP(base) !== 0 && Number(bits) <= (isIP(base) === 4 ? 32 : 128);
  if (isIP(entry) === 6) return true;
  const [, v6, host, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(entry) ?? [];
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535)) return false;
  return v6 === undefined ? NAME.test(host ?? '') : isIP(v6) === 6;
}
