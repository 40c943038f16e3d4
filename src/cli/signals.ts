/** SIGINT and SIGTERM: the first asks the command to end, the second ends the process at once with 130. */
import { EXIT } from './exit-codes.js';

export class Signals {
  readonly #controller = new AbortController();
  #received: NodeJS.Signals | undefined;

  /** Aborted by the first signal. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get received(): NodeJS.Signals | undefined {
    return this.#received;
  }

  listen(): void {
    for (const name of ['SIGINT', 'SIGTERM'] as const) {
      process.on(name, () => {
        if (this.#received) process.exit(EXIT.interrupted);
        this.#received = name;
        this.#controller.abort(new Error(`interrupted by ${name}`));
      });
    }
  }

  /** Resolves with the first signal. */
  wait(): Promise<NodeJS.Signals> {
    return new Promise((resolve) => {
      if (this.#received) resolve(this.#received);
      else this.signal.addEventListener('abort', () => resolve(this.#received!), { once: true });
    });
  }
}
