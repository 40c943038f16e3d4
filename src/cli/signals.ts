/**
 * SIGINT and SIGTERM: the first asks the command to end, the second ends the process at once with 130. SIGUSR2 asks a host what it is doing
 * (Node keeps SIGUSR1 for its debugger).
 */
import { EXIT } from './exit-codes.js';

/** One Ctrl-C may arrive twice, from the terminal and passed on by npm; nobody presses it again this soon. */
const SAME_PRESS_MS = 250;

export class Signals {
  readonly #controller = new AbortController();
  #received: NodeJS.Signals | undefined;
  #receivedAt = 0;

  /** Aborted by the first signal. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get received(): NodeJS.Signals | undefined {
    return this.#received;
  }

  listen(): void {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => this.#receive(name));
  }

  /** Calls `told` at each SIGUSR2. */
  onAsk(told: () => void): void {
    process.on('SIGUSR2', told);
  }

  /** Resolves with the first signal. */
  wait(): Promise<NodeJS.Signals> {
    return new Promise((resolve) => {
      if (this.#received) resolve(this.#received);
      else this.signal.addEventListener('abort', () => resolve(this.#received!), { once: true });
    });
  }

  #receive(name: NodeJS.Signals): void {
    const now = performance.now();
    if (this.#received === undefined) {
      this.#received = name;
      this.#receivedAt = now;
      this.#controller.abort(new Error(`interrupted by ${name}`));
    } else if (now - this.#receivedAt >= SAME_PRESS_MS) process.exit(EXIT.interrupted);
  }
}
