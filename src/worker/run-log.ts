/** The lines that are stored with an attempt: the first of them, each not too long. All of them are streamed (log-stream.ts). */
import type { LogLine } from '../domain/run.js';

const MOST_LINES = 1_000;
/** Of all lines together, and of one. */
const MOST_CHARS = 1024 * 1024;
const LONGEST_LINE = 64 * 1024;

export class RunLog {
  readonly lines: LogLine[] = [];
  #chars = 0;
  #full = false;

  add(line: LogLine): void {
    if (this.#full) return;
    const kept = shortened(line);
    this.#chars += kept.text.length;
    if (this.lines.length < MOST_LINES && this.#chars <= MOST_CHARS) {
      this.lines.push(kept);
      return;
    }
    this.#full = true;
    const what = this.lines.length < MOST_LINES ? '1 MiB' : `${MOST_LINES} lines`;
    this.lines.push({ at: line.at, level: 'warn', text: `more than ${what}: the rest is not stored` });
  }
}

/** The line, or its beginning and how long it is. */
export function shortened(line: LogLine): LogLine {
  const { length } = line.text;
  return length <= LONGEST_LINE ? line : { ...line, text: `${line.text.slice(0, LONGEST_LINE)}… (${length} characters)` };
}
