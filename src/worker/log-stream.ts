/**
 * Lines on their way from a thread to the main thread. A script can write them faster than anybody reads them; what the main thread has not read
 * is counted in a word that both share, and beyond its limit lines are left out and their number is told. Without that a loop that prints would
 * fill the memory of the host, and its end would wait behind its lines.
 */
import type { LogLine } from '../domain/run.js';
import type { FromWorker } from './protocol.js';
import { shortened } from './run-log.js';

/** Characters that may be on their way, each line with what its message costs. */
const UNREAD_LIMIT = 1024 * 1024;
const MESSAGE_COST = 200;

type Message = Extract<FromWorker, { type: 'log' }>;

export class LogStream {
  readonly #post: (message: FromWorker) => void;
  readonly #unread: Int32Array;
  /** How many lines of each run were left out since the last that was not. */
  readonly #omitted = new Map<string, number>();

  constructor(post: (message: FromWorker) => void, unread: Int32Array) {
    this.#post = post;
    this.#unread = unread;
  }

  say(run: string | undefined, slug: string | undefined, given: LogLine): void {
    const line = shortened(given);
    if (run !== undefined && Atomics.load(this.#unread, 0) + costOf(line) > UNREAD_LIMIT) {
      this.#omitted.set(run, (this.#omitted.get(run) ?? 0) + 1);
      return;
    }
    this.#tellOmitted(run, slug, line.at);
    this.#send({ type: 'log', run, slug, line });
  }

  /** The run has ended. */
  over(run: string, slug: string): void {
    this.#tellOmitted(run, slug, Date.now());
  }

  #tellOmitted(run: string | undefined, slug: string | undefined, at: number): void {
    const count = run === undefined ? undefined : this.#omitted.get(run);
    if (run === undefined || count === undefined) return;
    this.#omitted.delete(run);
    const text = `${count} line(s) are left out here: they came faster than the host could write them`;
    this.#send({ type: 'log', run, slug, line: { at, level: 'warn', text } });
  }

  #send(message: Message): void {
    Atomics.add(this.#unread, 0, costOf(message.line));
    this.#post(message);
  }
}

/** Main thread: the line has been read. */
export function lineRead(unread: Int32Array, { line }: Message): void {
  Atomics.sub(unread, 0, costOf(line));
}

function costOf(line: LogLine): number {
  return line.text.length + MESSAGE_COST;
}
