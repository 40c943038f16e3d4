/** What a script needs and an engine lacks, found in its text: arithmetic that wraps at 32 bits, syntax and functions of Lua 5.4. */
import type { Capabilities } from './vm.js';

export interface Lack {
  /** 1-based. */
  line: number;
  capability: keyof Capabilities;
  /** As written. */
  text: string;
  remedy: string;
}

interface Sign {
  capability: keyof Capabilities;
  pattern: RegExp;
  remedy: string;
}

const AS_FLOAT = 'calculate with floats: os.time() * 1000.0, or use engine = "lua54"';
const NO_54 = 'write it without, or use engine = "lua54"';
const SIGNS: readonly Sign[] = [
  { capability: 'integers64', pattern: /\bos\.time\s*\([^()\n]*\)\s*\*\s*\d+(?![\d.eE])/g, remedy: AS_FLOAT },
  { capability: 'integers64', pattern: /(?<![\d.])\b\d+\s*\*\s*os\.time\s*\(/g, remedy: AS_FLOAT },
  {
    capability: 'integers64',
    pattern: /\b0[xX][0-9a-fA-F]{9,}\b(?![.pP])/g,
    remedy: 'the number keeps its lowest 32 bits only; use engine = "lua54"',
  },
  {
    capability: 'integers64',
    pattern: /<<\s*(?:3[1-9]|[4-9]\d)\b/g,
    remedy: 'integers have 32 bits; multiply by a power (2^40), or use engine = "lua54"',
  },
  {
    capability: 'memoryCap',
    pattern: /\bmax_memory\s*=/g,
    remedy: 'fengari caps no memory: use engine = "lua54", or limit what a thread takes by [workers] max_heap',
  },
  { capability: 'lua54', pattern: /\blocal\b[^=\n]*<\s*(?:const|close)\s*>/g, remedy: NO_54 },
  { capability: 'lua54', pattern: /\bcoroutine\.close\b/g, remedy: NO_54 },
];

/** In the order of lines. */
export function findLacks(source: string, capabilities: Capabilities): Lack[] {
  const code = withoutText(source);
  const found: { at: number; lack: Lack }[] = [];
  const note = ({ capability, pattern, remedy }: Sign) => {
    if (capabilities[capability]) return;
    for (const match of code.matchAll(pattern)) {
      const line = code.slice(0, match.index).split('\n').length;
      found.push({ at: match.index, lack: { line, capability, text: match[0].trim(), remedy } });
    }
  };
  for (const sign of SIGNS) note(sign);
  // Names that hold the time, multiplied by an integer.
  const names = new Set([...code.matchAll(/\b([A-Za-z_]\w*)\s*=\s*os\.time\s*\([^()\n]*\)(?!\s*[*/.])/g)].map((match) => match[1]!));
  for (const name of names) {
    const pattern = new RegExp(`(?<![\\w.:])${name}\\s*\\*\\s*\\d+(?![\\d.eE])|(?<![\\d.])\\b\\d+\\s*\\*\\s*${name}\\b(?![\\w.(\\[])`, 'g');
    note({ capability: 'integers64', pattern, remedy: AS_FLOAT });
  }
  return found.sort((a, b) => a.at - b.at).map(({ lack }) => lack);
}

/** The source with comments and strings blanked, lines kept. */
function withoutText(source: string): string {
  const blank = (text: string) => text.replace(/[^\n]/g, ' ');
  return source.replace(
    /--\[(=*)\[[\s\S]*?(?:\]\1\]|$)|--[^\n]*|\[(=*)\[[\s\S]*?(?:\]\2\]|$)|"(?:\\[\s\S]|[^"\\\n])*"|'(?:\\[\s\S]|[^'\\\n])*'/g,
    blank,
  );
}
