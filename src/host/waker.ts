/**
 * The local socket of a host: wake-ups come in through it, and that it answers is the proof that the host lives.
 * One line a message: "wake"; "cancel <run> <claim>", which must not wait for the write lock that the run itself may hold; "host",
 * by another that has started; "activity" and "attempt <run>", which are answered with a line of JSON. A wake-up is a hint: losing one costs at most
 * a poll interval.
 */
import { chmodSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HostError } from '../domain/errors.js';
import type { ActivityReport, OpenAttempt } from './activity.js';

/** What a socket path may be long, in bytes, on Linux (108) and macOS (104), less the closing zero. */
const SOCKET_PATH_LIMIT = 103;

/** alive: it answered (also when busy or stopped). dead: the connection was refused. unknown: no such socket here, no permission … */
export type Liveness = 'alive' | 'dead' | 'unknown';

export interface WakerEvents {
  wake(): void;
  /** Somebody asks for the end of a running run. */
  cancel(run: string, claim: number): void;
  /** Another host has started; it may leave this connection open. */
  meet(): void;
  /** Somebody asks what the host is doing. */
  activity(): ActivityReport;
  /** Somebody asks for the log of a run while it is executed. */
  attempt(run: string): OpenAttempt | undefined;
}

export class Waker {
  readonly #heard: WakerEvents;
  readonly #connections = new Set<Socket>();
  #server: Server | undefined;
  #folder: string | undefined;
  #path = '';

  constructor(heard: WakerEvents) {
    this.#heard = heard;
  }

  /** Path of the listening socket; empty before `start`. */
  get path(): string {
    return this.#path;
  }

  async start(): Promise<void> {
    const folder = privateFolder();
    const path = join(folder, 's');
    const server = createServer((socket) => {
      this.#connections.add(socket);
      socket.on('close', () => this.#connections.delete(socket));
      socket.on('error', () => socket.destroy());
      let text = '';
      socket.setEncoding('latin1');
      socket.on('data', (chunk) => {
        text += chunk;
        const lines = text.split('\n');
        text = lines.pop() ?? '';
        this.#hear(lines, socket);
        // Nobody has more to say than a few words; what is longer is not one of ours.
        if (text.length > 4096) socket.destroy();
      });
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, () => {
        server.off('error', reject);
        resolve();
      });
    });
    server.on('error', () => {});
    server.unref();
    this.#server = server;
    this.#folder = folder;
    this.#path = String(server.address() satisfies string | AddressInfo | null);
  }

  #hear(lines: readonly string[], socket: Socket): void {
    if (lines.includes('wake')) this.#heard.wake();
    if (lines.includes('host')) this.#heard.meet();
    if (lines.includes('activity')) socket.end(`${JSON.stringify(this.#heard.activity())}\n`);
    for (const line of lines) {
      const asked = /^attempt (\S+)$/.exec(line)?.[1];
      if (asked !== undefined) socket.end(`${JSON.stringify(this.#heard.attempt(asked) ?? null)}\n`);
      const [, run, claim] = /^cancel (\S+) (\d+)$/.exec(line) ?? [];
      if (run !== undefined) this.#heard.cancel(run, Number(claim));
    }
  }

  /** `leavesRow`: the host's row could not be removed. A socket that refuses is left behind then, by which others see at once that the host is gone. */
  async stop(leavesRow = false): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const socket of this.#connections) socket.destroy();
    const aside = leavesRow && server !== undefined ? setAside(this.#path) : undefined;
    if (server) await new Promise<void>((resolve) => server.close(() => resolve()));
    if (!aside?.() && this.#folder) rmSync(this.#folder, { recursive: true, force: true });
    this.#folder = undefined;
  }
}

/** Closing a server removes its path. Moves it out of the way until what is given back puts it there again; false where that fails. */
function setAside(path: string): () => boolean {
  const move = (from: string, to: string) => {
    try {
      renameSync(from, to);
      return true;
    } catch {
      return false;
    }
  };
  move(path, `${path}~`);
  return () => move(`${path}~`, path);
}

/** mkdtemp makes it 0700. Falls back to /tmp where TMPDIR is too long for a socket. */
function privateFolder(): string {
  for (const base of new Set([tmpdir(), '/tmp'])) {
    if (Buffer.byteLength(join(base, 'ml-XXXXXX', 's')) > SOCKET_PATH_LIMIT) continue;
    try {
      const folder = mkdtempSync(join(base, 'ml-'));
      chmodSync(folder, 0o700);
      return folder;
    } catch {}
  }
  throw new HostError('SOCKET_UNAVAILABLE', `no folder for the host's local socket: ${tmpdir()} is not writable or its path is too long`, {
    remedy: 'set TMPDIR to a short, writable folder',
  });
}

/** Asks whether anybody listens at `path`, within `timeoutMs`. Says `message` when given. */
export function probeSocket(path: string, timeoutMs = 1000, message?: string): Promise<Liveness> {
  return new Promise((resolve) => {
    const socket = new Socket();
    const finish = (liveness: Liveness) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(liveness);
    };
    // A host that is stopped or busy does not accept, but the kernel has connected us or holds us in its backlog: it lives.
    const timer = setTimeout(() => finish('alive'), timeoutMs);
    socket.once('connect', () => {
      if (message === undefined) finish('alive');
      else socket.end(message, () => finish('alive'));
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') finish('dead');
      else if (error.code === 'EAGAIN') finish('alive');
      else finish('unknown');
    });
    try {
      socket.connect(path);
    } catch {
      // No path at all: a row that a host of ours did not write.
      finish('unknown');
    }
  });
}

/** Tells these hosts to look for work. Ends when all have been told or found gone; the dead are returned by id. */
export async function wakeHosts(hosts: readonly { id: string; socket: string }[]): Promise<{ dead: string[] }> {
  const found = await Promise.all(hosts.map(async (host) => ({ id: host.id, liveness: await probeSocket(host.socket, 1000, 'wake\n') })));
  return { dead: found.filter((f) => f.liveness === 'dead').map((f) => f.id) };
}
