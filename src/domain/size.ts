/** Sizes as projects write them: bytes, or "500B", "100KB", "50MB", "1GB" in any letter case, in steps of 1024. */
import { HostError } from './errors.js';

const UNITS: Record<string, number> = { '': 1, B: 1, KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 };

/** Bytes. Throws HostError SIZE_INVALID. */
export function parseSize(value: number | bigint | string): number {
  const bytes = typeof value === 'string' ? fromText(value) : Number(value);
  if (bytes !== undefined && Number.isSafeInteger(bytes) && bytes >= 0) return bytes;
  throw new HostError('SIZE_INVALID', `invalid size '${value}': use an integer (bytes) or a string like "500B", "100KB", "50MB", "1GB"`, {
    remedy: 'write one whole number with one unit',
  });
}

function fromText(text: string): number | undefined {
  const match = /^(\d+)\s*([KMG]?B|)$/.exec(text.trim().toUpperCase());
  return match ? Number(match[1]) * UNITS[match[2]!]! : undefined;
}
