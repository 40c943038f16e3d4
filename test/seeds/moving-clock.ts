/** Hosts under a clock that the test moves: everything that is due is executed, and what is due later when the clock is moved to it. */
import type { EmbeddedHost } from '../../src/index.js';
import { FakeClock } from '../../src/testing.js';

type AnyHost = Pick<EmbeddedHost, 'idle' | 'nextDueAt' | 'nextTickAt' | 'checkSchedules'>;

export class MovingClock extends FakeClock {
  /** Moves by `ms`, from one due instant to the next, executing what has come due; schedules too. */
  async pass(host: AnyHost, ms: number): Promise<void> {
    const until = this.now() + ms;
    for (;;) {
      await host.idle();
      const next = Math.min(host.nextDueAt() ?? until, host.nextTickAt() ?? until, until);
      this.set(new Date(Math.max(next, this.now())));
      await host.checkSchedules();
      if (this.now() >= until) break;
    }
    await host.idle();
  }
}
