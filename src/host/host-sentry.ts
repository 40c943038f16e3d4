/**
 * Keeps a connection to each other host of this machine open. The kernel closes it when that process ends, however it ends, so a killed host is
 * noticed at that moment and not at the next look.
 */
import { Socket } from 'node:net';

export class HostSentry {
  readonly #onGone: () => void;
  readonly #sockets = new Map<string, Socket>();
  /** Paths whose connection has ended and that could not be connected to again. */
  readonly #lost = new Set<string>();
  #stopped = false;

  /** `onGone`: a host that was connected is not any more; whether it is dead is for the caller to find out. */
  constructor(onGone: () => void) {
    this.#onGone = onGone;
  }

  /** These from now on, by the paths of their sockets; those that cannot be reached are tried again at the next call. */
  watch(paths: readonly string[]): void {
    for (const [path, socket] of this.#sockets) if (!paths.includes(path)) this.#forget(path, socket);
    for (const path of this.#lost) if (!paths.includes(path)) this.#lost.delete(path);
    for (const path of paths) if (!this.#stopped && path !== '' && !this.#sockets.has(path)) this.#connect(path);
  }

  /** It was connected to, and is not any more: it has ended, also where its socket has been tidied away and refuses nobody. */
  hasLost(path: string): boolean {
    return this.#lost.has(path);
  }

  stop(): void {
    this.#stopped = true;
    for (const [path, socket] of this.#sockets) this.#forget(path, socket);
  }

  #connect(path: string): void {
    const socket = new Socket();
    let connected = false;
    this.#sockets.set(path, socket);
    socket.unref();
    socket.resume();
    socket.once('connect', () => {
      connected = true;
      this.#lost.delete(path);
      // It looks who is new, and connects back.
      socket.write('host\n');
    });
    socket.on('error', () => {});
    socket.once('close', () => {
      if (this.#sockets.get(path) !== socket) return;
      this.#sockets.delete(path);
      if (!connected) return;
      this.#lost.add(path);
      this.#onGone();
    });
    socket.connect(path);
  }

  #forget(path: string, socket: Socket): void {
    this.#sockets.delete(path);
    socket.destroy();
  }
}
