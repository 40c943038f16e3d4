/** Wall clocks: the offset of an IANA zone at an instant, and the spans of time between its changes. */

/** A stretch of time with one offset, and the last change of the clock before it where that is recent. */
export interface OffsetSpan {
  /** Epoch ms, exclusive. */
  end: number;
  /** Wall time less UTC, in ms. */
  offset: number;
  /** When the offset began, and what it was before; without a change in the last days before the span, `before` equals `offset`. */
  changed: number;
  before: number;
}

/** Two changes within less than this are not told apart; no zone has had such. */
const CHUNK_MS = 7 * 86_400_000;
const CHUNKS_KEPT = 4_000;
/** A change matters to what follows it for as long as the clock jumped: at most a day. */
const LOOK_BACK_MS = 2 * 86_400_000;

/** Whether `zone` is a zone of the IANA database ("Europe/Berlin", "UTC"); fixed offsets such as "+02:00" are not. */
export function isTimeZone(zone: string): boolean {
  if (!/^[A-Za-z]/.test(zone)) return false;
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

/** Every zone name that this runtime lists, for suggestions. */
export function timeZones(): string[] {
  return ['UTC', ...Intl.supportedValuesOf('timeZone')];
}

const clocks = new Map<string, WallClock>();
/** Names may come from data, in any letter case. */
const CLOCKS_KEPT = 1_000;

/** One a zone. Throws RangeError on an unknown zone. */
export function wallClock(zone: string): WallClock {
  let clock = clocks.get(zone);
  if (!clock) {
    clock = new WallClock(zone);
    if (clocks.size >= CLOCKS_KEPT) clocks.clear();
    clocks.set(zone, clock);
  }
  return clock;
}

class WallClock {
  readonly #format: Intl.DateTimeFormat | undefined;
  readonly #chunks = new Map<number, OffsetSpan[]>();

  constructor(zone: string) {
    if (zone === 'UTC') return;
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  }

  /** Wall time less UTC at an instant, in ms. */
  offset(at: number): number {
    if (!this.#format) return 0;
    const whole = Math.floor(at / 1000) * 1000;
    const parts: Record<string, string> = {};
    for (const { type, value } of this.#format.formatToParts(whole)) parts[type] = value;
    const year = parts['era']?.startsWith('B') ? 1 - Number(parts['year']) : Number(parts['year']);
    // Not Date.UTC, which takes years below 100 for those of the twentieth century.
    const wall = new Date(0);
    wall.setUTCFullYear(year, Number(parts['month']) - 1, Number(parts['day']));
    wall.setUTCHours(Number(parts['hour']), Number(parts['minute']), Number(parts['second']));
    return wall.getTime() - whole;
  }

  /** The span around an instant; spans also end where nothing changes, every few days. */
  span(at: number): OffsetSpan {
    const chunk = Math.floor(at / CHUNK_MS);
    let spans = this.#chunks.get(chunk);
    if (!spans) {
      if (this.#chunks.size > CHUNKS_KEPT) this.#chunks.clear();
      spans = this.#split(chunk * CHUNK_MS, (chunk + 1) * CHUNK_MS);
      this.#chunks.set(chunk, spans);
    }
    return spans.find((span) => at < span.end)!;
  }

  #split(start: number, end: number): OffsetSpan[] {
    const first = this.#spanAt(start, end);
    if (this.offset(end - 1000) === first.offset) return [first];
    const changed = this.#change(start, end - 1000);
    return [
      { ...first, end: changed },
      { end, offset: this.offset(changed), changed, before: first.offset },
    ];
  }

  #spanAt(start: number, end: number): OffsetSpan {
    const offset = this.offset(start);
    const before = this.offset(start - LOOK_BACK_MS);
    return { end, offset, before, changed: before === offset ? start : this.#change(start - LOOK_BACK_MS, start) };
  }

  /** The first instant in (low, high] with another offset than `low`, to the second. */
  #change(low: number, high: number): number {
    const offset = this.offset(low);
    let same = low;
    let other = high;
    while (other - same > 1000) {
      const middle = Math.floor((same + other) / 2000) * 1000;
      if (this.offset(middle) === offset) same = middle;
      else other = middle;
    }
    return other;
  }
}
