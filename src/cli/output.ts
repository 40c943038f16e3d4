/** Where a command writes: results on stdout, talk on stderr; with --json one document (or one a line) and no talk on stdout. */
import { renderJson } from './json-output.js';

export interface Streams {
  stdout: NodeJS.WritableStream & { isTTY?: boolean };
  stderr: NodeJS.WritableStream & { isTTY?: boolean };
}

export class Output {
  readonly json: boolean;
  readonly streams: Streams;

  constructor(streams: Streams, json: boolean) {
    this.streams = streams;
    this.json = json;
  }

  /** The command's one result: `document` with --json, else the lines of `text`. */
  result(document: unknown, text: () => string): void {
    if (this.json) this.document(document);
    else this.line(text());
  }

  /** One JSON document, indented on a terminal. */
  document(value: unknown): void {
    this.streams.stdout.write(`${renderJson(value, this.streams.stdout.isTTY ? 2 : 0)}\n`);
  }

  /** A line of the result; an empty text writes nothing. */
  line(text: string): void {
    if (text !== '') this.streams.stdout.write(`${text}\n`);
  }

  note(text: string): void {
    this.streams.stderr.write(`${text}\n`);
  }
}

/** Columns as wide as their widest cell and two blanks; a line of dashes under the headings; line breaks in cells become blanks. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [headings, ...rows].map((row) => row.map((cell) => cell.replace(/\s*[\r\n]+\s*/g, ' ')));
  const widths = headings.map((_, column) => Math.max(...cells.map((row) => [...(row[column] ?? '')].length)) + 2);
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => cell + ' '.repeat(widths[column]! - [...cell].length))
      .join('')
      .trimEnd();
  const dashes = '─'.repeat(widths.reduce((sum, width) => sum + width, 0));
  return [line(cells[0]!), dashes, ...cells.slice(1).map(line)].join('\n');
}

/** `Key:         value` lines; the reference's layout. */
export function pairs(entries: readonly (readonly [string, string])[]): string {
  return entries.map(([key, value]) => `${`${key}:`.padEnd(12)} ${value}`).join('\n');
}

/** `2026-11-30 08:00:00`, UTC; `-` for none. */
export function instant(iso: string | null): string {
  return iso === null ? '-' : iso.slice(0, 19).replace('T', ' ');
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
