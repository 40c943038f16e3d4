/**
 * Which addresses crap.http may connect to: public ones, and what the project allows by name, address or range.
 * Pure: nothing here resolves or connects.
 */
import ipaddr from 'ipaddr.js';

export interface AddressPolicy {
  /** [hooks] allow_private_networks of crap.toml: every address may be connected to. */
  allowPrivateNetworks: boolean;
  /** [http] allow of moonlighter.toml: addresses, CIDR ranges and host names, each optionally of one port (`localhost:8080`). */
  allow: readonly string[];
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** Ranges that ipaddr.js calls unicast, or whose embedded address it does not judge. */
const EXTRA_BLOCKED: readonly [name: string, range: [ipaddr.IPv6, number]][] = [
  ['ipv4Compatible', [ipaddr.IPv6.parse('::'), 96]],
  ['siteLocal', [ipaddr.IPv6.parse('fec0::'), 10]],
  ['localNat64', [ipaddr.IPv6.parse('64:ff9b:1::'), 48]],
];

/**
 * Why an address is not public: "private", "loopback", "linkLocal", "carrierGradeNat", "multicast", "reserved", "unspecified" …
 * (names of ipaddr.js); undefined = public. IPv4 addresses inside IPv6 ones (mapped, 6to4, NAT64) are judged themselves.
 */
export function blockedClass(text: string): string | undefined {
  const address = parseAddress(text);
  return address ? classOf(address) : 'invalid';
}

function parseAddress(text: string): Address | undefined {
  const bare = text.replace(/^\[|\]$/g, '').replace(/%.*$/, '');
  return ipaddr.isValid(bare) ? ipaddr.parse(bare) : undefined;
}

function classOf(address: Address): string | undefined {
  const range = address.range();
  if (address instanceof ipaddr.IPv6 && range !== 'unspecified' && range !== 'loopback') {
    const special = EXTRA_BLOCKED.find(([, extra]) => address.match(extra));
    if (special) return special[0];
    const inner = embedded(address);
    if (inner) return classOf(inner);
  }
  return range === 'unicast' ? undefined : range;
}

/** The IPv4 address that traffic to a mapped, 6to4 or NAT64 address ends at. */
function embedded(address: ipaddr.IPv6): ipaddr.IPv4 | undefined {
  if (address.isIPv4MappedAddress()) return address.toIPv4Address();
  const bytes = address.toByteArray();
  const range = address.range();
  if (range === '6to4') return new ipaddr.IPv4(bytes.slice(2, 6));
  if (range === 'rfc6052') return new ipaddr.IPv4(bytes.slice(12, 16));
  return undefined;
}

/** A checked policy; `permits` says whether a host name and one of its addresses may be connected to. */
export class AddressRules {
  readonly #all: boolean;
  readonly #ranges: { range: [Address, number]; port: number | undefined }[] = [];
  readonly #names: { name: string; port: number | undefined }[] = [];
  /** Equal for equal policies; connections are kept apart by it. */
  readonly fingerprint: string;

  constructor(policy: AddressPolicy) {
    this.#all = policy.allowPrivateNetworks;
    this.fingerprint = JSON.stringify([policy.allowPrivateNetworks, ...policy.allow]);
    for (const entry of policy.allow) this.#add(entry.trim().toLowerCase());
  }

  #add(entry: string): void {
    const range = parseRange(entry);
    if (range) {
      this.#ranges.push({ range, port: undefined });
      return;
    }
    const [, host = entry, port] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
    const number = port === undefined ? undefined : Number(port);
    const address = parseAddress(host);
    if (address) this.#ranges.push({ range: [address, address.kind() === 'ipv4' ? 32 : 128], port: number });
    else this.#names.push({ name: host.replace(/\.$/, ''), port: number });
  }

  /** undefined = permitted; else the class of the address that forbids it. */
  refusal(hostname: string, address: string, port: number): string | undefined {
    if (this.#all) return undefined;
    const blocked = blockedClass(address);
    if (blocked === undefined) return undefined;
    const host = hostname.toLowerCase().replace(/\.$/, '');
    if (this.#names.some((entry) => entry.name === host && fits(entry.port, port))) return undefined;
    const parsed = parseAddress(address);
    if (!parsed) return blocked;
    const plain = parsed instanceof ipaddr.IPv6 && parsed.isIPv4MappedAddress() ? parsed.toIPv4Address() : parsed;
    return this.#ranges.some((entry) => within(plain, entry.range) && fits(entry.port, port)) ? undefined : blocked;
  }
}

function parseRange(entry: string): [Address, number] | undefined {
  const address = parseAddress(entry);
  if (address) return [address, address.kind() === 'ipv4' ? 32 : 128];
  return ipaddr.isValidCIDR(entry) ? ipaddr.parseCIDR(entry) : undefined;
}

function within(address: Address, [base, bits]: [Address, number]): boolean {
  if (address instanceof ipaddr.IPv4) return base instanceof ipaddr.IPv4 && address.match(base, bits);
  return base instanceof ipaddr.IPv6 && address.match(base, bits);
}

function fits(allowed: number | undefined, port: number): boolean {
  return allowed === undefined || allowed === port;
}
